/** How an API's callers prove who they are, as `ProbeCaller` has it; `anonymous`: anybody may call. */
export type ProofKind = "iam" | "key" | "token" | "anonymous";

/**
 * Proofs that must be refused, by how callers prove who they are; where anybody may call they must not matter. Another
 * caller's proof is a good one: who asks for `{other}`'s request has it.
 */
export const WRONG_CREDENTIALS = {
  iam: [
    "none",
    "wrong_secret",
    "unknown_key",
    "expired",
    "other_region",
    "changed_signature",
    "signature_of_another_path",
    "signature_of_another_body",
    "malformed",
    "empty",
    "long",
  ],
  key: ["none", "unknown_key", "cut", "longer", "twice", "in_another_header", "malformed", "empty", "long"],
  token: [
    "none",
    "expired",
    "not_yet_valid",
    "other_audience",
    "no_audience",
    "other_issuer",
    "no_subject",
    "subject_of_another_type",
    "no_expiry",
    "unknown_key",
    "other_algorithm",
    "no_algorithm",
    "unsigned",
    "critical_header",
    "own_key_in_header",
    "changed_signature",
    "changed_claims",
    "cut",
    "longer",
    "twice",
    "other_scheme",
    "no_scheme",
    "malformed",
    "empty",
    "long",
  ],
  anonymous: ["key", "token", "signature", "malformed", "empty", "long"],
} as const satisfies Readonly<Record<ProofKind, readonly string[]>>;

/** How a request proves who sends it. */
export type CredentialKind = "good" | (typeof WRONG_CREDENTIALS)[ProofKind][number];

/** What is changed in a good token. */
export interface TokenFault {
  /** On top of the header. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** On top of the claims; undefined takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** More than any clock skew that may be set. */
const HOUR_SECONDS = 3_600;

/**
 * What is wrong with a token that is signed all the same; undefined: that kind is no such one.
 * @param nowSeconds since 1970
 */
export function tokenFault(kind: CredentialKind, nowSeconds: number): TokenFault | undefined {
  const faults: Partial<Record<CredentialKind, TokenFault>> = {
    expired: { claims: { iat: nowSeconds - 2 * HOUR_SECONDS, exp: nowSeconds - HOUR_SECONDS } },
    not_yet_valid: { claims: { nbf: nowSeconds + HOUR_SECONDS } },
    other_audience: { claims: { aud: "elsewhere" } },
    no_audience: { claims: { aud: undefined } },
    other_issuer: { claims: { iss: "https://issuer.example" } },
    no_subject: { claims: { sub: undefined } },
    subject_of_another_type: { claims: { sub: { name: "alice" } } },
    no_expiry: { claims: { exp: undefined } },
    unknown_key: { header: { kid: "unknown" } },
    other_algorithm: { header: { alg: "HS256" } },
    critical_header: { header: { crit: ["invented"], invented: true } },
  };
  return faults[kind];
}
