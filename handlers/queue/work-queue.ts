/** The version of {@link WorkMessage} that is written. A worker refuses any other. */
export const MESSAGE_VERSION = 1;

/** What the front door tells the worker: which request, and nothing that could be private. */
export interface WorkMessage {
  readonly version: typeof MESSAGE_VERSION;
  readonly request_id: string;
}

/** Carries requests from the front door to the worker. Every method rejects where the queue cannot be reached. */
export interface WorkQueue {
  /** Adds the request. */
  send(requestId: string, signal?: AbortSignal): Promise<void>;
  /** Rejects where the queue does not answer. */
  check(signal: AbortSignal): Promise<void>;
}

/** A message is not one that the front door writes. `code` says in which way. */
export class RefusedMessageError extends Error {
  override readonly name = "RefusedMessageError";

  constructor(
    readonly code: "not_json" | "unknown_version" | "no_request_id" | "wrong_source",
    message: string,
  ) {
    super(message);
  }
}

/** The body of the message for a request. */
export function writeMessage(requestId: string): string {
  return JSON.stringify({ version: MESSAGE_VERSION, request_id: requestId } satisfies WorkMessage);
}

/** Reads the body of a message. Throws {@link RefusedMessageError}. */
export function readMessage(body: string): WorkMessage {
  const { version, request_id: requestId } = parse(body);
  if (version !== MESSAGE_VERSION) {
    throw new RefusedMessageError("unknown_version", `The message has a version other than ${MESSAGE_VERSION}`);
  }
  if (typeof requestId !== "string" || requestId === "") throw new RefusedMessageError("no_request_id", "The message has no request_id");
  return { version, request_id: requestId };
}

function parse(body: string): Partial<Record<keyof WorkMessage, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // No cause: a syntax error quotes the body.
    throw new RefusedMessageError("not_json", "The message is not JSON");
  }
  if (typeof value !== "object" || value === null) throw new RefusedMessageError("not_json", "The message is not a JSON object");
  return value;
}
