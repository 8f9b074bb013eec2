import { findCauses, ONE_VCPU_MIB, type Cause, type CauseId } from "./causes";
import { counted, percent, roundSeconds, seconds } from "../kit/figures";
import { type RunAnalysis, NEAR_FULL_PERCENT, usualSize } from "./analysis";

/** Limits of a setting that a value must keep. */
export interface SettingLimits {
  readonly name: string;
  readonly type: string;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly effect: string;
}

/** A value for a setting. */
export interface Recommendation {
  /** Terraform variable. */
  readonly setting: string;
  readonly value: number | boolean;
  /** What it is expected to do, with the figures it comes from. */
  readonly expected: string;
  /** `hypothesis`: to be measured first. A tfvars file has it as a comment only. */
  readonly certainty: "high" | "moderate" | "hypothesis";
  /** What applying it does, as the table of settings says. */
  readonly effect: string;
}

/** What is recommended, and why not more. */
export interface Recommended {
  readonly settings: readonly Recommendation[];
  /** Why nothing is recommended where something could have been expected. */
  readonly withheld: readonly string[];
}

type Draft = Omit<Recommendation, "effect">;

/** Share of the memory that the largest run may use: below the 80 % at which it counts as close. */
const MAX_USED_SHARE = 0.7;
/** What a function would use that used all it had is unknown; twice as much is assumed. */
const CENSORED_PERCENT = 95;
const CENSORED_FACTOR = 2;
const MEMORY_STEP_MIB = 256;
/** Below this share of its size a function has more than it uses, if not more than its CPU is good for. */
const ROOMY_PERCENT = 35;
/** Lambda's own limits (developer guide, read 2026-08). */
const MAX_TIMEOUT_SECONDS = 900;
const MAX_MEMORY_MIB = 10_240;
/** Fewer runs say too little about the largest. */
const MIN_RUNS = 100;

/**
 * Settings that the evidence supports, in the order of the table, within its limits.
 * @param settings the table: a recommendation for a setting that is not in it is an error
 */
export function recommend(analysis: RunAnalysis, settings: readonly SettingLimits[]): Recommended {
  const role = roleOf(analysis.functions);
  if (role === "mixed")
    return {
      settings: [],
      withheld: [
        `The lines are of several functions (${analysis.functions.slice(0, 5).join(", ")}): analyze one of them at a time.`,
      ],
    };
  const causes = new Map(findCauses(analysis).map((cause) => [cause.id, cause]));
  const drafts = [
    ...memory(analysis),
    ...timeout(analysis),
    ...agents(causes),
    ...provisioned(analysis, causes),
    ...heartbeat(causes),
    ...durationAlarm(analysis),
  ];
  const withheld: string[] = [];
  const kept = drafts.flatMap((draft) => {
    const setting = role === "api" ? API_SETTINGS[draft.setting] : draft.setting;
    if (setting === undefined) return [];
    const limits = settings.find(({ name }) => name === setting);
    if (!limits)
      throw new Error(
        `There is no setting ${setting} to recommend; known: ${settings.map(({ name }) => name).join(", ")}`,
      );
    const refused = refusal(draft.value, limits);
    if (refused !== undefined) withheld.push(refused);
    return refused === undefined ? [{ ...draft, setting, effect: limits.effect }] : [];
  });
  const order = (name: string) => settings.findIndex((setting) => setting.name === name);
  return { settings: kept.sort((left, right) => order(left.setting) - order(right.setting)), withheld };
}

/** The front door has settings of its own; the other settings are the worker's. */
const API_SETTINGS: Readonly<Record<string, string>> = {
  memory_size: "api_memory_size",
  provisioned_concurrent_executions: "api_provisioned_concurrent_executions",
  heartbeat_enabled: "heartbeat_enabled",
};

/** Without a name it is the worker, which does the work. */
function roleOf(functions: readonly string[]): "worker" | "api" | "mixed" {
  if (functions.length > 1) return "mixed";
  return functions[0]?.endsWith("-api") ? "api" : "worker";
}

function refusal(value: number | boolean, { name, type, minimum, maximum, unit }: SettingLimits): string | undefined {
  if (typeof value !== (type === "bool" ? "boolean" : type)) return `${name} would be ${value}; allowed: a ${type}.`;
  const outside = typeof value === "number" && (value < (minimum ?? -Infinity) || value > (maximum ?? Infinity));
  return outside
    ? `${name} would be ${value}; allowed: from ${minimum} to ${maximum} ${unit ?? ""}`.trimEnd() + "."
    : undefined;
}

const rounded = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Never below what was used with its head-room. */
function memory({ memory: use, count }: RunAnalysis): Draft[] {
  const usual = usualSize(use);
  const mostUsed = Math.max(...use.sizes.map(({ usedMaxMiB }) => usedMaxMiB));
  const percentUsed = (mostUsed / usual.sizeMiB) * 100;
  if (percentUsed >= CENSORED_PERCENT) {
    const value = Math.min(
      MAX_MEMORY_MIB,
      rounded((usual.sizeMiB * CENSORED_FACTOR) / MAX_USED_SHARE, MEMORY_STEP_MIB),
    );
    if (value <= usual.sizeMiB) return [];
    return [
      {
        setting: "memory_size",
        value,
        certainty: "high",
        expected: `Room: runs used ${mostUsed} of ${usual.sizeMiB} MB (${percent(percentUsed)}), so what they would use is unknown. Twice the size is assumed, with ${percent((1 - MAX_USED_SHARE) * 100)} left free. That more is needed is sure, how much is not: analyze again afterwards.`,
      },
    ];
  }
  const value = rounded(mostUsed / MAX_USED_SHARE, MEMORY_STEP_MIB);
  if (percentUsed >= NEAR_FULL_PERCENT) {
    return [
      {
        setting: "memory_size",
        value,
        certainty: "high",
        expected: `Room: runs used up to ${mostUsed} of ${usual.sizeMiB} MB (${percent(percentUsed)}); ${percent((1 - MAX_USED_SHARE) * 100)} stay free.`,
      },
    ];
  }
  // Under one vCPU less memory is less CPU; above it a handler of one thread loses little.
  const less = Math.max(value, rounded(ONE_VCPU_MIB, MEMORY_STEP_MIB));
  if (percentUsed >= ROOMY_PERCENT || less >= usual.sizeMiB || count < MIN_RUNS) return [];
  return [
    {
      setting: "memory_size",
      value: less,
      certainty: "hypothesis",
      expected: `Cheaper: ${counted(count, "run")} used at most ${mostUsed} of ${usual.sizeMiB} MB (${percent(percentUsed)}), and ${less} MB still are one vCPU. Whether the runs stay as fast must be measured.`,
    },
  ];
}

/** A run that was ended by the time-out would have needed longer. */
function timeout({ endings, maxMs, count }: RunAnalysis): Draft[] {
  if (endings.timeoutMs !== null) {
    const value = Math.min(MAX_TIMEOUT_SECONDS, rounded((endings.timeoutMs * 2) / 1_000, 30));
    if (value * 1_000 <= endings.timeoutMs * 1.02) return [];
    return [
      {
        setting: "timeout",
        value,
        certainty: "moderate",
        expected: `Runs that ended by time-out at ${seconds(endings.timeoutMs)} get twice as long. A run that hangs is not helped, and costs twice as much.`,
      },
    ];
  }
  if (count < MIN_RUNS) return [];
  const value = Math.max(30, rounded((maxMs * 3) / 1_000, 30));
  if (value >= MAX_TIMEOUT_SECONDS) return [];
  return [
    {
      setting: "timeout",
      value,
      certainty: "hypothesis",
      expected: `A run that hangs is given up after three times the longest of ${counted(count, "run")} (${seconds(maxMs)}), and tried again sooner. A rarer, longer run would be cut off.`,
    },
  ];
}

function agents(causes: ReadonlyMap<CauseId, Cause>): Draft[] {
  if (!causes.has("sequential_agents")) return [];
  return [
    {
      setting: "max_parallel_agents",
      value: 0,
      certainty: "hypothesis",
      expected:
        "If agents ran one after the other, a phase takes as long as its slowest agent instead of their sum. Nothing changes where it is 0 already.",
    },
  ];
}

/** Only where init is a part of the wait that somebody notices. */
function provisioned({ cold, percentiles }: RunAnalysis, causes: ReadonlyMap<CauseId, Cause>): Draft[] {
  const p50 = percentiles[0]!.valueMs;
  if (!causes.has("cold_starts") || cold.initP50Ms === null || cold.initP50Ms < 0.1 * p50) return [];
  return [
    {
      setting: "provisioned_concurrent_executions",
      value: 2,
      certainty: "moderate",
      expected: `Up to two runs at once start warm: ${percent(cold.percent)} of them waited ${seconds(cold.initP50Ms)} of init beside a P50 of ${seconds(p50)}. Billed by the hour; how many run at once is not in the lines. Not while canary_weight is above 0.`,
    },
  ];
}

function heartbeat(causes: ReadonlyMap<CauseId, Cause>): Draft[] {
  const stale = causes.get("stale_connection");
  if (!stale) return [];
  return [
    {
      setting: "heartbeat_enabled",
      value: true,
      certainty: "moderate",
      expected: `No run waits for a connection that died while idle, if that is what this is: ${stale.evidence}`,
    },
  ];
}

/**
 * Of the average of five minutes; with one run in them that is the run itself, so the bound is one that few runs pass.
 */
function durationAlarm({ percentiles, maxMs, count }: RunAnalysis): Draft[] {
  const p99 = percentiles.find(({ percentile }) => percentile === 99)!;
  const value = Math.max(1_000, rounded(p99.highMs ?? maxMs * 1.2, 1_000));
  // No run is longer than Lambda's limit, so no average passes it.
  if (value >= MAX_TIMEOUT_SECONDS * 1_000) return [];
  if (p99.highMs === null) {
    return [
      {
        setting: "alarm_duration_threshold",
        value,
        certainty: "hypothesis",
        expected: `A fifth above the longest run (${seconds(maxMs)}). With ${counted(count, "run")} P99 has no upper bound (it takes ${p99.runsForInterval}); it suits the runs as they are.`,
      },
    ];
  }
  return [
    {
      setting: "alarm_duration_threshold",
      value,
      certainty: "moderate",
      expected: `Speaks when the average of 5 minutes passes ${roundSeconds(value)}, the upper bound of P99 (${seconds(p99.valueMs)}): as the runs are, fewer than 1 in 100 passes it alone. Set it again after a change.`,
    },
  ];
}
