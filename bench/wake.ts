import type { CommandContext } from "../scripts/kit/context";
import { inLanes } from "./agents";
import type { BenchResult } from "./results";
import type { Variant } from "./wake-probe";
import { report } from "./wake-report";
import { WakeRig, type Incident, type WakeCase, type WakeSample, type WakeTimes } from "./wake-rig";

const INCIDENTS: readonly Incident[] = ["black hole", "freeze", "reset"];
/** Open ones: a client that tries three times wakes up with one dead socket, and does not with five. */
const SOCKETS = [1, 5] as const;

const TIMES: WakeTimes = { idleMs: 1_800_000, frozenMs: 300, requestTimeoutMs: 2_000, cutMs: 10_000 };

/**
 * Some variants answer in milliseconds, so nothing may run beside them; the others wait, which they may do together.
 */
const GROUPS: readonly { readonly title: string; readonly variants: readonly Variant[]; readonly atOnce: number }[] = [
  { title: "Wake our connection, and a fresh one", variants: ["ours", "fresh"], atOnce: 1 },
  { title: "Wake the SDK's own", variants: ["default", "keep-alive", "time-outs"], atOnce: 8 },
];

/** How long `bench wake` may take. */
export interface WakeOptions {
  /** How often each case is measured. Default: 5. */
  readonly runs?: number;
  /** Milliseconds after which a call that hangs is cut. Default: 10,000. */
  readonly cutMs?: number;
}

/**
 * Compares how SDK clients wake up with dead connections: time to the first answer. Exit code 1 where ours takes more
 * than 50 ms, or is not 10 times faster than the default where that hangs.
 */
export async function benchWake(
  { projectDirectory, progress, signal }: CommandContext,
  { runs = 5, cutMs = TIMES.cutMs }: WakeOptions = {},
): Promise<BenchResult> {
  const times = { ...TIMES, cutMs };
  const rig = await progress.step("Bundle the probe", () => WakeRig.open(projectDirectory));
  try {
    const samples: WakeSample[] = [];
    for (const { title, variants, atOnce } of GROUPS) {
      const cases = casesOf(variants, runs);
      const measure = (detail: (text: string) => void) =>
        inLanes(atOnce, cases, (subject, index) => {
          signal.throwIfAborted();
          detail(`${index + 1} of ${cases.length}: ${subject.variant}, ${subject.incident}, ${subject.sockets}`);
          return rig.measure(subject, times);
        });
      samples.push(...(await progress.step(title, measure, (measured) => `${measured.length} calls`)));
    }
    return report(samples, times, "nodejs22.x");
  } finally {
    await rig.close();
  }
}

/** Run by run, so that a busy moment of the machine meets all of them. */
function casesOf(variants: readonly Variant[], runs: number): WakeCase[] {
  return Array.from({ length: runs }).flatMap(() =>
    INCIDENTS.flatMap((incident) =>
      SOCKETS.flatMap((sockets) => variants.map((variant) => ({ variant, incident, sockets }))),
    ),
  );
}
