import { pause, withDeadline } from "./deadline";
import { HEARTBEAT_EVENT } from "./environment";
import { type Counters, describeError, type Log } from "./telemetry";

/**
 * Milliseconds that a heartbeat keeps its environment busy. EventBridge sends several at once; one that ended before
 * the last was delivered would be given that as well, and another environment none.
 */
export const HOLD_MS = 250;
/** Milliseconds that a heartbeat's one call may take. */
const CALL_TIMEOUT_MS = 5_000;

/** What a heartbeat needs. */
export interface HeartbeatParts {
  /** The function's name in metrics: their dimension `Function`. */
  readonly name: string;
  /** Makes a call that goes the way of all others: resolves where it was answered. */
  readonly identify: (signal: AbortSignal) => Promise<void>;
  readonly counters: Counters;
  readonly log: Log;
  /** Default: {@link HOLD_MS}. */
  readonly holdMs?: number;
}

/** Whether the event is EventBridge's heartbeat, and nothing else. */
export function isHeartbeat(event: unknown): boolean {
  if (typeof event !== "object" || event === null) return false;
  const fields = Object.entries(event);
  return fields.length === 1 && fields[0]?.[0] === "quickturn" && fields[0][1] === HEARTBEAT_EVENT.quickturn;
}

/**
 * Touches a warm environment: proves that it can still call, and tells in one log line. It never rejects and changes
 * nothing, so one more does no harm.
 */
export async function heartbeat({ name, identify, counters, log, holdMs = HOLD_MS }: HeartbeatParts): Promise<void> {
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const [call] = await Promise.allSettled([withDeadline(signal, () => identify(signal)), pause(holdMs)]);
  const measured = {
    metrics: { ...counters.take(), HeartbeatFailed: call.status === "rejected" ? 1 : 0 },
    dimensions: { Function: name },
  };
  if (call.status === "rejected") log("warn", "heartbeat_failed", { error: describeError(call.reason) }, measured);
  else log("info", "heartbeat", {}, measured);
}
