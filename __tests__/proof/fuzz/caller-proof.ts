import { base64url, SigningKey } from "../../support/local-issuer";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { latin1, type FuzzRequest, type Place } from "./request";
import type { ProbeCaller } from "../../../scripts/kit/api-client";

type Part = Readonly<Record<string, unknown>>;

/** Signs claims as an issuer does. @param header on top of the issuer's own */
export type SignToken = (claims: Part, header: Part) => string;

export interface ForgeOptions {
  /** Since 1970. */
  readonly nowSeconds: number;
  /** Default: what is changed keeps the signature that it had. */
  readonly signToken?: SignToken;
}

/**
 * A good token, made bad in the way that its kind says. A token that cannot be read, such as one that is opaque to its
 * caller, is cut instead: it is no good token either.
 */
export function forgedToken(token: string, kind: CredentialKind, { nowSeconds, signToken }: ForgeOptions): string {
  const cut = token.slice(0, -12);
  const [header, claims, signature = ""] = partsOf(token);
  if (header === undefined || claims === undefined || kind === "cut") return cut;
  const unchanged = (newHeader: Part, newClaims: Part, last = signature) =>
    `${base64url(newHeader)}.${base64url(newClaims)}.${last}`;
  if (kind === "changed_claims") return unchanged(header, { ...claims, sub: "somebody-else" });
  if (kind === "no_algorithm") return unchanged({ ...header, alg: "none" }, claims);
  if (kind === "unsigned") return unchanged({ ...header, alg: "none" }, claims, "");
  // Not the last character: some of its bits may stand for nothing.
  if (kind === "changed_signature")
    return unchanged(header, claims, `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`);
  if (kind === "own_key_in_header") return signedByItself(header, claims);
  const fault = tokenFault(kind, nowSeconds);
  if (fault === undefined) return cut;
  const changed = { ...claims, ...fault.claims };
  return signToken === undefined
    ? unchanged({ ...header, ...fault.header }, changed)
    : signToken(changed, fault.header ?? {});
}

/** Its header brings the key that it is signed with, under the name of the issuer's. */
function signedByItself({ kid }: Part, claims: Part): string {
  const key = new SigningKey(String(kid));
  return key.token(claims, { jwk: key.jwk });
}

function partsOf(token: string): [header?: Part, claims?: Part, signature?: string] {
  const [header = "", claims = "", signature] = token.split(".");
  const read = (part: string): Part => JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Part;
  try {
    return [read(header), read(claims), signature];
  } catch {
    return [];
  }
}

export interface ProofOptions extends Place {
  readonly region: string;
  /** Stands in everything that is made up, so that it is found where it must not be. */
  readonly marker: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The issuer's own hand, where it is at hand. Default: what is changed in a token breaks its signature. */
  readonly signToken?: SignToken;
}

type Headers = readonly (readonly [name: string, value: string])[];
type Wrong = Partial<Record<CredentialKind, Headers>>;

/** Characters of a credential that is too long. */
const LONG = 9_000;
/** A signature holds for five minutes. */
const HOUR_MS = 3_600_000;

/** The headers that prove a request's caller, or fail to, as its credentials say. */
export async function proofOf(caller: ProbeCaller, request: FuzzRequest, options: ProofOptions): Promise<Headers> {
  if (request.credentials === "none") return [];
  if (caller.kind === "iam") return signed(caller, request, options);
  if (caller.kind === "key") return keyed(caller.apiKey, request.credentials, options);
  return caller.kind === "token"
    ? bearing(caller.token, request.credentials, options)
    : unasked(request.credentials, options);
}

function keyed(key: string, kind: CredentialKind, { marker }: ProofOptions): Headers {
  const header = (value: string): Headers => [["x-api-key", value]];
  const wrong: Wrong = {
    good: header(key),
    cut: header(key.slice(0, -1)),
    longer: header(`${key}x`),
    twice: header(`${key},${key}`),
    in_another_header: [["Authorization", `Bearer ${key}`]],
    malformed: header(`a b ${marker}`),
    empty: header(""),
    long: header(`${marker}${"a".repeat(LONG)}`),
  };
  return wrong[kind] ?? header(`${marker}.guessed.key`);
}

function bearing(token: string, kind: CredentialKind, { marker, nowMs, signToken }: ProofOptions): Headers {
  const header = (value: string): Headers => [["Authorization", value]];
  const wrong: Wrong = {
    good: header(`Bearer ${token}`),
    longer: header(`Bearer ${token}x`),
    twice: header(`Bearer ${token} ${token}`),
    other_scheme: header(`Basic ${token}`),
    no_scheme: header(token),
    malformed: header(`Bearer a b ${marker}`),
    empty: header(""),
    long: header(`Bearer ${marker}.${"a".repeat(LONG)}.a`),
  };
  return (
    wrong[kind] ??
    header(
      `Bearer ${forgedToken(token, kind, { nowSeconds: Math.floor(nowMs / 1_000), ...(signToken && { signToken }) })}`,
    )
  );
}

/** Anybody may call: what nobody asks for must not matter. */
function unasked(kind: CredentialKind, { marker }: ProofOptions): Headers {
  const header = (value: string): Headers => [["Authorization", value]];
  const given: Wrong = {
    key: [["x-api-key", `${marker}.guessed.key`]],
    token: header(`Bearer ${marker}.guessed.token`),
    signature: header(`AWS4-HMAC-SHA256 Credential=${marker}`),
    malformed: header(`a b ${marker}`),
    empty: header(""),
    long: header(`Bearer ${marker}${"a".repeat(LONG)}`),
  };
  return given[kind] ?? [];
}

async function signed(
  { credentials }: Extract<ProbeCaller, { kind: "iam" }>,
  request: FuzzRequest,
  options: ProofOptions,
): Promise<Headers> {
  const { region, marker, nowMs, host, stage } = options;
  const kind = request.credentials;
  if (kind === "empty") return [["Authorization", ""]];
  if (kind === "malformed" || kind === "long")
    return [["Authorization", `AWS4-HMAC-SHA256 ${marker}${kind === "long" ? "a".repeat(LONG) : ""}`]];
  const [path = "", query = ""] = splitOnce(`${stage}${request.target}`, "?");
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
  const parameters = new URLSearchParams(query);
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

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

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
