/** How much a log record matters. */
export type Level = "info" | "warn" | "error";

/** Facts about an event: identifiers, codes, counts, durations. Never prompts, answers or secrets. */
export type Fields = Readonly<Record<string, unknown>>;

/** Writes one log record. `event` is a stable snake_case name. */
export type Log = (level: Level, event: string, fields?: Fields) => void;

/**
 * A log of one JSON object per line: `{"time","level","event",...fields}`, `time` in ISO 8601.
 * `write` is given the line with its line feed.
 */
export function jsonLines(write: (line: string) => void, nowMs: () => number): Log {
  return (level, event, fields = {}) => {
    write(`${JSON.stringify({ time: new Date(nowMs()).toISOString(), level, event, ...fields })}\n`);
  };
}

const MAX_CAUSES = 4;

/** What a log may hold of an error: name, message, where it was thrown, HTTP status where AWS gave one, and its causes. */
export function describeError(error: unknown, causes = MAX_CAUSES): Fields {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    // JSON.parse quotes its input in the message, and that may be a prompt.
    ...(error instanceof SyntaxError ? {} : { message: error.message }),
    ...httpStatus(error),
    frames: error.stack?.split("\n").filter((line) => /^\s+at /.test(line)).slice(0, 8).map((line) => line.trim()),
    ...(error.cause === undefined || causes === 0 ? {} : { cause: describeError(error.cause, causes - 1) }),
  };
}

/**
 * What a log may hold of an error that somebody else worded: an agent may quote the prompt in its message.
 * Names and statuses only.
 */
export function nameError(error: unknown): Fields {
  if (!(error instanceof Error)) return { name: typeof error };
  return { name: error.name, ...httpStatus(error), ...(error.cause === undefined ? {} : { cause: nameError(error.cause) }) };
}

function httpStatus(error: Error): Fields {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined ? {} : { http_status: status };
}
