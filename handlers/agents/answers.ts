import { AgentFailure } from "./agent";

/** The fields under which agents are known to put their answer, in order of preference. */
const ANSWER_FIELDS = ["result", "answer", "output", "response"] as const;

/**
 * The answer in what an agent sent.
 * `text/event-stream`: the `data` of its events. Anything else: the text of the first answer field of a JSON
 * object, a JSON string, other JSON as it stands, or plain text. Throws {@link AgentFailure} where it is empty
 * or where a stream reports an error.
 */
export function readAnswer(body: string, contentType = ""): string {
  const answer = contentType.toLowerCase().startsWith("text/event-stream") ? fromEvents(body) : fromValue(parse(body));
  if (answer.trim() === "") throw new AgentFailure("The agent gave an empty answer.");
  return answer;
}

function fromEvents(body: string): string {
  const events = dataOfEvents(body).map(parse);
  // A stream has sent its 200 before it fails, so the error comes as an event.
  if (events.some(isError)) throw new AgentFailure("The agent reported an error in its stream.");
  // JSON strings are pieces of one text; anything else is a line of its own.
  return events.map(fromValue).join(events.every((event) => event.isJson && typeof event.value === "string") ? "" : "\n");
}

function dataOfEvents(body: string): string[] {
  return body
    .split(/(?:\r\n|\r|\n){2,}/)
    .map((event) => event.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:")).map((line) => line.replace(/^data: ?/, "")))
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
  const field = ANSWER_FIELDS.find((name) => value[name] !== undefined && value[name] !== null);
  return stringify(field === undefined ? value : value[field]);
}

const stringify = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const isError = ({ value }: Parsed): boolean => isObject(value) && value["error"] !== undefined && value["error"] !== null;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
