import { createHash } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { InvalidRequestError, PayloadTooLargeError } from "./errors";
import { readHeader } from "./gateway";

/** Bytes of UTF-8 in a prompt. */
export const MAX_PROMPT_BYTES = 32_768;
/** Levels of objects and arrays in a document. */
const MAX_DEPTH = 8;
/** Problems that a message lists, because a body may have thousands of unknown fields. */
const MAX_PROBLEMS = 10;

/** What a caller asks for. */
export interface Invocation {
  readonly prompt: string;
  readonly sessionId?: string;
}

const FIELDS = ["prompt", "session_id"];
const SESSION_ID = /^[A-Za-z0-9_-]{1,64}$/;
const CONTROL = /(?![\t\n\r])\p{Cc}/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** White space, format characters such as the zero-width space, and letters that draw nothing. */
const BLANK = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/**
 * Reads the body of an invocation. Throws {@link InvalidRequestError} with every problem at once, or
 * {@link PayloadTooLargeError} if the prompt's length is the only one.
 */
export function readInvocation(text: string): Invocation {
  const { value, problems } = parseStrictly(text);
  if (!isObject(value)) {
    if (value !== undefined) problems.push("the body must be a JSON object");
    throw makeRefusal(problems);
  }
  const { prompt, session_id: sessionId } = value;
  const tooLong = typeof prompt === "string" && Buffer.byteLength(prompt) > MAX_PROMPT_BYTES;
  problems.push(...findUnknownFields(value), ...findPromptProblems(prompt), ...findSessionProblems(sessionId));
  if (problems.length === 0 && tooLong) throw new PayloadTooLargeError(`The prompt is over ${MAX_PROMPT_BYTES} bytes.`);
  if (tooLong) problems.push(`prompt is over ${MAX_PROMPT_BYTES} bytes`);
  if (problems.length > 0) throw makeRefusal(problems);
  return { prompt: prompt as string, ...(sessionId !== undefined && { sessionId: sessionId as string }) };
}

/** Keys that change an object's prototype when a document is copied onto it. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);
/** A string, or a mark that gives the document its shape. Numbers and literals are skipped. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/**
 * Parses JSON and finds what parsers disagree about: a key that is given twice (this parser keeps the last value,
 * others the first), keys such as `__proto__`, and more than {@link MAX_DEPTH} levels. `value` is undefined if the text
 * is not JSON. The problems are sentences without a full stop, each safe to show.
 */
export function parseStrictly(text: string): { readonly value: unknown; readonly problems: string[] } {
  try {
    const value: unknown = JSON.parse(text);
    return { value, problems: [...new Set(findStructureProblems(text))] };
  } catch {
    // The error is dropped, because a syntax error quotes the text.
    return { value: undefined, problems: ["the body is not valid JSON"] };
  }
}

/** Walks the marks of a text that is known to be JSON. */
function findStructureProblems(text: string): string[] {
  const problems: string[] = [];
  const levels: Set<string>[] = [];
  let lastString = '""';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      levels.push(new Set());
      if (levels.length > MAX_DEPTH) problems.push(`the body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (token === "}" || token === "]") levels.pop();
    else if (token === ":") problems.push(...findKeyProblems(JSON.parse(lastString) as string, levels.at(-1)));
    else lastString = token;
  }
  return problems;
}

function findKeyProblems(key: string, seen = new Set<string>()): string[] {
  const problems = FORBIDDEN_KEYS.has(key) ? [`the key ${nameField(key)} is not allowed`] : [];
  if (seen.has(key)) problems.push(`the key ${nameField(key)} is given twice`);
  seen.add(key);
  return problems;
}

/** Names a field in a message. A field that is no plain name is not repeated. */
export const nameField = (name: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : "(name not shown)");

function findUnknownFields(body: object): string[] {
  return Object.keys(body)
    .filter((name) => !FIELDS.includes(name))
    .map((name) => `the field ${nameField(name)} is unknown`);
}

function findPromptProblems(prompt: unknown): string[] {
  if (prompt === undefined) return ["prompt is missing"];
  if (typeof prompt !== "string") return ["prompt must be a string"];
  return [
    ...(BLANK.test(prompt) ? ["prompt must contain readable text"] : []),
    ...(CONTROL.test(prompt) ? ["prompt must not contain control characters other than tab and line breaks"] : []),
    ...(LONE_SURROGATE.test(prompt) ? ["prompt must not contain half a surrogate pair"] : []),
  ];
}

function findSessionProblems(sessionId: unknown): string[] {
  if (sessionId === undefined || (typeof sessionId === "string" && SESSION_ID.test(sessionId))) return [];
  return ["session_id must be 1 to 64 letters, digits, _ or -"];
}

function makeRefusal(problems: readonly string[]): InvalidRequestError {
  const listed = problems.slice(0, MAX_PROBLEMS);
  if (problems.length > listed.length) listed.push(`and ${problems.length - listed.length} more`);
  return new InvalidRequestError(`The request is not valid: ${listed.join("; ")}.`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const KEY = /^[\x21-\x7e]{1,255}$/;
/** A string of RFC 8941: a backslash stands only before a quote or another backslash. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * Reads the header `Idempotency-Key`, or undefined if it was not sent. A bare key and the same key as a quoted string
 * (RFC 8941) are one key. Throws {@link InvalidRequestError} if it is sent twice or malformed.
 */
export function readIdempotencyKey(event: APIGatewayProxyEvent): string | undefined {
  const [value, ...others] = readHeader(event, "idempotency-key");
  if (value === undefined) return undefined;
  if (others.length > 0) throw new InvalidRequestError("Send the header Idempotency-Key once.");
  const key = unquote(value.trim());
  if (key === undefined || !KEY.test(key))
    throw new InvalidRequestError(
      "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces, bare or in double quotes.",
    );
  return key;
}

function unquote(value: string): string | undefined {
  if (!value.startsWith('"')) return value;
  return QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, "$1");
}

/**
 * Derives the id of the request that a caller's key belongs to: a UUID of SHA-256. Creating the request thus claims the
 * key in the same write, and only who knows the owner and the key can compute the id.
 */
export function deriveRequestId(owner: string, key: string): string {
  const hash = createHash("sha256").update(`${owner}\0${key}`, "utf8").digest();
  // RFC 9562: version 8, "custom", and the variant.
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
