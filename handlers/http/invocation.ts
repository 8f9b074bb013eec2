import { InvalidRequestError, PayloadTooLargeError } from "./errors";
import { utf8Bytes, headerValues } from "./http";
import { createHash } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";

/** Levels of objects and arrays that a document may have. */
export const MAX_DEPTH = 8;

/** Keys that turn into something else when a document is copied onto an object. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** A string, or a mark that gives the document its shape. Numbers and literals are skipped. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** A document, and what is wrong with it though it is JSON. */
export interface StrictDocument {
  /** Undefined where the text is not JSON. */
  readonly value: unknown;
  /** Sentences without a full stop, each safe to show. */
  readonly problems: readonly string[];
}

/**
 * Parses JSON and finds what parsers disagree on or trip over: a key given twice (this parser keeps the last,
 * others the first), `__proto__` and its kin, more than {@link MAX_DEPTH} levels.
 */
export function parseStrictly(text: string): StrictDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No cause: a syntax error quotes the text.
    return { value: undefined, problems: ["the body is not valid JSON"] };
  }
  return { value, problems: [...new Set(problemsOf(text))] };
}

/** Walks the marks of a text that is known to be JSON. */
function problemsOf(text: string): string[] {
  const problems: string[] = [];
  const levels: Set<string>[] = [];
  let lastString = '""';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      levels.push(new Set());
      if (levels.length > MAX_DEPTH) problems.push(`the body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (token === "}" || token === "]") levels.pop();
    else if (token === ":") problems.push(...keyProblems(JSON.parse(lastString) as string, levels.at(-1)));
    else lastString = token;
  }
  return problems;
}

function keyProblems(key: string, seen = new Set<string>()): string[] {
  const problems = FORBIDDEN_KEYS.has(key) ? [`the key ${nameField(key)} is not allowed`] : [];
  if (seen.has(key)) problems.push(`the key ${nameField(key)} is given twice`);
  seen.add(key);
  return problems;
}

/** The name of a field for a message; one that is no plain name is not repeated. */
export function nameField(name: string): string {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : "(name not shown)";
}

/** The longest prompt, in bytes of UTF-8. */
export const MAX_PROMPT_BYTES = 32_768;

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
 * {@link PayloadTooLargeError} where the prompt's length is the only one.
 */
export function readInvocation(text: string): Invocation {
  const { value, problems: found } = parseStrictly(text);
  const problems = [...found];
  if (!isObject(value)) {
    if (value !== undefined) problems.push("the body must be a JSON object");
    throw refusal(problems);
  }
  const { prompt, session_id: sessionId } = value;
  const tooLong = typeof prompt === "string" && utf8Bytes(prompt) > MAX_PROMPT_BYTES;
  problems.push(...unknownFields(value), ...promptProblems(prompt), ...sessionProblems(sessionId));
  if (problems.length === 0 && tooLong) throw new PayloadTooLargeError(`The prompt is over ${MAX_PROMPT_BYTES} bytes.`);
  if (tooLong) problems.push(`prompt is over ${MAX_PROMPT_BYTES} bytes`);
  if (problems.length > 0) throw refusal(problems);
  return { prompt: prompt as string, ...(sessionId !== undefined && { sessionId: sessionId as string }) };
}

function unknownFields(body: object): string[] {
  return Object.keys(body)
    .filter((name) => !FIELDS.includes(name))
    .map((name) => `the field ${nameField(name)} is unknown`);
}

function promptProblems(prompt: unknown): string[] {
  if (prompt === undefined) return ["prompt is missing"];
  if (typeof prompt !== "string") return ["prompt must be a string"];
  return [
    ...(BLANK.test(prompt) ? ["prompt must hold something to read"] : []),
    ...(CONTROL.test(prompt) ? ["prompt must not hold control characters other than tab and line breaks"] : []),
    ...(LONE_SURROGATE.test(prompt) ? ["prompt must not hold half a surrogate pair"] : []),
  ];
}

function sessionProblems(sessionId: unknown): string[] {
  if (sessionId === undefined || (typeof sessionId === "string" && SESSION_ID.test(sessionId))) return [];
  return ["session_id must be 1 to 64 letters, digits, _ or -"];
}

/** Problems that a message lists: a body may have thousands of unknown fields. */
const MAX_PROBLEMS = 10;

function refusal(problems: readonly string[]): InvalidRequestError {
  const told = problems.slice(0, MAX_PROBLEMS);
  if (problems.length > told.length) told.push(`and ${problems.length - told.length} more`);
  return new InvalidRequestError(`The request is not valid: ${told.join("; ")}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const KEY = /^[\x21-\x7e]{1,255}$/;
/** A string of RFC 8941: a backslash stands only before a quote or another backslash. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The key of the header `Idempotency-Key`, or undefined where it was not sent. A bare key and the same one as a
 * quoted string (RFC 8941) are one key. Throws {@link InvalidRequestError} where it is sent twice or breaks the rule.
 * It lives as long as its request is kept.
 */
export function idempotencyKeyOf(event: APIGatewayProxyEvent): string | undefined {
  const [value, ...more] = headerValues(event, "idempotency-key");
  if (value === undefined) return undefined;
  if (more.length > 0) throw new InvalidRequestError("Send the header Idempotency-Key once.");
  const key = unquoted(value.trim());
  if (key === undefined || !KEY.test(key)) {
    throw new InvalidRequestError(
      "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces, bare or in double quotes.",
    );
  }
  return key;
}

/**
 * The id of the one request that a caller's key stands for: a UUID of SHA-256. To create the request is then to
 * claim the key, in one write; and nobody who does not know the owner and the key can work the id out.
 */
export function requestIdOf(owner: string, key: string): string {
  const hash = createHash("sha256").update(`${owner}\0${key}`, "utf8").digest();
  // RFC 9562: version 8, "custom", and the variant.
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function unquoted(value: string): string | undefined {
  if (!value.startsWith('"')) return value;
  return QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, "$1");
}
