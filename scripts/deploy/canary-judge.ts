import { FRONT_DOOR_KPIS, type CanaryRecord } from "../../stacks/contract/settings";
import { named, weightOf, type FunctionName } from "./release";
import { type GateVerdict, type KpiVerdict, worstVerdict } from "../gate/judge";
import { selectedKpis, hasVersions } from "../gate/reads";
import { NoWindow } from "../gate/window";
import type { CommandContext } from "../kit/context";
import { parseDeployedStack } from "../kit/deployed-stack";
import { openGate, describeOpenKpi, type Clock } from "../gate/gate";
import type { VerifyOptions } from "../gate/verify";
import type { Judge, Look } from "./canary-ports";

/** The KPIs that a canary of a function is judged by: those of its versions. */
export function kpisOf(name: FunctionName, only: readonly string[]): readonly string[] {
  const all = name === "api" ? FRONT_DOOR_KPIS : selectedKpis([]).filter(hasVersions);
  const wanted = all.filter((kpi) => only.includes(kpi.name));
  // None of its own named: an empty list would be the whole deployment's.
  return (wanted.length === 0 ? all : wanted).map((kpi) => kpi.name);
}

/** Judges by CloudWatch's metrics, by the gate of `quickturn verify`. */
export function metricsJudge(context: CommandContext, clock: Pick<Clock, "nowMs">): Judge {
  return {
    open: async (canary, outputs) => {
      const gates = await Promise.all(
        named(canary.candidate).map(async (name) => ({
          name,
          gate: await openGate(context, parseDeployedStack(outputs), gateOptions(name, canary), clock),
        })),
      );
      return {
        look: async () => {
          const looks = await Promise.all(
            gates.map(async ({ name, gate }) => ({ name, ...(await lookOf(() => gate.look())) })),
          );
          return {
            verdict: worstVerdict(looks.map(({ verdict }) => verdict)),
            reason: looks.map(({ name, reason }) => (looks.length > 1 ? `${name}: ${reason}` : reason)).join("; "),
          };
        },
      };
    },
  };
}

async function lookOf(look: () => Promise<{ readonly verdict: GateVerdict }>): Promise<Look> {
  try {
    const { verdict } = await look();
    return { verdict: verdict.verdict, reason: reasonOf(verdict) };
  } catch (error) {
    // Nothing to judge yet is no failure to ask.
    if (error instanceof NoWindow)
      return {
        verdict: "inconclusive",
        reason: `nothing can be judged before ${new Date(error.readyAtMs).toISOString()}`,
      };
    throw error;
  }
}

/**
 * While both versions have traffic, the candidate is judged by its own metrics, beside the stable one's. With all of it
 * there is nothing beside it, and Lambda tells no version of an alias without weights: then by what ran since.
 */
export function gateOptions(name: FunctionName, canary: CanaryRecord): VerifyOptions {
  const [version, baseline] = [canary.candidate[name], canary.stable[name]];
  const weighted = weightOf(canary) < 100;
  return {
    smoke: false,
    only: kpisOf(name, canary.only),
    since: canary.since,
    // Everything since then: the longest that one window may be.
    window: "1d",
    wait: `${canary.deadline_seconds}s`,
    maxLatencyRatio: String(canary.max_latency_ratio),
    ...(weighted && version !== null ? { version: String(version) } : {}),
    ...(weighted && baseline !== null ? { baseline: String(baseline) } : {}),
  };
}

/** What decided, with its figures. */
function reasonOf(verdict: GateVerdict): string {
  const said = (kpis: readonly KpiVerdict[]) => kpis.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  if (verdict.verdict === "inconclusive") return describeOpenKpi(verdict);
  const decisive = verdict.kpis.filter((kpi) => kpi.verdict === verdict.verdict);
  return verdict.verdict === "pass"
    ? decisive.map(({ name, samples }) => `${name}${samples === null ? "" : ` of ${samples} samples`}`).join(", ")
    : said(decisive);
}
