import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { ProbeCaller } from "../../../scripts/kit/api-client";
import { base64url, SigningKey } from "../../support/local-issuer";
import { latin1, type FuzzRequest, type Place } from "./request";

type Part = Readonly<Record<string, unknown>>;
type Headers = readonly (readonly [name: string, value: string])[];

/** Signs claims as an issuer does. @param header on top of the issuer's own */
export type SignToken = (claims: Part, header: Part) => string;

/** What proofs are made from. */
interface ProofOptions extends Place {
  readonly region: string;
  /** Is part of everything that is made up, so that it is found where it must not be. */
  readonly marker: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Signs with the issuer's key. Default: what is changed in a token breaks its signature. */
  readonly signToken?: SignToken;
}

/** Characters of a credential that is too long. */
const LONG = 9_000;
/** A signature holds for five minutes, and no clock skew that may be set is longer. */
const HOUR_MS = 3_600_000;
const HOUR_SECONDS = 3_600;

const authorization = (value: string): Headers => [["Authorization", value]];
const apiKey = (value: string): Headers => [["x-api-key", value]];

/** API keys that must be refused, made from a good one. */
const WRONG_KEYS = {
  none: () => [],
  unknown_key: (_key, { marker }) => apiKey(`${marker}.guessed.key`),
  cut: (key) => apiKey(key.slice(0, -1)),
  longer: (key) => apiKey(`${key}x`),
  twice: (key) => apiKey(`${key},${key}`),
  in_another_header: (key) => authorization(`Bearer ${key}`),
  malformed: (_key, { marker }) => apiKey(`a b ${marker}`),
  empty: () => apiKey(""),
  long: (_key, { marker }) => apiKey(`${marker}${"a".repeat(LONG)}`),
} satisfies Readonly<Record<string, (key: string, options: ProofOptions) => Headers>>;

/** Tokens that must be refused, made from a good one. */
const WRONG_TOKENS = {
  none: () => [],
  expired: reissued({}, (now) => ({ iat: now - 2 * HOUR_SECONDS, exp: now - HOUR_SECONDS })),
  not_yet_valid: reissued({}, (now) => ({ nbf: now + HOUR_SECONDS })),
  other_audience: reissued({}, () => ({ aud: "elsewhere" })),
  no_audience: reissued({}, () => ({ aud: undefined })),
  other_issuer: reissued({}, () => ({ iss: "https://issuer.example" })),
  no_subject: reissued({}, () => ({ sub: undefined })),
  subject_of_another_type: reissued({}, () => ({ sub: { name: "alice" } })),
  no_expiry: reissued({}, () => ({ exp: undefined })),
  unknown_key: reissued({ kid: "unknown" }),
  other_algorithm: reissued({ alg: "HS256" }),
  critical_header: reissued({ crit: ["invented"], invented: true }),
  no_algorithm: rewritten(({ header, ...token }) => joined({ ...token, header: { ...header, alg: "none" } })),
  unsigned: rewritten(({ header, claims }) => joined({ header: { ...header, alg: "none" }, claims, signature: "" })),
  // The header brings the key that the token is signed with, under the name of the issuer's.
  own_key_in_header: rewritten(({ header, claims }) => {
    const key = new SigningKey(String(header["kid"]));
    return key.token(claims, { jwk: key.jwk });
  }),
  // Not the last character: some of its bits may stand for nothing.
  changed_signature: rewritten(({ signature, ...token }) =>
    joined({ ...token, signature: `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}` }),
  ),
  changed_claims: rewritten(({ claims, ...token }) =>
    joined({ ...token, claims: { ...claims, sub: "somebody-else" } }),
  ),
  cut: (token) => bearer(cut(token)),
  longer: (token) => bearer(`${token}x`),
  twice: (token) => bearer(`${token} ${token}`),
  other_scheme: (token) => authorization(`Basic ${token}`),
  no_scheme: (token) => authorization(token),
  malformed: (_token, { marker }) => bearer(`a b ${marker}`),
  empty: () => authorization(""),
  long: (_token, { marker }) => bearer(`${marker}.${"a".repeat(LONG)}.a`),
} satisfies Readonly<Record<string, ForgeToken>>;

/** Where anybody may call, proofs that nobody asks for must not matter. */
const UNASKED = {
  key: ({ marker }) => apiKey(`${marker}.guessed.key`),
  token: ({ marker }) => bearer(`${marker}.guessed.token`),
  signature: ({ marker }) => authorization(`AWS4-HMAC-SHA256 Credential=${marker}`),
  malformed: ({ marker }) => authorization(`a b ${marker}`),
  empty: () => authorization(""),
  long: ({ marker }) => bearer(`${marker}${"a".repeat(LONG)}`),
} satisfies Readonly<Record<string, (options: ProofOptions) => Headers>>;

/** Signatures that must be refused. */
const WRONG_SIGNATURES = [
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
] as const;

/** How an API's callers prove who they are, as `ProbeCaller` has it; `anonymous`: anybody may call. */
export type ProofKind = ProbeCaller["kind"];

/** How a request proves who sends it. */
export type CredentialKind =
  | "good"
  | keyof typeof WRONG_KEYS
  | keyof typeof WRONG_TOKENS
  | keyof typeof UNASKED
  | (typeof WRONG_SIGNATURES)[number];

const namesOf = <Name extends string>(proofs: Readonly<Record<Name, unknown>>) => Object.keys(proofs) as Name[];

/**
 * Proofs that must be refused, by how callers prove who they are. Another caller's proof is a good one: who asks for
 * `{other}`'s request has it.
 */
export const WRONG_CREDENTIALS: Readonly<Record<ProofKind, readonly CredentialKind[]>> = {
  iam: WRONG_SIGNATURES,
  key: namesOf(WRONG_KEYS),
  token: namesOf(WRONG_TOKENS),
  anonymous: namesOf(UNASKED),
};

/** The headers that prove a request's caller, or fail to, as its credentials say. */
export async function proofOf(caller: ProbeCaller, request: FuzzRequest, options: ProofOptions): Promise<Headers> {
  const { credentials: kind } = request;
  if (kind === "none") return [];
  if (caller.kind === "iam") return sign(caller, request, options);
  if (caller.kind === "key")
    return isIn(WRONG_KEYS, kind) ? WRONG_KEYS[kind](caller.apiKey, options) : apiKey(caller.apiKey);
  if (caller.kind === "token")
    return isIn(WRONG_TOKENS, kind) ? WRONG_TOKENS[kind](caller.token, options) : bearer(caller.token);
  return isIn(UNASKED, kind) ? UNASKED[kind](options) : [];
}

const isIn = <Table extends object>(table: Table, kind: string): kind is Extract<keyof Table, string> =>
  Object.hasOwn(table, kind);

const bearer = (token: string): Headers => authorization(`Bearer ${token}`);
const cut = (token: string): string => token.slice(0, -12);

type ForgeToken = (token: string, options: ProofOptions) => Headers;

interface ReadToken {
  readonly header: Part;
  readonly claims: Part;
  readonly signature: string;
}

const joined = ({ header, claims, signature }: ReadToken): string =>
  `${base64url(header)}.${base64url(claims)}.${signature}`;

/** A token that cannot be read, such as one that is opaque to its caller, is cut: that is no good token either. */
function rewritten(write: (token: ReadToken, options: ProofOptions) => string): ForgeToken {
  return (token, options) => {
    const [header = "", claims = "", signature = ""] = token.split(".");
    const read = (part: string): Part => JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Part;
    try {
      return bearer(write({ header: read(header), claims: read(claims), signature }, options));
    } catch (error) {
      if (error instanceof SyntaxError) return bearer(cut(token));
      throw error;
    }
  };
}

/** A token with other claims, signed by the issuer itself where its key is at hand. */
function reissued(more: Part, changeClaims: (nowSeconds: number) => Part = () => ({})): ForgeToken {
  return rewritten(({ header, claims, signature }, { nowMs, signToken }) => {
    const changed = { ...claims, ...changeClaims(Math.floor(nowMs / 1_000)) };
    return signToken?.(changed, more) ?? joined({ header: { ...header, ...more }, claims: changed, signature });
  });
}

async function sign(
  { credentials }: Extract<ProbeCaller, { kind: "iam" }>,
  request: FuzzRequest,
  { region, marker, nowMs, host, stage }: ProofOptions,
): Promise<Headers> {
  const kind = request.credentials;
  if (kind === "empty") return authorization("");
  if (kind === "malformed" || kind === "long")
    return authorization(`AWS4-HMAC-SHA256 ${marker}${kind === "long" ? "a".repeat(LONG) : ""}`);
  const [path = "", ...query] = `${stage}${request.target}`.split("?");
  const parameters = new URLSearchParams(query.join("?"));
  const signer = new SignatureV4({
    credentials: {
      ...credentials,
      ...(kind === "wrong_secret" && { secretAccessKey: "guessed" }),
      ...(kind === "unknown_key" && { accessKeyId: "UNKNOWNACCESSKEY" }),
    },
    region: kind === "other_region" ? "xx-other-1" : region,
    service: "execute-api",
    sha256: Sha256,
  });
  const made = await signer.sign(
    // Other headers stay unsigned, so that they can be anything.
    {
      method: request.method,
      protocol: "https:",
      hostname: host,
      headers: { host },
      path: kind === "signature_of_another_path" ? `${path}x` : path,
      query: Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)])),
      body: kind === "signature_of_another_body" ? latin1("another") : (request.body ?? latin1("")),
    },
    { signingDate: new Date(kind === "expired" ? nowMs - HOUR_MS : nowMs) },
  );
  const headers = Object.entries(made.headers).filter(([name]) => name !== "host");
  return kind === "changed_signature"
    ? headers.map(([name, value]) => [name, value.replace(/[0-9a-f]$/, (last) => (last === "0" ? "1" : "0"))])
    : headers;
}
