/** Times that evidence is of. */
export interface GateWindow {
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  /** Grid that both lie on, in seconds. */
  readonly periodSeconds: number;
}

export interface WindowWish {
  readonly nowMs: number;
  /** The worker's: a metric of a run bears the time at which the run began. */
  readonly timeoutSeconds: number;
  readonly lengthSeconds: number;
  /** Nothing before this, such as the time of the deployment. Default: `lengthSeconds` before the end. */
  readonly sinceMs?: number;
  /** Instead of the latest end that is safe. */
  readonly endMs?: number;
}

/** Seconds until CloudWatch has what was measured. */
export const SLACK_SECONDS = 120;

const DAY_SECONDS = 86_400;
/** One period covers the whole window, and CloudWatch's longest is a day. */
const MAX_WINDOW_SECONDS = DAY_SECONDS;

/** Finest period that CloudWatch still has of a time so long ago (CloudWatch user guide, "Metrics retention"). */
function periodAt(ageSeconds: number): number {
  if (ageSeconds <= 15 * DAY_SECONDS) return 60;
  return ageSeconds <= 63 * DAY_SECONDS ? 300 : 3_600;
}

/**
 * The window that may be judged: it ends where the slowest run that began in it has ended and was counted. Throws
 * where nothing of it is left, with the time from which on there is something.
 */
export function gateWindow({ nowMs, timeoutSeconds, lengthSeconds, sinceMs, endMs }: WindowWish): GateWindow {
  const latestMs = nowMs - (timeoutSeconds + SLACK_SECONDS) * 1_000;
  const wishedMs = endMs ?? latestMs;
  if (wishedMs > nowMs)
    throw new Error(
      `The window's end is ${time(wishedMs)}, and it is ${time(nowMs)} now; allowed: a time that is past.`,
    );
  const periodSeconds = periodAt((nowMs - Math.max(sinceMs ?? 0, wishedMs - lengthSeconds * 1_000)) / 1_000);
  const periodMs = periodSeconds * 1_000;
  const end = Math.floor(wishedMs / periodMs) * periodMs;
  const wished = Math.floor((end - lengthSeconds * 1_000) / periodMs) * periodMs;
  const start = sinceMs === undefined ? wished : Math.max(wished, Math.ceil(sinceMs / periodMs) * periodMs);
  if (end - start < periodMs)
    throw new NoWindow(start, end, start + periodMs + (endMs === undefined ? nowMs - latestMs : 0));
  if ((end - start) / 1_000 > MAX_WINDOW_SECONDS)
    throw new Error(
      `The window is ${(end - start) / 1_000} s long; allowed: ${periodSeconds} to ${MAX_WINDOW_SECONDS} s, ` +
        "because one period covers it.",
    );
  return { startMs: start, endMs: end, periodSeconds };
}

/** Nothing can be judged yet. */
export class NoWindow extends Error {
  override readonly name = "NoWindow";

  constructor(
    startMs: number,
    endMs: number,
    /** Milliseconds since 1970. */
    readonly readyAtMs: number,
  ) {
    super(
      `Of the window from ${time(startMs)} to ${time(endMs)} nothing is left: it ends a worker's time-out and ` +
        `${SLACK_SECONDS} s before now, so that every run in it has ended. Ask again from ${time(readyAtMs)} on, ` +
        "or give --wait.",
    );
  }
}

/** As CloudWatch writes it. */
export const time = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
