import { AgentFailure, type AgentAnswer } from "./agent";
import { isObject, isOnlyUsage, readUsage } from "./usage";

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
