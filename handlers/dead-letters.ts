import type { SQSRecord } from "aws-lambda";
import type { BatchHandler } from "./batch";
import { deadlinePassed, failedOf, gaveUp, METRIC_OF_STATUS } from "./endings";
import { messageOf, recordsOf } from "./queue/records";
import { RefusedMessageError } from "./queue/work-queue";
import { isHeld } from "./stores/claims";
import { isTerminal, type Ending, type RequestStore, type TerminalStatus } from "./stores/requests";
import { describeError, type Fields, type Level, type Log } from "./telemetry";
import { within } from "./time-limit";

/** Milliseconds that one call of the store may take. */
const CALL_TIMEOUT_MS = 5_000;

/** What taking failed work needs. */
export interface DeadLetterParts {
  /** ARN of the dead-letter queue: messages of any other are refused. */
  readonly queueArn: string;
  readonly requests: Pick<RequestStore, "find" | "close">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** What became of a message, as its log line tells it. */
interface Taken {
  /** Whether the message can be deleted. */
  readonly done: boolean;
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  /** Where the request was ended: how. */
  readonly ended?: TerminalStatus;
}

/**
 * Takes messages that the worker could not work on, and ends their requests, so that no caller waits for ever.
 * A message that nobody can read stays in the queue for a person; one whose request a worker holds comes back.
 * Rejects where the event is no batch of SQS.
 */
export function deadLetterHandler(parts: DeadLetterParts): BatchHandler {
  return async (event) => {
    const records = recordsOf(event);
    const done = await Promise.all(records.map((record) => handle(parts, record)));
    return {
      batchItemFailures: records
        .filter((_, index) => !done[index])
        .map(({ messageId }) => ({ itemIdentifier: messageId })),
    };
  };
}

/** Whether the message can be deleted. */
async function handle(parts: DeadLetterParts, record: SQSRecord): Promise<boolean> {
  const { done, level, event, fields, ended } = await take(parts, record).catch((error: unknown): Taken => {
    const refused = error instanceof RefusedMessageError;
    const fields = { ...(refused && { code: error.code }), error: describeError(error) };
    return { done: false, level: "error", event: refused ? "dead_letter_unreadable" : "dead_letter_failed", fields };
  });
  parts.log(
    level,
    event,
    { message_id: record.messageId, ...fields },
    { metrics: { DeadLetters: 1, ...(ended && { [METRIC_OF_STATUS[ended]]: 1, RequestFailed: failedOf(ended) }) } },
  );
  return done;
}

async function take({ queueArn, requests, nowMs }: DeadLetterParts, record: SQSRecord): Promise<Taken> {
  const { requestId } = messageOf(record, queueArn);
  const request = await within(CALL_TIMEOUT_MS, (signal) => requests.find(requestId, signal));
  const taken = (level: Level, outcome: string, done: boolean): Taken => ({
    done,
    level,
    event: "dead_letter",
    fields: { request_id: requestId, outcome },
  });
  if (!request) return taken("warn", "missing", true);
  if (isTerminal(request.status)) return taken("info", "ended_already", true);
  const now = nowMs();
  if (isHeld(request, now)) return taken("info", "held", false);
  const ending: Ending = request.deadlineMs <= now ? deadlinePassed(now) : gaveUp(now);
  // Whoever was faster holds it now, or has ended it: the next time will tell.
  if (!(await within(CALL_TIMEOUT_MS, (signal) => requests.close(requestId, ending, signal))))
    return taken("info", "moved_on", false);
  return { ...taken("error", ending.failure?.code ?? ending.status, true), ended: ending.status };
}
