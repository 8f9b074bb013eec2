import { randomUUID } from "node:crypto";
import { DEFAULT_LIMITS } from "../gate/evidence";
import { SLACK_SECONDS, SYSTEM_CLOCK } from "../gate/gate";
import { NAMED_KPIS } from "../gate/reads";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { parseDurationSeconds, parseNumber, toOptionName, variableName } from "../kit/given-setting";
import { describeChanges } from "../kit/plan-changes";
import { prepareTerraform } from "../kit/prepared-terraform";
import { isApproved, refuseWithoutAnswer, type ApplyOptions } from "./apply";
import { ApplyInterrupted } from "./apply-plan";
import type { CanaryWish } from "./canary-machine";
import { abortCanary, resumeCanary, startCanary, type Decisions, type NotDone } from "./canary-run";
import type { Ended, Ports, TimelineEvent } from "./canary-steps";
import { kpisOf, metricsJudge, TerraformDeployment, type CanaryPlan, type CanaryTarget } from "./canary-target";
import { liveRelease, settingsOutput, type AppliedStack } from "./live-file";
import { addGivenValues } from "./live-input";
import { FUNCTIONS, functionsIn, LIVE_SETTINGS, type FunctionName, type Values } from "./release";

/** What `quickturn canary` is given. */
export interface CanaryOptions extends ApplyOptions {
  /** Percent of the traffic in the first step. Default: 10. */
  readonly weight?: string;
  /** Percents of all steps, separated by commas. Default: the weight, then 100. */
  readonly steps?: string;
  /** Shortest time of each step, such as 10m. Default: 10m. */
  readonly interval?: string;
  /** Time within which each step must be decided, such as 2h. Default: 2h. */
  readonly deadline?: string;
  /** What happens to a step that is not decided in time: rollback or hold. Default: rollback. */
  readonly onInconclusive?: string;
  /** KPIs to judge; empty = all that are measured by version. */
  readonly only: readonly string[];
  /** Allowed duration, as a multiple of the stable version's. Default: 1.25. */
  readonly maxLatencyRatio?: string;
  readonly resume: boolean;
  readonly abort: boolean;
  readonly retry: boolean;
  readonly allowReplace: boolean;
}

/**
 * Gives a new version a share of the traffic, watches it, and continues or rolls back by itself. Exit code: 0 promoted
 * or nothing to do, 1 failed and rolled back, 3 not decided in time (rolled back, or held where that was wanted).
 */
export async function canary(
  context: CommandContext,
  options: CanaryOptions,
  open: (context: CommandContext, options: CanaryOptions) => Promise<CanaryTarget> = openDeployment,
): Promise<CommandResult> {
  checkCanaryOptions(options);
  const wish = options.resume || options.abort ? undefined : canaryWish(options);
  refuseWithoutAnswer(options, "canary");
  const timeline: TimelineEvent[] = [];
  const { signal, progress } = context;
  const ports: Ports = {
    ...(await open(context, options)),
    signal,
    writer: randomUUID(),
    report: (event) => {
      timeline.push(event);
      progress.note(timelineLine(event));
    },
    detail: (text) => progress.note(`  waits: ${text}`),
  };
  const decisions = makeDecisions(context, options, wish);
  try {
    const ended = await (options.abort
      ? abortCanary(ports, decisions)
      : wish === undefined
        ? resumeCanary(ports, decisions)
        : startCanary(ports, wish, decisions));
    return makeResult(ended, timeline);
  } catch (error) {
    const advice = `What is applied stays as it is. ${WAYS_ON}`;
    if (error instanceof ApplyInterrupted) throw error.withAdvice(advice);
    if (!signal.aborted) throw error;
    throw new UsageError(`Interrupted. ${advice}`, { cause: error });
  }
}

const WAYS_ON = "Go on: quickturn canary --resume. Take it back: quickturn canary --abort.";

async function openDeployment(context: CommandContext, options: CanaryOptions): Promise<CanaryTarget> {
  const { vars = [], varFiles = [], reset = [], refresh, lockTimeout } = options;
  const terraform = await prepareTerraform(context, { vars, varFiles, lockTimeout }, "restore");
  const asked = { vars, varFiles, refresh };
  const { input, origin } = addGivenValues({
    context,
    terraform,
    outputs: await terraform.output(),
    wanted: { ...asked, reset: [...reset, ...LIVE_SETTINGS] },
  });
  const { progress } = context;
  if (origin !== undefined) progress.note(origin);
  return {
    deployment: new TerraformDeployment(terraform, { whose: context, asked, input, progress }),
    clock: SYSTEM_CLOCK,
    judge: metricsJudge(context, SYSTEM_CLOCK),
  };
}

function makeDecisions(context: CommandContext, options: CanaryOptions, wish: CanaryWish | undefined): Decisions {
  return {
    check: (outputs) => {
      if (wish !== undefined) checkDeadline(wish, settingsOutput(outputs));
    },
    choose: (outputs) => liveRelease(context, outputs),
    allowReplace: options.allowReplace,
    retry: options.retry,
    approve: async (planned, moving, applied) => {
      context.progress.note(describePlan(planned, moving, applied));
      return isApproved(planned, options, context.progress);
    },
  };
}

/** What a person should know before they approve. */
function describePlan(
  { reachesAll }: CanaryPlan,
  moving: readonly FunctionName[],
  { live, provisioned }: AppliedStack,
): string {
  const warm = moving.filter((name) => provisioned[name] !== null);
  return [
    `Canary of the ${moving.map((name) => `${name} (version ${live[name]} is live)`).join(" and the ")}.`,
    ...(reachesAll.length > 0
      ? [`This reaches all callers at once, because it is no version:\n${describeChanges(reachesAll)}`]
      : []),
    ...(warm.length > 0
      ? [
          `Provisioned concurrency of the ${warm.join(" and the ")} is 0 until the canary has ended: ` +
            "Lambda allows none on an alias with weights. Requests then start cold more often.",
        ]
      : []),
  ].join("\n");
}

function makeResult(ended: Ended | NotDone, timeline: readonly TimelineEvent[]): CommandResult {
  const { exitCode, ending, reason } = ended;
  const sentence = ending === null ? reason : SENTENCES[ending](reason);
  const text = [...timeline.map(timelineLine), ...(timeline.length > 0 ? [""] : []), sentence].join("\n");
  const release = ended.ending === null ? null : ended.release;
  return { exitCode, text, json: { exitCode, ending, reason, release, timeline } };
}

const SENTENCES: Readonly<Record<Ended["ending"], (reason: string) => string>> = {
  promoted: () => "Promoted: the new version is live, and nothing is pinned.",
  rolled_back: (reason) =>
    `Rolled back: ${reason}\n` +
    "The stable version is live and pinned. Mend the new one and run quickturn canary again.",
  held: (reason) => `Not decided in time, and held: ${reason}\n${WAYS_ON}`,
  aborted: () => "Taken back: the stable version is live and pinned.",
};

/** An event in one line: time, share of the traffic, versions, what happened. */
function timelineLine({ at, weight, candidate, stable, says }: TimelineEvent): string {
  const versions = functionsIn(candidate)
    .map((name) => `${name} ${stable[name] ?? "?"} -> ${candidate[name]}`)
    .join(", ");
  return `${at.slice(11, 19)}  ${String(weight).padStart(3)} %  ${versions}  ${says}`;
}

/** Refuses options that contradict each other, before anything is done. */
export function checkCanaryOptions(options: CanaryOptions): void {
  const { resume, abort, vars = [] } = options;
  if (resume && abort) throw new UsageError("--resume was given with --abort; allowed: one of them.");
  const forStart = (["weight", "steps", "interval", "deadline", "onInconclusive", "maxLatencyRatio"] as const).filter(
    (name) => options[name] !== undefined,
  );
  const given = [...forStart, ...(options.only.length > 0 ? ["only"] : []), ...(options.retry ? ["retry"] : [])];
  if ((resume || abort) && given.length > 0) {
    const names = given.map(toOptionName);
    throw new UsageError(
      `--${resume ? "resume" : "abort"} was given with ${names.join(", ")}; ` +
        "allowed: without them, because the canary on its way has its own.",
    );
  }
  const live = vars.map(variableName).filter((name) => LIVE_SETTINGS.includes(name));
  if (live.length > 0)
    throw new UsageError(`--var sets ${live.join(", ")}, and a canary sets that itself; leave it out.`);
}

/** Longest deadline in seconds, 22 h: a window covers a step, and is at most a day long. */
const MAX_DEADLINE_SECONDS = 79_200;

/** Reads and checks what a person wants of a canary. */
export function canaryWish(options: CanaryOptions): CanaryWish {
  const { onInconclusive = "rollback", interval = "10m", deadline = "2h" } = options;
  if (onInconclusive !== "rollback" && onInconclusive !== "hold")
    throw new UsageError(`--on-inconclusive is ${JSON.stringify(onInconclusive)}; allowed: rollback, hold.`);
  checkKpis(options.only);
  const [intervalSeconds, deadlineSeconds] = [
    parseDurationSeconds("interval", interval),
    parseDurationSeconds("deadline", deadline),
  ];
  if (deadlineSeconds > MAX_DEADLINE_SECONDS)
    throw new UsageError(`--deadline is ${deadline}; allowed: up to 22h, because one window covers a step.`);
  if (intervalSeconds > deadlineSeconds)
    throw new UsageError(
      `--interval is ${interval} and --deadline ${deadline}; ` +
        "allowed: an interval within the deadline, which is that of each step.",
    );
  return {
    interval_seconds: intervalSeconds,
    deadline_seconds: deadlineSeconds,
    steps: readSteps(options),
    on_inconclusive: onInconclusive,
    only: options.only,
    max_latency_ratio: parseNumber("max-latency-ratio", options.maxLatencyRatio, DEFAULT_LIMITS.maxLatencyRatio),
  };
}

function checkKpis(only: readonly string[]): void {
  const names: readonly string[] = FUNCTIONS.flatMap((name) => kpisOf(name, []));
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  const isKpi = NAMED_KPIS.some(({ name }) => unknown.includes(name));
  throw new UsageError(
    `--only names ${unknown.join(", ")}${isKpi ? ", which is not measured by version" : ""}; ` +
      `allowed: ${names.join(", ")}.`,
  );
}

/** Reads the steps, in percent of the traffic. */
function readSteps({ weight, steps }: Pick<CanaryOptions, "weight" | "steps">): readonly number[] {
  if (steps === undefined) {
    const first = readPercent("weight", weight ?? "10");
    return first === 100 ? [100] : [first, 100];
  }
  const percents = steps.split(",").map((text) => readPercent("steps", text.trim()));
  const isAscending = percents.every((percent, index) => index === 0 || percent > (percents[index - 1] ?? 0));
  if (!isAscending || percents.at(-1) !== 100)
    throw new UsageError(
      `--steps is ${JSON.stringify(steps)}; allowed: ascending percents with commas between, ` +
        "of which the last is 100, such as 10,50,100.",
    );
  if (weight !== undefined && readPercent("weight", weight) !== percents[0])
    throw new UsageError(
      `--weight is ${JSON.stringify(weight)} and --steps is ${JSON.stringify(steps)}; ` +
        "allowed: steps that begin with the weight, or one of the two.",
    );
  return percents;
}

function readPercent(option: string, text: string): number {
  const value = Number(text);
  if (/^\d{1,3}(\.\d{1,2})?$/.test(text) && value > 0 && value <= 100) return value;
  throw new UsageError(
    `--${option} has ${JSON.stringify(text)}; allowed: percent above 0, up to 100, with two decimals at most.`,
  );
}

/** Seconds in which a step of the shortest interval can be judged. */
const JUDGING_SECONDS = 120;

/** Refuses a deadline before which nothing can be judged: all runs in a window must have ended. */
export function checkDeadline({ deadline_seconds: deadline }: CanaryWish, settings: Values): void {
  const needed = Number(settings["timeout"] ?? 0) + SLACK_SECONDS + JUDGING_SECONDS;
  if (deadline >= needed) return;
  throw new UsageError(
    `--deadline is ${deadline} s; allowed: at least ${needed} s (${Math.ceil(needed / 60)}m), because a step is ` +
      `judged by runs that have ended: the worker's time-out is ${String(settings["timeout"])} s, and CloudWatch ` +
      `takes ${SLACK_SECONDS} s.`,
  );
}
