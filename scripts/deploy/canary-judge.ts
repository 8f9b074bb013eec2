import { FRONT_DOOR_KPIS, type CanaryRecord } from "../../stacks/contract/settings";
import { functionsIn, weightOf, type FunctionName } from "./release";
import { type GateVerdict, type KpiVerdict, type Verdict, worstVerdict } from "../gate/judge";
import { selectedKpis, hasVersions } from "../gate/reads";
import type { CommandContext } from "../kit/context";
import { parseDeployedStack } from "../kit/deployed-stack";
import { NoWindow, openGate, describeOpenKpi, type Clock, type Gate } from "../gate/gate";
import type { VerifyOptions } from "../gate/verify";
import type { Outputs } from "./live-file";

/** What a look at the metrics found. */
export interface Look {
  readonly verdict: Verdict;
  /** Figures, for a person. */
  readonly reason: string;
}

/** Says whether the candidates are good. */
export interface Judge {
  /** Opens the judgement of the step that is in effect; each look has more evidence. */
  open(canary: CanaryRecord, outputs: Outputs): Promise<{ look(): Promise<Look> }>;
}

/** The KPIs by which a canary of a function is judged, all of them measured by version. */
export function kpisOf(name: FunctionName, only: readonly string[]): readonly string[] {
  const all = name === "api" ? FRONT_DOOR_KPIS : selectedKpis([]).filter(hasVersions);
  const wanted = all.filter((kpi) => only.includes(kpi.name));
  // An empty list would mean the KPIs of the whole deployment.
  return (wanted.length === 0 ? all : wanted).map((kpi) => kpi.name);
}

/** Judges by CloudWatch's metrics, as `quickturn verify` does. */
export function metricsJudge(context: CommandContext, clock: Pick<Clock, "nowMs">): Judge {
  return {
    open: async (canary, outputs) => {
      const gates = await Promise.all(
        functionsIn(canary.candidate).map(async (name) => ({
          name,
          gate: await openGate({
            context,
            stack: parseDeployedStack(outputs),
            options: gateOptions(name, canary),
            clock,
          }),
        })),
      );
      return {
        look: async () => {
          const looks = await Promise.all(gates.map(async ({ name, gate }) => ({ name, ...(await lookAt(gate)) })));
          return {
            verdict: worstVerdict(looks.map(({ verdict }) => verdict)),
            reason: looks.map(({ name, reason }) => (looks.length > 1 ? `${name}: ${reason}` : reason)).join("; "),
          };
        },
      };
    },
  };
}

async function lookAt(gate: Gate): Promise<Look> {
  try {
    const { verdict } = await gate.look();
    return { verdict: verdict.verdict, reason: describeVerdict(verdict) };
  } catch (error) {
    if (!(error instanceof NoWindow)) throw error;
    return { verdict: "inconclusive", reason: error.waitsFor };
  }
}

/**
 * While both versions have traffic, the candidate is judged by its own metrics, compared with the stable version's.
 * With all of the traffic it is judged by everything since then: Lambda reports no version of an alias without weights.
 */
export function gateOptions(name: FunctionName, canary: CanaryRecord): VerifyOptions {
  const [version, baseline] = [canary.candidate[name], canary.stable[name]];
  const weighted = weightOf(canary) < 100;
  return {
    smoke: false,
    only: kpisOf(name, canary.only),
    since: canary.since,
    // The longest window there may be, because everything since `since` counts.
    window: "1d",
    wait: `${canary.deadline_seconds}s`,
    maxLatencyRatio: String(canary.max_latency_ratio),
    ...(weighted && version !== null ? { version: String(version) } : {}),
    ...(weighted && baseline !== null ? { baseline: String(baseline) } : {}),
  };
}

/** Names the KPIs that decided, with their figures. */
function describeVerdict(verdict: GateVerdict): string {
  if (verdict.verdict === "inconclusive") return describeOpenKpi(verdict);
  const describe = ({ name, reason, samples }: KpiVerdict) =>
    verdict.verdict === "pass" ? `${name}${samples === null ? "" : ` of ${samples} samples`}` : `${name}: ${reason}`;
  const decisive = verdict.kpis.filter((kpi) => kpi.verdict === verdict.verdict);
  return decisive.map(describe).join(verdict.verdict === "pass" ? ", " : "; ");
}
