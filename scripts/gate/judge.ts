import type { Interval } from "../kit/quantiles";
import { type RateFinding, type RateRule, spendableChance, judgeRate } from "./rate";
import { samplesForPercentile, type Kpi } from "../../stacks/contract/settings";
import { compareWithBaseline, type RelativeFinding, ENOUGH_FOR_A_MEAN, FEWEST_FOR_A_LEVEL, judgeLevel } from "./level";
import type { Evidence } from "./evidence";
import { measureKpi, type KpiMeasured } from "./measured";
import { selectedKpis, hasVersions } from "./reads";
import { readNumber, explainUnmet } from "./settings";
import { time } from "./window";

/** What a gate may say. */
export type Verdict = "pass" | "fail" | "inconclusive" | "error";

/** What it may say of one KPI: `shown` where it has no target, `not applicable` where what it measures is not there. */
export type KpiOutcome = Verdict | "shown" | "not applicable";

/** Worst first: one failure is enough, and what could not be read may hide one. */
const BY_WEIGHT: readonly Verdict[] = ["fail", "error", "inconclusive", "pass"];

/** The whole from its parts. Nothing that was judged is no evidence, and no evidence never passes. */
export function worstVerdict(outcomes: readonly KpiOutcome[]): Verdict {
  return BY_WEIGHT.find((verdict) => outcomes.includes(verdict)) ?? "inconclusive";
}

/** Shares as percent, without binary's last digits. */
const toPercent = ({ low, high }: Interval): Interval => ({ low: tidy(low * 100), high: tidy(high * 100) });

const tidy = (value: number): number => Number(value.toPrecision(12));

export interface ShareToSay {
  readonly verdict: RateFinding["verdict"];
  readonly bad: number;
  readonly samples: number;
  readonly needed: number;
  /** A percentile: the bad ones are beyond its bound. */
  readonly beyond: boolean;
  readonly rule: RateRule;
}

/** Why a share was judged as it was. */
function shareReason({ verdict, bad, samples, needed, beyond, rule }: ShareToSay): string {
  if (samples === 0) return `no data; at least ${needed} samples are needed`;
  const counts = `${bad} of ${samples} ${beyond ? "beyond the bound" : "bad"}, allowed ${figure(rule.allowed * 100)} %`;
  if (verdict === "pass") return counts;
  if (verdict === "fail")
    return `${counts}: chance alone does that in at most ${figure(rule.falseAbort * 100)} % of windows`;
  if (bad / samples > rule.allowed) return `${counts}: more than allowed, but chance explains it so far`;
  return `${counts}; ${samples} of at least ${needed} samples`;
}

const figure = (value: number): string => String(Number(value.toPrecision(4)));

/** What was found of one KPI. */
export interface KpiVerdict {
  readonly name: string;
  readonly title: string;
  readonly unit: Kpi["unit"];
  readonly better: Kpi["better"];
  readonly verdict: KpiOutcome;
  readonly value: number | null;
  /** Target, in the unit; null = none. */
  readonly bound: number | null;
  readonly samples: number | null;
  /** Samples from which on a pass is possible with as many bad ones; null where samples do not decide. */
  readonly needed: number | null;
  /** Two-sided 95 % of the share `of`, in percent; null where there is none. */
  readonly interval: { readonly low: number; readonly high: number; readonly of: string } | null;
  readonly reason: string;
  /** Heading in RUNBOOK.md. */
  readonly runbook: string;
}

/** What a gate found. */
export interface GateVerdict {
  readonly verdict: Verdict;
  readonly window: { readonly start: string; readonly end: string; readonly seconds: number };
  readonly version: string | null;
  /** Version compared with, `saved` for saved evidence of no version, or null. */
  readonly baseline: string | null;
  readonly kpis: readonly KpiVerdict[];
}

type Finding = Pick<KpiVerdict, "verdict" | "value" | "samples" | "needed" | "interval" | "reason">;

/** Judges saved or fresh evidence: the same evidence, the same verdict. */
export function judgeGate(evidence: Evidence): GateVerdict {
  const { window, version } = evidence.candidate;
  const misses = missedByBaseline(evidence);
  const kpis = selectedKpis(evidence.only).map((kpi) => judgeKpi(kpi, evidence, misses));
  return {
    verdict: worstVerdict(kpis.map(({ verdict }) => verdict)),
    window: { start: time(window.startMs), end: time(window.endMs), seconds: (window.endMs - window.startMs) / 1_000 },
    version,
    baseline: evidence.baseline === null ? null : (evidence.baseline.version ?? "saved"),
    kpis,
  };
}

/**
 * The KPIs whose targets the baseline itself misses. Such a one is no measure for anything: what fails at once is fast,
 * and its fix would be refused for being slow. The candidate is then judged by the targets alone.
 */
function missedByBaseline({ baseline, ...evidence }: Evidence): readonly string[] {
  if (baseline === null) return [];
  const alone: Evidence = { ...evidence, candidate: baseline, baseline: null };
  return selectedKpis(evidence.only)
    .filter((kpi) => kpi.targetSetting !== undefined && judgeKpi(kpi, alone, []).verdict === "fail")
    .map(({ name }) => name);
}

function judgeKpi(kpi: Kpi, evidence: Evidence, missed: readonly string[]): KpiVerdict {
  const { name, title, unit, better, runbook } = kpi;
  const nothing = { value: null, samples: null, needed: null, interval: null };
  const result = (found: Finding, bound: number | null): KpiVerdict => ({
    name,
    title,
    unit,
    better,
    bound,
    ...found,
    runbook,
  });
  const condition = explainUnmet(kpi.when, evidence.settings);
  if (condition !== undefined)
    return result({ ...nothing, verdict: "not applicable", reason: `not applicable: ${condition}` }, null);
  if (evidence.candidate.version !== null && !hasVersions(kpi))
    return result(
      { ...nothing, verdict: "not applicable", reason: "not applicable: there is no such metric by version" },
      null,
    );
  try {
    const bound = kpi.targetSetting === undefined ? null : readNumber(evidence.settings, kpi.targetSetting);
    return result(judgeMeasured(kpi, evidence, bound, missed), bound);
  } catch (cause) {
    return result(
      { ...nothing, verdict: "error", reason: cause instanceof Error ? cause.message : String(cause) },
      null,
    );
  }
}

function judgeMeasured(kpi: Kpi, evidence: Evidence, bound: number | null, missed: readonly string[]): Finding {
  const measured = measureKpi(kpi, evidence.candidate, evidence);
  const falseAbort = spendableChance(evidence.looks);
  const absolute = bound === null ? showMeasured(measured) : judgeTarget(kpi, measured, bound, falseAbort);
  // What has no target is not asked for, against no baseline either.
  if (evidence.baseline === null || kpi.targetSetting === undefined) return absolute;
  if (missed.length > 0)
    return {
      ...absolute,
      reason: `${absolute.reason}; not compared, because the baseline misses its own target of ${missed.join(", ")}`,
    };
  const relative = compareWithBaseline(
    kpi,
    measured,
    measureKpi(kpi, evidence.baseline, evidence),
    evidence.limits,
    falseAbort,
  );
  return relative === null ? absolute : combineFindings(absolute, relative);
}

/** The worse of the two, and what both say. */
function combineFindings(absolute: Finding, relative: RelativeFinding): Finding {
  const reason = absolute.verdict === "shown" ? relative.says : `${absolute.reason}; ${relative.says}`;
  return { ...absolute, verdict: worstVerdict([absolute.verdict, relative.verdict]), reason };
}

function showMeasured({ value, samples, notes }: KpiMeasured): Finding {
  return {
    verdict: "shown",
    value,
    samples,
    needed: null,
    interval: null,
    reason: ["no target", ...notes, ...(value === null && notes.length === 0 ? ["no data"] : [])].join("; "),
  };
}

function judgeTarget(kpi: Kpi, measured: KpiMeasured, bound: number, falseAbort: number): Finding {
  const { value, samples, bad, notes } = measured;
  const minimum = kpi.minimumSamples ?? 1;
  if (bad !== null && samples !== null) return judgeShare(kpi, { ...measured, bad, samples }, bound, falseAbort);
  const common = {
    value,
    samples,
    needed: ["share", "ratio", "percentile", "mean", "cost"].includes(kpi.measure.kind) ? minimum : null,
    interval: null,
  };
  const say = (...reasons: readonly string[]) => [...reasons, ...notes].join("; ");
  if (value === null) return { ...common, verdict: "inconclusive", reason: say("no data") };
  if (["mean", "cost", "percentile"].includes(kpi.measure.kind))
    return { ...common, ...judgeKnownLevel(kpi, value, samples ?? 0, bound, say) };
  const within = kpi.better === "lower" ? value <= bound : value >= bound;
  return {
    ...common,
    verdict: within ? "pass" : "fail",
    reason: say(within ? "within the target" : "beyond the target"),
  };
}

/** A share, or a percentile as the share that is beyond its bound. */
function judgeShare(
  kpi: Kpi,
  { value, bad, samples, notes }: KpiMeasured & { readonly bad: number; readonly samples: number },
  bound: number,
  falseAbort: number,
): Finding {
  const { measure, better } = kpi;
  const beyond = measure.kind === "percentile";
  const allowed = beyond ? 1 - measure.percentile / 100 : (better === "lower" ? bound : 100 - bound) / 100;
  // 1 - 0.95 is not quite 0.05 in binary, and 10 of 200 must not be beyond it.
  const rule = { allowed: Number(allowed.toFixed(12)), minimumSamples: kpi.minimumSamples ?? 1, falseAbort };
  const { verdict, interval, needed } = judgeRate({ bad, samples }, rule);
  const shownInterval =
    interval === null
      ? null
      : beyond || better === "lower"
        ? toPercent(interval)
        : toPercent({ low: 1 - interval.high, high: 1 - interval.low });
  return {
    verdict,
    value,
    samples,
    needed: Number.isFinite(needed) ? needed : null,
    interval: shownInterval === null ? null : { ...shownInterval, of: beyond ? "samples beyond the bound" : "samples" },
    reason: [shareReason({ verdict, bad, samples, needed, beyond, rule }), ...notes].join("; "),
  };
}

function judgeKnownLevel(
  kpi: Kpi,
  value: number,
  samples: number,
  bound: number,
  say: (...reasons: readonly string[]) => string,
): Pick<Finding, "verdict" | "reason" | "needed"> {
  const { measure, better } = kpi;
  const enoughSamples = measure.kind === "percentile" ? samplesForPercentile(measure.percentile) : ENOUGH_FOR_A_MEAN;
  const minimum = kpi.minimumSamples ?? FEWEST_FOR_A_LEVEL;
  // Without its rank a percentile of few samples is a guess, whatever the list asks for.
  const samplesToPass = measure.kind === "percentile" ? enoughSamples : minimum;
  const verdict = judgeLevel(
    { value, samples },
    { bound, better, minimumSamples: Math.min(minimum, FEWEST_FOR_A_LEVEL), samplesToPass, enoughSamples },
  );
  if (verdict !== "inconclusive")
    return {
      verdict,
      needed: samplesToPass,
      reason: say(verdict === "pass" ? "within the target" : "beyond the target"),
    };
  const beyond = better === "lower" ? value > bound : value < bound;
  const needed = beyond ? enoughSamples : samplesToPass;
  return {
    verdict,
    needed,
    reason: say(`${beyond ? "beyond" : "within"} the target; ${samples} of at least ${needed} samples`),
  };
}
