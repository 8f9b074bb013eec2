import { setTimeout as sleep } from "node:timers/promises";
import type { CommandContext } from "../kit/context";
import type { DeployedStack } from "../kit/deployed-stack";
import { parseDurationSeconds, parseTimeMs } from "../kit/given-setting";
import { FRONT_DOOR_KPIS } from "../../stacks/contract/settings";
import { prepareLooks, takeLook } from "./collect";
import { formatTime, type Evidence, type GateWindow } from "./evidence";
import { judgeGate, type GateVerdict } from "./judge";
import { readNumber } from "./reads";
import type { VerifyOptions } from "./verify";

/** Time, as it is or as a test has it. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export const SYSTEM_CLOCK: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) };

/** A deployment that is to be judged. */
export interface GateTask {
  readonly context: CommandContext;
  readonly stack: DeployedStack;
  readonly options: VerifyOptions;
  readonly clock: Clock;
}

/** Milliseconds between two looks: CloudWatch's own grid. */
export const BETWEEN_LOOKS_MS = 60_000;

/** Evidence, and what it says. */
interface Judged {
  readonly evidence: Evidence;
  readonly verdict: GateVerdict;
}

/** Looks at the same growing evidence, again and again. */
export interface Gate {
  /**
   * Reads the metrics and judges them. Throws {@link NoWindow} where there is nothing to judge yet; that is no look.
   */
  look(): Promise<Judged>;
}

/** Opens a gate that has not looked yet. It asks AWS for nothing but the account's limits. */
export async function openGate(
  task: Omit<GateTask, "clock"> & { readonly clock: Pick<Clock, "nowMs"> },
): Promise<Gate> {
  const { context, options, clock } = task;
  const frame = await prepareLooks(task);
  const { since, window: length = "30m", end, wait } = options;
  let [taken, startMs]: [number, number | undefined] = [0, undefined];
  return {
    look: async () => {
      const nowMs = clock.nowMs();
      const window = gateWindow({
        nowMs,
        timeoutSeconds: longestRunSeconds(frame.fixed),
        // From the start of the first look on, so that the evidence grows.
        lengthSeconds: startMs === undefined ? parseDurationSeconds("window", length) : (nowMs - startMs) / 1_000,
        sinceMs: startMs ?? (since === undefined ? undefined : parseTimeMs("since", since)),
        endMs: end === undefined ? undefined : parseTimeMs("end", end),
      });
      startMs = window.startMs;
      const evidence = await takeLook(context, frame, {
        window,
        looks: { look: ++taken, repeated: wait !== undefined },
      });
      return { evidence, verdict: judgeGate(evidence) };
    },
  };
}

/**
 * Reads the metrics and judges them; with `wait` again and again, each time with more of them, until there is a pass or
 * a fail or the time is over.
 */
export async function runGate(task: GateTask): Promise<Judged> {
  const { context, options, clock } = task;
  const gate = await openGate(task);
  const waitMs = options.wait === undefined ? 0 : parseDurationSeconds("wait", options.wait) * 1_000;
  const deadlineMs = clock.nowMs() + waitMs;
  return context.progress.step(
    waitMs > 0 ? `Read metrics until they decide, ${options.wait} at most` : "Read metrics",
    async (detail) => {
      for (;;) {
        const judged = await gate.look().catch((error: unknown) => {
          if (!(error instanceof NoWindow) || error.readyAtMs > deadlineMs) throw error;
          return error;
        });
        const isEarly = judged instanceof NoWindow;
        if (!isEarly && (isDecided(judged) || clock.nowMs() + BETWEEN_LOOKS_MS > deadlineMs)) return judged;
        detail(isEarly ? judged.waitsFor : describeOpenKpi(judged.verdict));
        const pauseMs = isEarly ? Math.max(1_000, judged.readyAtMs - clock.nowMs()) : BETWEEN_LOOKS_MS;
        await clock.sleep(pauseMs, context.signal);
      }
    },
    ({ verdict }) => `${verdict.window.start} to ${verdict.window.end}`,
  );
}

const isDecided = ({ verdict: { verdict } }: Judged): boolean => verdict === "pass" || verdict === "fail";

/** Names the KPI that lacks most, with what it has and needs. */
export function describeOpenKpi({ kpis }: GateVerdict): string {
  const open = kpis.filter(({ verdict }) => verdict === "inconclusive" || verdict === "error");
  const share = ({ samples, needed }: GateVerdict["kpis"][number]) => (samples ?? 0) / (needed ?? 1);
  const counted = open
    .filter(({ needed, samples }) => needed !== null && samples !== null && needed > samples)
    .sort((left, right) => share(left) - share(right));
  const [first] = counted.length > 0 ? counted : open;
  if (!first) return "nothing is judged";
  const samples = first.needed !== null ? `: ${first.samples ?? 0} of ${first.needed} samples` : `: ${first.reason}`;
  return `${first.name}${samples}${open.length > 1 ? `, and ${open.length - 1} more are open` : ""}`;
}

/** The gateway gives no call longer. */
const GATEWAY_TIMEOUT_SECONDS = 29;

/** Longest run that the KPIs cover, in seconds. The front door's own KPIs cover calls, which the gateway ends. */
function longestRunSeconds({ only, settings }: Pick<Evidence, "only" | "settings">): number {
  const frontDoor: readonly string[] = FRONT_DOOR_KPIS.map(({ name }) => name);
  if (only.length > 0 && only.every((name) => frontDoor.includes(name))) return GATEWAY_TIMEOUT_SECONDS;
  return readNumber(settings, "timeout") ?? 0;
}

/** What a window is made for. */
interface WindowWish {
  readonly nowMs: number;
  /** The worker's: a metric of a run bears the time at which the run began. */
  readonly timeoutSeconds: number;
  readonly lengthSeconds: number;
  /** Nothing before this, such as the time of the deployment. Default: `lengthSeconds` before the end. */
  readonly sinceMs?: number | undefined;
  /** Instead of the latest end that is safe. */
  readonly endMs?: number | undefined;
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
 * Finds the window that may be judged: it ends where the slowest run that began in it has ended and was counted.
 * @throws NoWindow where nothing of it is left
 */
export function gateWindow({ nowMs, timeoutSeconds, lengthSeconds, sinceMs, endMs }: WindowWish): GateWindow {
  const latestMs = nowMs - (timeoutSeconds + SLACK_SECONDS) * 1_000;
  const wishedMs = endMs ?? latestMs;
  if (wishedMs > nowMs)
    throw new Error(
      `The window's end is ${formatTime(wishedMs)}, and it is ${formatTime(nowMs)} now; allowed: a time that is past.`,
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
  /** Says from when on something can be judged, to somebody who waits. */
  readonly waitsFor: string;

  constructor(
    startMs: number,
    endMs: number,
    /** Milliseconds since 1970. */
    readonly readyAtMs: number,
  ) {
    super(
      `Of the window from ${formatTime(startMs)} to ${formatTime(endMs)} nothing is left: it ends a worker's ` +
        `time-out and ${SLACK_SECONDS} s before now, so that every run in it has ended. Ask again from ` +
        `${formatTime(readyAtMs)} on, or give --wait.`,
    );
    this.waitsFor = `nothing can be judged before ${new Date(readyAtMs).toISOString()}`;
  }
}
