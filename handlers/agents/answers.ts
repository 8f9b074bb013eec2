import { AgentFailure, type AgentAnswer, type Tokens } from "./agent";

/**
 * Bytes that an answer may have: a result of several answers must fit into memory, and into what a status answer can
 * carry.
 */
export const MAX_ANSWER_BYTES = 5 * 1024 * 1024;

/**
 * Reads a body to its end, as UTF-8. Rejects where it breaks off, and with {@link AgentFailure} where it is larger than
 * {@link MAX_ANSWER_BYTES}; the rest is then not read, and the stream destroyed.
 */
export async function readBody(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES)
      throw new AgentFailure(`The agent's answer is larger than ${MAX_ANSWER_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString("utf8");
}

/** What an agent tells about the making of its answer. */
export type Usage = Pick<AgentAnswer, "tokens" | "model">;

/** It becomes a metric's dimension: a name, never a text. */
const MODEL = /^[\w.:/@-]{1,200}$/;

/**
 * Reads tokens and model out of what an agent sent: `{"inputTokens","outputTokens"}`, or the same in snake_case, under
 * `usage`, `metrics`, `metrics.usage` or `metadata.usage`; `model` beside them or under `metadata`. Left out where they
 * are not, or make no sense.
 */
export function readUsage(value: unknown): Usage {
  if (!isObject(value)) return {};
  const metrics = objectIn(value, "metrics");
  const metadata = objectIn(value, "metadata");
  const tokens = [objectIn(value, "usage"), metrics, objectIn(metrics, "usage"), objectIn(metadata, "usage")]
    .map(tokensIn)
    .find((found) => found !== undefined);
  const model = [value["model"], metadata["model"]].find(
    (name): name is string => typeof name === "string" && MODEL.test(name),
  );
  return { ...(tokens && { tokens }), ...(model !== undefined && { model }) };
}

/** Whether a value tells of the making only, and is no part of an answer. */
export function isOnlyUsage(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((name) => ["usage", "metrics", "metadata", "model"].includes(name))
  );
}

function tokensIn(value: Readonly<Record<string, unknown>>): Tokens | undefined {
  const input = value["inputTokens"] ?? value["input_tokens"];
  const output = value["outputTokens"] ?? value["output_tokens"];
  return isCount(input) && isCount(output) ? { input, output } : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function objectIn(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name];
  return isObject(found) ? found : {};
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields under which agents are known to put their answer, in order of preference. */
const ANSWER_FIELDS = ["result", "answer", "output", "response"] as const;

/** By which some streams say that they ended on purpose. */
const END_OF_STREAM = "[DONE]";

/**
 * The answer in what an agent sent, with tokens and model where it tells them.
 * `text/event-stream`: the `data` of its events. Anything else: the text of the first answer field of a JSON
 * object, a JSON string, other JSON as it stands, or plain text. Throws {@link AgentFailure} where it is empty
 * or reports an error.
 */
export function readAnswer(body: string, contentType = ""): AgentAnswer {
  const isStream = contentType.toLowerCase().startsWith("text/event-stream");
  const parts = isStream
    ? dataOfEvents(body)
        .filter((data) => data !== END_OF_STREAM)
        .map(parse)
    : [parse(body)];
  // A stream has sent its 200 before it fails, so the error comes as an event.
  if (parts.some(isStream ? hasError : isError))
    throw new AgentFailure(`The agent reported an error${isStream ? " in its stream" : ""}.`);
  const pieces = parts.filter(({ value }) => !isOnlyUsage(value));
  // JSON strings are pieces of one text; anything else is a line of its own.
  const text = pieces
    .map(fromValue)
    .join(pieces.every(({ isJson, value }) => isJson && typeof value === "string") ? "" : "\n");
  if (text.trim() === "") throw new AgentFailure("The agent gave an empty answer.");
  // Counts of a stream grow from event to event: the last are the whole.
  return { text, ...Object.assign({}, ...parts.map(({ value }) => readUsage(value))) };
}

function dataOfEvents(body: string): string[] {
  return body
    .split(/(?:\r\n|\r|\n){2,}/)
    .map((event) =>
      event
        .split(/\r\n|\r|\n/)
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.replace(/^data: ?/, "")),
    )
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"));
}

interface Parsed {
  readonly isJson: boolean;
  readonly value: unknown;
}

function parse(text: string): Parsed {
  try {
    return { isJson: true, value: JSON.parse(text) };
  } catch {
    return { isJson: false, value: text };
  }
}

function fromValue({ value }: Parsed): string {
  if (!isObject(value)) return stringify(value);
  const field = answerField(value);
  return stringify(field === undefined ? value : value[field]);
}

/** A function that returns nothing sends `null`. */
const stringify = (value: unknown): string =>
  typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);

const answerField = (value: Readonly<Record<string, unknown>>) =>
  ANSWER_FIELDS.find((name) => value[name] !== undefined && value[name] !== null);

const hasError = ({ value }: Parsed): boolean =>
  isObject(value) && value["error"] !== undefined && value["error"] !== null;

/** An answer beside the error stands. */
const isError = (parsed: Parsed): boolean =>
  hasError(parsed) && isObject(parsed.value) && answerField(parsed.value) === undefined;
