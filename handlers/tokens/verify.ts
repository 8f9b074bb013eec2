import { createHash } from "node:crypto";
import { errors, jwtVerify, type JWTPayload } from "jose";
import type { SigningKeys } from "./keys";

/** Why a token is not taken; stands in the log, and nowhere else. */
export type RefusalReason =
  | "malformed"
  | "algorithm"
  | "unknown_key"
  | "ambiguous_key"
  | "unusable_key"
  | "signature"
  | "expired"
  | "not_yet_valid"
  | "issuer"
  | "audience"
  | "claims";

/** The token proves nothing. Its message names the reason, and nothing of the token. */
export class TokenRefusedError extends Error {
  override readonly name = "TokenRefusedError";

  constructor(
    readonly reason: RefusalReason,
    options?: ErrorOptions,
  ) {
    super(`The token is refused: ${reason}`, options);
  }
}

/** Whether the token is good cannot be told: there are no keys to check it with. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}

/**
 * Who a token is about, by one name that stays the same from token to token and from issuer to issuer differs. A hash
 * (SHA-256 as base64url, 43 characters), because it goes through headers, logs and tables, and a subject may be an
 * e-mail address.
 */
export function principalOf(issuer: string, subject: string): string {
  return createHash("sha256")
    .update(JSON.stringify([issuer, subject]))
    .digest("base64url");
}

/**
 * How a token may be signed: by key pairs alone. With a shared secret whoever checks a token could make one, and an
 * issuer's public key would serve as the secret (RFC 8725, sections 2.1 and 3.1).
 */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

/** What a token must say. */
export interface TokenRules {
  /** Value of `iss`. */
  readonly issuer: string;
  /** One of them stands in `aud`. */
  readonly audiences: readonly string[];
  /** All of them stand in `scope` or `scp`. */
  readonly scopes: readonly string[];
  /** By how much the issuer's clock may differ. */
  readonly clockSkewSeconds: number;
}

export interface VerifierParts {
  readonly rules: TokenRules;
  readonly keys: SigningKeys;
  readonly nowMs: () => number;
}

/** What a good token says. */
export interface VerifiedToken {
  /** See {@link principalOf}. */
  readonly principal: string;
  /** Seconds since 1970 from which on it is not taken any more, clock skew included. */
  readonly expiresAtSeconds: number;
  /** Whether it has every scope that is asked for. */
  readonly permitted: boolean;
}

/**
 * Checks a token in compact form. Throws {@link TokenRefusedError}, or `KeysUnavailableError` where that cannot be
 * told.
 */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** A verifier of one issuer's tokens. */
export function tokenVerifier({ rules, keys, nowMs }: VerifierParts): VerifyToken {
  const { issuer, audiences, scopes, clockSkewSeconds } = rules;
  return async (token) => {
    const { payload } = await jwtVerify(token, (header) => keys.find(header), {
      issuer,
      audience: [...audiences],
      algorithms: [...ALGORITHMS],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(nowMs()),
      requiredClaims: ["sub", "exp"],
    }).catch(refuse);
    const { sub, exp } = payload;
    if (typeof sub !== "string" || sub === "" || exp === undefined) throw new TokenRefusedError("claims");
    const given = scopesOf(payload);
    return {
      principal: principalOf(issuer, sub),
      expiresAtSeconds: Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(exp) + clockSkewSeconds),
      permitted: scopes.every((scope) => given.has(scope)),
    };
  };
}

/**
 * `scope` separates them by spaces (RFC 8693, section 4.2); `scp` is a list with some issuers and such a text with
 * others.
 */
function scopesOf({ scope, scp }: JWTPayload): Set<string> {
  const texts = [scope, ...(Array.isArray(scp) ? scp : [scp])].filter(
    (each): each is string => typeof each === "string",
  );
  return new Set(texts.flatMap((text) => text.split(" ")).filter((each) => each !== ""));
}

/** By the code of jose's error. */
const REASONS: Readonly<Record<string, RefusalReason>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: "algorithm",
  ERR_JOSE_NOT_SUPPORTED: "algorithm",
  ERR_JWKS_NO_MATCHING_KEY: "unknown_key",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "ambiguous_key",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "signature",
  ERR_JWT_EXPIRED: "expired",
  ERR_JWS_INVALID: "malformed",
  ERR_JWT_INVALID: "malformed",
};

const CLAIMS: Readonly<Record<string, RefusalReason>> = { iss: "issuer", aud: "audience", nbf: "not_yet_valid" };

function refuse(cause: unknown): never {
  if (cause instanceof errors.JWTClaimValidationFailed)
    throw new TokenRefusedError(CLAIMS[cause.claim] ?? "claims", { cause });
  if (cause instanceof errors.JOSEError) throw new TokenRefusedError(REASONS[cause.code] ?? "malformed", { cause });
  // What a key of the issuer's makes Node's own cryptography say: too short, of another kind than it claims.
  if (cause instanceof TypeError || cause instanceof DOMException)
    throw new TokenRefusedError("unusable_key", { cause });
  throw cause;
}
