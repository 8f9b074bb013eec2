import type { CredentialKind } from "./caller-proof";

/** A request as it goes over the wire: nothing of it is normalised. Texts are Latin-1, a byte a character. */
export interface FuzzRequest {
  readonly method: string;
  /**
   * Path below the stage, with its query. `{own}` and `{other}` stand for ids of the caller's and of another caller's
   * request.
   */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  readonly credentials: CredentialKind;
  /** Instead of `<method> <target> HTTP/1.1`; `{target}` stands for the whole path. */
  readonly startLine?: string;
  /** Header lines as they are, after the others. */
  readonly lines?: readonly string[];
  /** Instead of the body's length. */
  readonly contentLength?: string;
  readonly withoutHost?: true;
}

/** One request, what was done to it, and what may come of it. */
export interface FuzzCase {
  /** Counts from 0; with the seed it names the case. */
  readonly index: number;
  readonly operationId: string;
  /** Index of the caller. */
  readonly caller: number;
  /** Names of what was changed; empty: a valid request. */
  readonly mutations: readonly string[];
  readonly request: FuzzRequest;
  /** Statuses that the request may be answered with, beside 429. */
  readonly allowed: readonly number[];
  /** What no HTTP server has to understand: any 4xx will do, and so will a connection that is closed. */
  readonly malformed: boolean;
  /** The same with each of its mutations alone; undefined where it has at most one. */
  readonly simpler?: () => readonly FuzzCase[];
}

/** The bytes of a text of one-byte characters. */
export const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** The bytes of a text in UTF-8; half a surrogate pair becomes U+FFFD. */
export const utf8 = (text: string): Uint8Array => Buffer.from(text);

/** A header's value in UTF-8, as one-byte characters. */
export const utf8Header = (text: string): string => Buffer.from(text).toString("latin1");

/** Where a request goes, as its first lines say it. */
export interface Place {
  readonly host: string;
  /** Path of the stage, such as `/live`, or "". */
  readonly stage: string;
}

/** The bytes of a request, with the headers that prove the caller. */
export function wireBytes(
  request: FuzzRequest,
  { host, stage }: Place,
  proof: readonly (readonly [string, string])[],
): Uint8Array {
  const path = `${stage}${request.target}`;
  const length = request.contentLength ?? (request.body === undefined ? undefined : String(request.body.length));
  const chunked = request.lines?.some((line) => /^transfer-encoding\s*:/i.test(line)) ?? false;
  const head = [
    (request.startLine ?? `${request.method} {target} HTTP/1.1`).replace("{target}", () => path),
    ...(request.withoutHost ? [] : [`Host: ${host}`]),
    "Connection: close",
    ...[...request.headers, ...proof].map(([name, value]) => `${name}: ${value}`),
    ...(length === undefined || (chunked && request.contentLength === undefined) ? [] : [`Content-Length: ${length}`]),
    ...(request.lines ?? []),
  ].join("\r\n");
  return Buffer.concat([latin1(`${head}\r\n\r\n`), request.body ?? latin1("")]);
}
