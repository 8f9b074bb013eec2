import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { latin1, type CredentialKind, type FuzzRequest, type Place } from "../judges/fuzz/request";
import type { ProbeCaller } from "./api-probe";

/** Who sends requests, and where to; a token stands for a caller of authorization jwt. */
export type FuzzCaller = ProbeCaller | { readonly kind: "token"; readonly token: string };

export interface ProofOptions extends Place {
  readonly region: string;
  /** Stands in everything that is made up, so that it is found where it must not be. */
  readonly marker: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

type Headers = readonly (readonly [name: string, value: string])[];

/** Characters of a credential that is too long. */
const LONG = 9_000;
/** A signature holds for five minutes. */
const HOUR_MS = 3_600_000;

/** The headers that prove a request's caller, or fail to, as its credentials say. */
export async function proofOf(caller: FuzzCaller, request: FuzzRequest, options: ProofOptions): Promise<Headers> {
  if (caller.kind === "anonymous" || request.credentials === "none") return [];
  if (caller.kind === "iam") return signed(caller, request, options);
  const [name, prefix] = caller.kind === "key" ? ["x-api-key", ""] : ["Authorization", "Bearer "];
  const good = caller.kind === "key" ? caller.apiKey : caller.token;
  const wrong: Partial<Record<CredentialKind, string>> = { good: `${prefix}${good}`, malformed: `a b ${options.marker}`, empty: "", long: `${prefix}${options.marker}${"a".repeat(LONG)}` };
  return [[name, wrong[request.credentials] ?? `${prefix}${options.marker}.guessed.key`]];
}

async function signed({ credentials }: Extract<ProbeCaller, { kind: "iam" }>, request: FuzzRequest, options: ProofOptions): Promise<Headers> {
  const { region, marker, nowMs, host, stage } = options;
  const kind = request.credentials;
  if (kind === "empty") return [["Authorization", ""]];
  if (kind === "malformed" || kind === "long") return [["Authorization", `AWS4-HMAC-SHA256 ${marker}${kind === "long" ? "a".repeat(LONG) : ""}`]];
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
    { method: request.method, protocol: "https:", hostname: host, path, query: Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)])), headers: { host }, body: request.body ?? latin1("") },
    { signingDate: new Date(kind === "expired" ? nowMs - HOUR_MS : nowMs) },
  );
  return Object.entries(made.headers).filter(([name]) => name !== "host");
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
