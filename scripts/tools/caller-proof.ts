import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { CredentialKind } from "../judges/fuzz/credentials";
import { latin1, type FuzzRequest, type Place } from "../judges/fuzz/request";
import type { ProbeCaller } from "./api-probe";
import { forgedToken, type SignToken } from "./forged-token";

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
