import type { Evidence } from "../../judges/gate/evidence";
import { judgeGate, type GateVerdict } from "../../judges/gate/judge";
import { NoWindow, type GateWindow } from "../../judges/gate/window";
import type { CommandContext } from "../context";
import { frameOf, look, windowOf, type Frame } from "./collect";
import type { DeployedStack } from "./deployment";
import { durationSeconds, type VerifyOptions } from "./options";

/** Time, as it is or as a test has it. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Milliseconds between two looks: CloudWatch's own grid. */
const BETWEEN_LOOKS_MS = 60_000;

export interface Judged {
  readonly evidence: Evidence;
  readonly verdict: GateVerdict;
}

/** Reads the metrics and judges them; with `wait` again and again, each time with more of them, until there is a pass or a fail or the time is over. */
export async function gate(context: CommandContext, stack: DeployedStack, options: VerifyOptions, clock: Clock): Promise<Judged> {
  const frame = await frameOf(context, stack, options);
  const waitMs = options.wait === undefined ? 0 : durationSeconds("wait", options.wait) * 1_000;
  const deadlineMs = clock.nowMs() + waitMs;
  return context.progress.step(
    waitMs > 0 ? `Read metrics until they decide, ${options.wait} at most` : "Read metrics",
    async (detail) => {
      let [taken, startMs]: [number, number | undefined] = [0, undefined];
      for (;;) {
        const window = await nextWindow(context, options, frame, clock, startMs, deadlineMs, detail);
        startMs = window.startMs;
        taken += 1;
        const evidence = await look(context, frame, window, { look: taken, repeated: waitMs > 0 });
        const verdict = judgeGate(evidence);
        if (["pass", "fail"].includes(verdict.verdict) || clock.nowMs() + BETWEEN_LOOKS_MS > deadlineMs) return { evidence, verdict };
        detail(waitedFor(verdict));
        await clock.sleep(BETWEEN_LOOKS_MS, context.signal);
      }
    },
    ({ verdict }) => `${verdict.window.start} to ${verdict.window.end}`,
  );
}

/** The window, waited for where there is none yet and time is left. */
async function nextWindow(context: CommandContext, options: VerifyOptions, frame: Frame, clock: Clock, startMs: number | undefined, deadlineMs: number, detail: (text: string) => void): Promise<GateWindow> {
  for (;;) {
    try {
      return windowOf(options, frame, clock.nowMs(), startMs);
    } catch (error) {
      if (!(error instanceof NoWindow) || error.readyAtMs > deadlineMs) throw error;
      detail(`nothing can be judged before ${new Date(error.readyAtMs).toISOString()}`);
      await clock.sleep(Math.max(1_000, error.readyAtMs - clock.nowMs()), context.signal);
    }
  }
}

/** The KPI that lacks most, with what it has and needs. */
function waitedFor({ kpis }: GateVerdict): string {
  const open = kpis.filter(({ verdict }) => verdict === "inconclusive" || verdict === "error");
  const counted = open.filter(({ needed, samples }) => needed !== null && samples !== null && needed > samples).sort((left, right) => share(left) - share(right));
  const [first] = counted.length > 0 ? counted : open;
  if (!first) return "nothing is judged";
  const samples = first.needed !== null ? `: ${first.samples ?? 0} of ${first.needed} samples` : `: ${first.reason}`;
  return `${first.name}${samples}${open.length > 1 ? `, and ${open.length - 1} more are open` : ""}`;
}

const share = ({ samples, needed }: GateVerdict["kpis"][number]): number => (samples ?? 0) / (needed ?? 1);
