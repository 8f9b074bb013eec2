import { AgentFailure, type AgentAnswer, type Tokens } from "./agent";

/**
 * Bytes of an answer. A result of several answers must fit into memory and into a status answer.
 */
export const MAX_ANSWER_BYTES = 5 * 1024 * 1024;

/**
 * Reads a body to its end, as UTF-8. Rejects if it breaks off, and with {@link AgentFailure} if it is larger than
 * {@link MAX_ANSWER_BYTES}; the stream is then destroyed.
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

/** What an agent reports about how it made its answer. */
export type Usage = Pick<AgentAnswer, "tokens" | "model">;

/** A model's name, which becomes a dimension of metrics. A text would make endless dimensions. */
const MODEL = /^[\w.:/@-]{1,200}$/;

/**
 * Reads tokens and model from what an agent sent: `{"inputTokens","outputTokens"}`, or the same in snake_case, in
 * `usage`, `metrics`, `metrics.usage` or `metadata.usage`; `model` at the top or in `metadata`. Missing or malformed
 * values are left out.
 */
export function readUsage(value: unknown): Usage {
  if (!isObject(value)) return {};
  const metrics = readObject(value, "metrics");
  const metadata = readObject(value, "metadata");
  const tokens = [readObject(value, "usage"), metrics, readObject(metrics, "usage"), readObject(metadata, "usage")]
    .map(readTokens)
    .find((found) => found !== undefined);
  const model = [value["model"], metadata["model"]].find(
    (name): name is string => typeof name === "string" && MODEL.test(name),
  );
  return { ...(tokens && { tokens }), ...(model !== undefined && { model }) };
}

/** Whether a value reports usage only, and is no part of an answer. */
export function isOnlyUsage(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((name) => ["usage", "metrics", "metadata", "model"].includes(name))
  );
}

function readTokens(value: Readonly<Record<string, unknown>>): Tokens | undefined {
  const input = value["inputTokens"] ?? value["input_tokens"];
  const output = value["outputTokens"] ?? value["output_tokens"];
  return isCount(input) && isCount(output) ? { input, output } : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readObject(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name];
  return isObject(found) ? found : {};
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields under which agents are known to put their answer, in order of preference. */
const ANSWER_FIELDS = ["result", "answer", "output", "response"] as const;

/** The event with which some streams end. */
const END_OF_STREAM = "[DONE]";

/**
 * Reads the answer in what an agent sent, with tokens and model if it reports them.
 * `text/event-stream`: the `data` of its events. Anything else: the text of the first answer field of a JSON object, a
 * JSON string, other JSON unchanged, or plain text. Throws {@link AgentFailure} if it is empty or reports an error.
 */
export function readAnswer(body: string, contentType = ""): AgentAnswer {
  const isStream = contentType.toLowerCase().startsWith("text/event-stream");
  const parts = isStream
    ? readEvents(body)
        .filter((data) => data !== END_OF_STREAM)
        .map(parse)
    : [parse(body)];
  // A stream has sent its 200 before it fails, so that the error is an event.
  if (parts.some(isStream ? hasError : isError))
    throw new AgentFailure(`The agent reported an error${isStream ? " in its stream" : ""}.`);
  const pieces = parts.filter(({ value }) => !isOnlyUsage(value));
  // JSON strings are pieces of one text; any other event is a line.
  const text = pieces
    .map(readText)
    .join(pieces.every(({ isJson, value }) => isJson && typeof value === "string") ? "" : "\n");
  if (text.trim() === "") throw new AgentFailure("The agent gave an empty answer.");
  // In a stream counts grow from event to event, so that the last ones are the totals.
  return { text, ...Object.assign({}, ...parts.map(({ value }) => readUsage(value))) };
}

function readEvents(body: string): string[] {
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

function readText({ value }: Parsed): string {
  if (!isObject(value)) return stringify(value);
  const field = findAnswerField(value);
  return stringify(field === undefined ? value : value[field]);
}

/** A function that returns nothing sends `null`. */
const stringify = (value: unknown): string =>
  typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);

const findAnswerField = (value: Readonly<Record<string, unknown>>) =>
  ANSWER_FIELDS.find((name) => value[name] !== undefined && value[name] !== null);

const hasError = ({ value }: Parsed): boolean =>
  isObject(value) && value["error"] !== undefined && value["error"] !== null;

/** Whether a value reports an error and contains no answer. */
const isError = (parsed: Parsed): boolean =>
  hasError(parsed) && isObject(parsed.value) && findAnswerField(parsed.value) === undefined;
