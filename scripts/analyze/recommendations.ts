import type { Setting } from "../../stacks/contract/settings";
import { counted, percent, roundSeconds, seconds } from "../kit/figures";
import { findPercentile, findUsualSize, NEAR_FULL_PERCENT, type RunAnalysis } from "./analysis";
import { ONE_VCPU_MIB } from "../../stacks/contract/fixed";
import type { Cause, CauseId } from "./causes";

/** A value for a setting. */
export interface Recommendation {
  /** Terraform variable. */
  readonly setting: string;
  readonly value: number | boolean;
  /** What it is expected to change, with the figures behind it. */
  readonly expected: string;
  /** `hypothesis`: to be measured first. A tfvars file has it as a comment only. */
  readonly certainty: "high" | "moderate" | "hypothesis";
  /** What applying it does, as the table of settings says. */
  readonly effect: string;
}

/** The recommended settings, and why there are not more. */
export interface Recommended {
  readonly settings: readonly Recommendation[];
  /** Why nothing is recommended where a recommendation could have been expected. */
  readonly withheld: readonly string[];
}

type Draft = Omit<Recommendation, "effect">;

/** Share of the memory that the largest run may use: less than the 80 % from which on it counts as close. */
const MAX_USED_SHARE = 0.7;
const FREE_PERCENT = percent((1 - MAX_USED_SHARE) * 100);
/** From here on a run may have needed more than it had; twice the size is assumed. */
const CENSORED_PERCENT = 95;
const CENSORED_FACTOR = 2;
const MEMORY_STEP_MIB = 256;
/** A function that uses a smaller share of its memory may need less of it. */
const ROOMY_PERCENT = 35;
/** Lambda's own limits (developer guide, read 2026-08). */
const MAX_TIMEOUT_SECONDS = 900;
const MAX_MEMORY_MIB = 10_240;
/** Fewer runs say too little about the largest. */
const MIN_RUNS = 100;

/**
 * Recommends settings that the evidence supports, in the order of the table and within its limits.
 * @param settings the table: a recommendation for a setting that is not in it is an error
 */
export function recommend(analysis: RunAnalysis, causes: readonly Cause[], settings: readonly Setting[]): Recommended {
  const { functions } = analysis;
  if (functions.length > 1) {
    const names = functions.slice(0, 5).join(", ");
    return {
      settings: [],
      withheld: [`The lines are of several functions (${names}): analyze one of them at a time.`],
    };
  }
  // Without a name it is the worker, which does the work.
  const isFrontDoor = functions[0]?.endsWith("-api") === true;
  const found = new Map(causes.map((cause) => [cause.id, cause]));
  const recommended: Recommendation[] = [];
  const withheld: string[] = [];
  for (const draft of ADVISERS.map((advise) => advise(analysis, found))) {
    const name = isFrontDoor ? FRONT_DOOR_SETTINGS[draft?.setting ?? ""] : draft?.setting;
    if (draft === undefined || name === undefined) continue;
    const setting = settings.find((each) => each.name === name);
    if (!setting)
      throw new Error(
        `There is no setting ${name} to recommend; known: ${settings.map((each) => each.name).join(", ")}`,
      );
    const refused = refuseValue(draft.value, setting);
    if (refused === undefined) recommended.push({ ...draft, setting: name, effect: setting.effect });
    else withheld.push(refused);
  }
  const findPlace = ({ setting }: Recommendation) => settings.findIndex(({ name }) => name === setting);
  return { settings: recommended.sort((left, right) => findPlace(left) - findPlace(right)), withheld };
}

/** The front door's settings in place of the worker's. */
const FRONT_DOOR_SETTINGS: Readonly<Record<string, string>> = {
  memory_size: "api_memory_size",
  provisioned_concurrent_executions: "api_provisioned_concurrent_executions",
  heartbeat_enabled: "heartbeat_enabled",
};

function refuseValue(value: number | boolean, setting: Setting): string | undefined {
  if (typeof value !== (setting.type === "bool" ? "boolean" : setting.type))
    return `${setting.name} would be ${value}; allowed: a ${setting.type}.`;
  if (setting.type !== "number" || typeof value !== "number") return undefined;
  const { name, minimum, maximum, unit } = setting;
  if (value >= minimum && value <= maximum) return undefined;
  return `${name} would be ${value}; allowed: from ${minimum} to ${maximum} ${unit}.`;
}

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

type Causes = ReadonlyMap<CauseId, Cause>;
const ADVISERS: readonly ((analysis: RunAnalysis, causes: Causes) => Draft | undefined)[] = [
  adviseMemory,
  adviseTimeout,
  adviseParallelAgents,
  adviseProvisionedConcurrency,
  adviseHeartbeat,
  adviseDurationAlarm,
];

/** The value is always above the memory that was used. */
function adviseMemory({ memory, count }: RunAnalysis): Draft | undefined {
  const { sizeMiB } = findUsualSize(memory);
  const mostUsed = Math.max(...memory.sizes.map(({ usedMaxMiB }) => usedMaxMiB));
  const usedPercent = (mostUsed / sizeMiB) * 100;
  const used = `${mostUsed} of ${sizeMiB} MB (${percent(usedPercent)})`;
  const roomy = roundUp(mostUsed / MAX_USED_SHARE, MEMORY_STEP_MIB);
  if (usedPercent >= CENSORED_PERCENT) {
    const value = Math.min(MAX_MEMORY_MIB, roundUp((sizeMiB * CENSORED_FACTOR) / MAX_USED_SHARE, MEMORY_STEP_MIB));
    if (value <= sizeMiB) return undefined;
    const expected =
      `Room: runs used ${used}, so what they would use is unknown. Twice the size is assumed, with ${FREE_PERCENT} ` +
      "left free. That more is needed is sure, how much is not: analyze again afterwards.";
    return { setting: "memory_size", value, certainty: "high", expected };
  }
  if (usedPercent >= NEAR_FULL_PERCENT) {
    const expected = `Room: runs used up to ${used}; ${FREE_PERCENT} stay free.`;
    return { setting: "memory_size", value: roomy, certainty: "high", expected };
  }
  // Below one vCPU less memory means less CPU; above it a handler with one thread loses little.
  const less = Math.max(roomy, roundUp(ONE_VCPU_MIB, MEMORY_STEP_MIB));
  if (usedPercent >= ROOMY_PERCENT || less >= sizeMiB || count < MIN_RUNS) return undefined;
  const expected =
    `Cheaper: ${counted(count, "run")} used at most ${used}, and ${less} MB still are one vCPU. ` +
    "Whether the runs stay as fast must be measured.";
  return { setting: "memory_size", value: less, certainty: "hypothesis", expected };
}

/** A run that the time-out ended would have needed longer. */
function adviseTimeout({ endings: { timeoutMs }, maxMs, count }: RunAnalysis): Draft | undefined {
  if (timeoutMs !== null) {
    const value = Math.min(MAX_TIMEOUT_SECONDS, roundUp((timeoutMs * 2) / 1_000, 30));
    if (value * 1_000 <= timeoutMs * 1.02) return undefined;
    const expected =
      `Runs that ended by time-out at ${seconds(timeoutMs)} get twice as long. A run that hangs is not helped, and ` +
      "costs twice as much.";
    return { setting: "timeout", value, certainty: "moderate", expected };
  }
  const value = Math.max(30, roundUp((maxMs * 3) / 1_000, 30));
  if (count < MIN_RUNS || value >= MAX_TIMEOUT_SECONDS) return undefined;
  const expected =
    `A run that hangs is given up after three times the longest of ${counted(count, "run")} (${seconds(maxMs)}), and ` +
    "tried again sooner. A rarer, longer run would be cut off.";
  return { setting: "timeout", value, certainty: "hypothesis", expected };
}

function adviseParallelAgents(_: RunAnalysis, causes: Causes): Draft | undefined {
  if (!causes.has("sequential_agents")) return undefined;
  const expected =
    "If agents ran one after the other, a phase takes as long as its slowest agent instead of their sum. " +
    "Nothing changes where it is 0 already.";
  return { setting: "max_parallel_agents", value: 0, certainty: "hypothesis", expected };
}

/** Recommended only where init is a noticeable part of the wait. */
function adviseProvisionedConcurrency(analysis: RunAnalysis, causes: Causes): Draft | undefined {
  const { percent: coldPercent, initP50Ms } = analysis.cold;
  const p50Ms = findPercentile(analysis, 50).valueMs;
  if (!causes.has("cold_starts") || initP50Ms === null || initP50Ms < 0.1 * p50Ms) return undefined;
  const expected =
    `Up to two runs at once start warm: ${percent(coldPercent)} of them waited ${seconds(initP50Ms)} of init beside ` +
    `a P50 of ${seconds(p50Ms)}. Billed by the hour; how many run at once is not in the lines. Not while ` +
    "canary_weight is above 0.";
  return { setting: "provisioned_concurrent_executions", value: 2, certainty: "moderate", expected };
}

function adviseHeartbeat(_: RunAnalysis, causes: Causes): Draft | undefined {
  const stale = causes.get("stale_connection");
  if (!stale) return undefined;
  const expected = `No run waits for a connection that died while idle, if that is what this is: ${stale.evidence}`;
  return { setting: "heartbeat_enabled", value: true, certainty: "moderate", expected };
}

/**
 * The alarm compares the average of five minutes, which is the duration of the only run in them. The threshold is
 * therefore one that few runs exceed.
 */
function adviseDurationAlarm(analysis: RunAnalysis): Draft | undefined {
  const { maxMs, count } = analysis;
  const { highMs, valueMs, runsForInterval } = findPercentile(analysis, 99);
  const value = Math.max(1_000, roundUp(highMs ?? maxMs * 1.2, 1_000));
  // No run is longer than Lambda's limit, so no average can exceed it.
  if (value >= MAX_TIMEOUT_SECONDS * 1_000) return undefined;
  const setting = "alarm_duration_threshold";
  if (highMs === null) {
    const expected =
      `A fifth above the longest run (${seconds(maxMs)}). With ${counted(count, "run")} P99 has no upper bound ` +
      `(it takes ${runsForInterval}); it suits the runs as they are.`;
    return { setting, value, certainty: "hypothesis", expected };
  }
  const expected =
    `Speaks when the average of 5 minutes passes ${roundSeconds(value)}, the upper bound of P99 ` +
    `(${seconds(valueMs)}): as the runs are, fewer than 1 in 100 passes it alone. Set it again after a change.`;
  return { setting, value, certainty: "moderate", expected };
}
