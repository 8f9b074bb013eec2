import type { Evidence } from "./evidence";
import { judgeGate, type GateVerdict } from "./judge";
import { NoWindow } from "./window";
import type { CommandContext } from "../kit/context";
import { parseDurationSeconds } from "../kit/given-setting";
import { prepareFrame, takeLook, windowOfLook } from "./collect";
import type { DeployedStack } from "../kit/deployed-stack";
import type { VerifyOptions } from "./verify";

/** Time, as it is or as a test has it. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Milliseconds between two looks: CloudWatch's own grid. */
export const BETWEEN_LOOKS_MS = 60_000;

export interface Judged {
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

/** A gate that has not looked yet. It asks AWS for nothing but the account's limits. */
export async function openGate(
  context: CommandContext,
  stack: DeployedStack,
  options: VerifyOptions,
  clock: Pick<Clock, "nowMs">,
): Promise<Gate> {
  const frame = await prepareFrame(context, stack, options);
  const repeated = options.wait !== undefined;
  let [taken, startMs]: [number, number | undefined] = [0, undefined];
  return {
    look: async () => {
      const window = windowOfLook(options, frame, clock.nowMs(), startMs);
      startMs = window.startMs;
      const evidence = await takeLook(context, frame, window, { look: ++taken, repeated });
      return { evidence, verdict: judgeGate(evidence) };
    },
  };
}

/**
 * Reads the metrics and judges them; with `wait` again and again, each time with more of them, until there is a pass or
 * a fail or the time is over.
 */
export async function runGate(
  context: CommandContext,
  stack: DeployedStack,
  options: VerifyOptions,
  clock: Clock,
): Promise<Judged> {
  const opened = await openGate(context, stack, options, clock);
  const waitMs = options.wait === undefined ? 0 : parseDurationSeconds("wait", options.wait) * 1_000;
  const deadlineMs = clock.nowMs() + waitMs;
  return context.progress.step(
    waitMs > 0 ? `Read metrics until they decide, ${options.wait} at most` : "Read metrics",
    async (detail) => {
      for (;;) {
        const found = await nextLook(context, opened, clock, deadlineMs, detail);
        if (["pass", "fail"].includes(found.verdict.verdict) || clock.nowMs() + BETWEEN_LOOKS_MS > deadlineMs)
          return found;
        detail(describeOpenKpi(found.verdict));
        await clock.sleep(BETWEEN_LOOKS_MS, context.signal);
      }
    },
    ({ verdict }) => `${verdict.window.start} to ${verdict.window.end}`,
  );
}

/** A look; waited for where there is no window yet and time is left. */
async function nextLook(
  context: CommandContext,
  opened: Gate,
  clock: Clock,
  deadlineMs: number,
  detail: (text: string) => void,
): Promise<Judged> {
  for (;;) {
    try {
      return await opened.look();
    } catch (error) {
      if (!(error instanceof NoWindow) || error.readyAtMs > deadlineMs) throw error;
      detail(`nothing can be judged before ${new Date(error.readyAtMs).toISOString()}`);
      await clock.sleep(Math.max(1_000, error.readyAtMs - clock.nowMs()), context.signal);
    }
  }
}

/** The KPI that lacks most, with what it has and needs. */
export function describeOpenKpi({ kpis }: GateVerdict): string {
  const open = kpis.filter(({ verdict }) => verdict === "inconclusive" || verdict === "error");
  const counted = open
    .filter(({ needed, samples }) => needed !== null && samples !== null && needed > samples)
    .sort((left, right) => share(left) - share(right));
  const [first] = counted.length > 0 ? counted : open;
  if (!first) return "nothing is judged";
  const samples = first.needed !== null ? `: ${first.samples ?? 0} of ${first.needed} samples` : `: ${first.reason}`;
  return `${first.name}${samples}${open.length > 1 ? `, and ${open.length - 1} more are open` : ""}`;
}

const share = ({ samples, needed }: GateVerdict["kpis"][number]): number => (samples ?? 0) / (needed ?? 1);
