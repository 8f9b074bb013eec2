import { InvalidRequestError, PayloadTooLargeError } from "./errors";
import { nameField, parseStrictly } from "./strict-json";
import { utf8Bytes } from "./text";

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
