import type { Kpi } from "../../stacks/contract/settings";
import { fisherTail } from "../kit/quantiles";
import { formatTime, type Evidence, type RelativeLimits } from "./evidence";
import { measureKpi, type KpiMeasured } from "./measured";
import { explainUnmet, hasVersions, readNumber, selectedKpis } from "./reads";
import { enoughSamplesFor, FEWEST_FOR_A_LEVEL, figure, judgeLevel, judgeTarget, spendableChance } from "./target";

/** What a gate may say. */
export type Verdict = "pass" | "fail" | "inconclusive" | "error";

/** What it may say of one KPI: `shown` where it has no target, `not applicable` where what it measures is not there. */
export type KpiOutcome = Verdict | "shown" | "not applicable";

/** Worst first: one failure is enough, and what could not be read may hide one. */
const BY_WEIGHT: readonly Verdict[] = ["fail", "error", "inconclusive", "pass"];

/** The verdict on all parts. Where nothing was judged it is inconclusive: no evidence never passes. */
export function worstVerdict(outcomes: readonly KpiOutcome[]): Verdict {
  return BY_WEIGHT.find((verdict) => outcomes.includes(verdict)) ?? "inconclusive";
}

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

/** The part of a KPI's verdict that its metrics decide. */
export type Finding = Pick<KpiVerdict, "verdict" | "value" | "samples" | "needed" | "interval" | "reason">;

/** Judges saved or fresh evidence: the same evidence, the same verdict. */
export function judgeGate(evidence: Evidence): GateVerdict {
  const { window, version } = evidence.candidate;
  const missed = missedByBaseline(evidence);
  const kpis = selectedKpis(evidence.only).map((kpi) => judgeKpi(kpi, evidence, missed));
  return {
    verdict: worstVerdict(kpis.map(({ verdict }) => verdict)),
    window: {
      start: formatTime(window.startMs),
      end: formatTime(window.endMs),
      seconds: (window.endMs - window.startMs) / 1_000,
    },
    version,
    baseline: evidence.baseline === null ? null : (evidence.baseline.version ?? "saved"),
    kpis,
  };
}

/**
 * Names the KPIs whose targets the baseline itself misses. Nothing is then compared with it: what fails at once is
 * fast, and its fix would be refused for being slow.
 */
function missedByBaseline({ baseline, ...evidence }: Evidence): readonly string[] {
  if (baseline === null) return [];
  const alone: Evidence = { ...evidence, candidate: baseline, baseline: null };
  return selectedKpis(evidence.only)
    .filter((kpi) => kpi.targetSetting !== undefined && judgeKpi(kpi, alone, []).verdict === "fail")
    .map(({ name }) => name);
}

/** @param missed KPIs whose targets the baseline misses */
function judgeKpi(kpi: Kpi, evidence: Evidence, missed: readonly string[]): KpiVerdict {
  const { name, title, unit, better, runbook } = kpi;
  const nothing = { value: null, bound: null, samples: null, needed: null, interval: null };
  const about: KpiVerdict = { name, title, unit, better, verdict: "error", ...nothing, reason: "", runbook };
  const missing =
    explainUnmet(kpi.when, evidence.settings) ??
    (evidence.candidate.version !== null && !hasVersions(kpi) ? "there is no such metric by version" : undefined);
  if (missing !== undefined) return { ...about, verdict: "not applicable", reason: `not applicable: ${missing}` };
  try {
    const bound = kpi.targetSetting === undefined ? null : readNumber(evidence.settings, kpi.targetSetting);
    const measured = measureKpi(kpi, evidence.candidate, evidence);
    const falseAbort = spendableChance(evidence.looks);
    const absolute = bound === null ? showMeasured(measured) : judgeTarget({ kpi, measured, bound, falseAbort });
    // What has no target is not asked for, against no baseline either.
    if (evidence.baseline === null || kpi.targetSetting === undefined) return { ...about, bound, ...absolute };
    if (missed.length > 0) {
      const why = `not compared, because the baseline misses its own target of ${missed.join(", ")}`;
      return { ...about, bound, ...absolute, reason: `${absolute.reason}; ${why}` };
    }
    const baseline = measureKpi(kpi, evidence.baseline, evidence);
    const { limits } = evidence;
    const relative = compareWithBaseline({ kpi, candidate: measured, baseline, limits, falseAbort });
    return { ...about, bound, ...(relative === null ? absolute : combineFindings(absolute, relative)) };
  } catch (cause) {
    return { ...about, reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Takes the worse of the two, and what both say. */
function combineFindings(absolute: Finding, { verdict, says }: RelativeFinding): Finding {
  const reason = absolute.verdict === "shown" ? says : `${absolute.reason}; ${says}`;
  return { ...absolute, verdict: worstVerdict([absolute.verdict, verdict]), reason };
}

function showMeasured({ value, samples, notes }: KpiMeasured): Finding {
  const why = value === null && notes.length === 0 ? ["no data"] : notes;
  return { verdict: "shown", value, samples, needed: null, interval: null, reason: ["no target", ...why].join("; ") };
}

/** What a comparison with a baseline found. */
interface RelativeFinding {
  readonly verdict: Exclude<Verdict, "error">;
  /** A clause for the reason. */
  readonly says: string;
}

/** A KPI of a candidate and of its baseline. */
interface Compared {
  readonly kpi: Kpi;
  readonly candidate: KpiMeasured;
  readonly baseline: KpiMeasured;
  readonly limits: RelativeLimits;
  /** Chance to fail a candidate that is as good as its baseline. */
  readonly falseAbort: number;
}

/**
 * Compares a candidate with its baseline: durations by a ratio of values, cost by another, shares by Fisher's exact
 * test, so that a worse share fails only where chance does not explain it. null for what cannot be compared: counts,
 * peaks, numbers of settings.
 */
function compareWithBaseline(compared: Compared): RelativeFinding | null {
  const { kpi, candidate, baseline, limits } = compared;
  const { kind } = kpi.measure;
  if (!["percentile", "mean", "share", "ratio", "cost"].includes(kind)) return null;
  const minimum = kpi.minimumSamples ?? FEWEST_FOR_A_LEVEL;
  const lacksSamples = (who: string, samples: number): RelativeFinding => ({
    verdict: "inconclusive",
    says: `the ${who} has ${samples} of at least ${minimum} samples to compare`,
  });
  const [own, base] = [candidate.samples ?? 0, baseline.samples ?? 0];
  if (baseline.value === null || base < minimum) return lacksSamples("baseline", base);
  if (candidate.value === null || own < 1) return lacksSamples("candidate", own);
  if (kind === "share" || kind === "ratio") return compareShares(compared);
  const ratio = kind === "cost" ? limits.maxCostRatio : limits.maxLatencyRatio;
  const verdict = judgeLevel(
    { value: candidate.value, samples: Math.min(own, base) },
    {
      bound: kpi.better === "lower" ? baseline.value * ratio : baseline.value / ratio,
      better: kpi.better,
      minimumSamples: minimum,
      samplesToPass: minimum,
      enoughSamples: enoughSamplesFor(kpi),
    },
  );
  const times =
    baseline.value === 0
      ? "the baseline is 0"
      : `${(candidate.value / baseline.value).toFixed(2)} x the baseline's ${figure(baseline.value)}`;
  return { verdict, says: `${times}; allowed ${ratio} x` };
}

function compareShares({ candidate, baseline, falseAbort }: Compared): RelativeFinding {
  const count = ({ bad, samples }: KpiMeasured) => ({ successes: bad ?? 0, samples: samples ?? 0 });
  const [first, second] = [count(candidate), count(baseline)];
  const chance = fisherTail(first, second);
  const worse = first.successes * second.samples > second.successes * first.samples;
  const counts =
    `${first.successes} of ${first.samples} against ${second.successes} of ${second.samples} ` + "of the baseline";
  if (worse && chance <= falseAbort)
    return { verdict: "fail", says: `${counts}: worse, and chance does that with ${chance.toPrecision(2)}` };
  return { verdict: "pass", says: `${counts}: not significantly worse` };
}
