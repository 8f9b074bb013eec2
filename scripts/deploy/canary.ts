import { randomUUID } from "node:crypto";
import { functionsIn, LIVE_SETTINGS, type FunctionName } from "./release";
import type { CanaryWish } from "./canary-machine";
import { describeChanges } from "../kit/plan-changes";
import { isApproved, refuseWithoutAnswer } from "./apply";
import { ApplyInterrupted } from "./apply-plan";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { prepareTerraform } from "../kit/prepared-terraform";
import { SYSTEM_CLOCK } from "../gate/gate";
import { abortCanary, resumeCanary, startCanary, type Decisions, type NotDone } from "./canary-run";
import { liveRelease, settingsOutput, type AppliedStack } from "./live-file";
import { metricsJudge } from "./canary-judge";
import { canaryWish, checkCanaryOptions, checkDeadline, type CanaryOptions } from "./canary-options";
import type { Ended, Ports, TimelineEvent } from "./canary-steps";
import { TerraformDeployment, type CanaryPlan } from "./canary-deployment";
import { addGivenValues, liveStackDirectory } from "./live-input";

/** What a canary works on. A test gives its own. */
export type CanaryTarget = Pick<Ports, "deployment" | "judge" | "clock">;

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
  const terraform = await prepareTerraform(
    context,
    { vars, ...(lockTimeout !== undefined && { lockTimeout }) },
    "restore",
  );
  const asked = { vars, varFiles, ...(refresh !== undefined && { refresh }) };
  const { input, origin } = addGivenValues({
    context,
    terraform,
    outputs: await terraform.output(),
    wanted: { ...asked, reset: [...reset, ...LIVE_SETTINGS] },
  });
  const { progress } = context;
  if (origin !== undefined) progress.note(origin);
  const stackDirectory = liveStackDirectory(context);
  return {
    deployment: new TerraformDeployment(terraform, { whose: context, stackDirectory, asked, input, progress }),
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
