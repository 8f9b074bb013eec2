import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { named, type FunctionName, LIVE_NAMES } from "./release";
import type { CanaryWish } from "./canary-machine";
import { describeChanges } from "../kit/plan-changes";
import { approved, refuseWithoutAnswer } from "./apply";
import { ApplyInterrupted } from "./apply-plan";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { prepareTerraform } from "../kit/prepared-terraform";
import type { Clock } from "../gate/gate";
import type { Ended } from "./canary-advance";
import { abort, resume, start, type How, type NotDone } from "./canary-flow";
import { liveRelease } from "./live-file";
import { metricsJudge } from "./canary-judge";
import { canaryWish, checkCanaryOptions, checkDeadline, type CanaryOptions } from "./canary-options";
import type { CanaryPlan, Outputs, Ports, TimelineEvent, Applied } from "./canary-ports";
import { TerraformDeployment } from "./canary-deployment";
import { givenInput, liveStackDirectory } from "./live-input";

const SYSTEM_CLOCK: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) };

/** What a canary works on beside the context. A test gives its own. */
export type Opened = Pick<Ports, "deployment" | "judge" | "clock">;

/**
 * Gives a new version a share of the traffic, watches it, and goes on or takes it back by itself. Exit code: 0 promoted
 * (or nothing to do), 1 failed and rolled back, 3 not decided in time (rolled back, or held where that was asked for).
 */
export async function canary(
  context: CommandContext,
  options: CanaryOptions,
  open: (context: CommandContext, options: CanaryOptions) => Promise<Opened> = opened,
): Promise<CommandResult> {
  checkCanaryOptions(options);
  const wish = options.resume || options.abort ? undefined : canaryWish(options);
  refuseWithoutAnswer(options, "canary");
  const timeline: TimelineEvent[] = [];
  const ports = await portsOf(context, await open(context, options), timeline);
  const how = howOf(context, options, wish);
  try {
    const ended = await (options.abort
      ? abort(ports, how)
      : wish === undefined
        ? resume(ports, how)
        : start(ports, wish, how));
    return resultOf(ended, timeline);
  } catch (error) {
    const goOn =
      "What is applied stays as it is. Go on: quickturn canary --resume. Take it back: quickturn canary --abort.";
    if (error instanceof ApplyInterrupted) throw error.goingOn(goOn);
    if (!context.signal.aborted) throw error;
    throw new UsageError(`Interrupted. ${goOn}`, { cause: error });
  }
}

async function opened(context: CommandContext, options: CanaryOptions): Promise<Opened> {
  const terraform = await prepareTerraform(
    context,
    { vars: options.vars ?? [], ...(options.lockTimeout !== undefined && { lockTimeout: options.lockTimeout }) },
    "restore",
  );
  const asked = {
    vars: options.vars ?? [],
    varFiles: options.varFiles ?? [],
    ...(options.refresh === undefined ? {} : { refresh: options.refresh }),
  };
  const { input, origin } = givenInput(
    context,
    terraform,
    { ...asked, reset: [...(options.reset ?? []), ...LIVE_NAMES] },
    await terraform.output(),
  );
  if (origin !== undefined) context.progress.note(origin);
  const deployment = new TerraformDeployment(terraform, {
    whose: context,
    stackDirectory: liveStackDirectory(context),
    asked,
    input,
    progress: context.progress,
  });
  return { deployment, clock: SYSTEM_CLOCK, judge: metricsJudge(context, SYSTEM_CLOCK) };
}

async function portsOf({ signal, progress }: CommandContext, given: Opened, timeline: TimelineEvent[]): Promise<Ports> {
  return {
    ...given,
    signal,
    writer: randomUUID(),
    tell: (event) => {
      timeline.push(event);
      progress.note(timelineLine(event));
    },
    detail: (text) => progress.note(`  waits: ${text}`),
  };
}

function howOf(context: CommandContext, options: CanaryOptions, wish: CanaryWish | undefined): How {
  return {
    check: (outputs: Outputs) => {
      if (wish !== undefined) checkDeadline(wish, (outputs["settings"] ?? {}) as Readonly<Record<string, unknown>>);
    },
    choose: (outputs: Outputs) => liveRelease(context, outputs),
    allowReplace: options.allowReplace,
    retry: options.retry,
    approve: async (planned, moving, applied) => {
      context.progress.note(aboutPlan(planned, moving, applied));
      return approved(planned, options, context.progress);
    },
  };
}

/** What a person should know before they say yes. */
function aboutPlan(
  { reachesAll }: CanaryPlan,
  moving: readonly FunctionName[],
  { live, provisioned }: Applied,
): string {
  const lines = [`Canary of the ${moving.map((name) => `${name} (version ${live[name]} is live)`).join(" and the ")}.`];
  if (reachesAll.length > 0)
    lines.push(`This reaches all callers at once, because it is no version:\n${describeChanges(reachesAll)}`);
  const warm = moving.filter((name) => provisioned[name] !== null);
  if (warm.length > 0)
    lines.push(
      `Provisioned concurrency of the ${warm.join(" and the ")} is 0 until it has ended: Lambda takes none on an alias with weights. Requests then start cold more often.`,
    );
  return lines.join("\n");
}

function resultOf(ended: Ended | NotDone, timeline: readonly TimelineEvent[]): CommandResult {
  const sentence = ended.ending === null ? ended.reason : SENTENCES[ended.ending](ended.reason);
  const text = [...timeline.map(timelineLine), ...(timeline.length > 0 ? [""] : []), sentence].join("\n");
  return {
    exitCode: ended.exitCode,
    text,
    json: {
      exitCode: ended.exitCode,
      ending: ended.ending,
      reason: ended.reason,
      release: ended.ending === null ? null : ended.release,
      timeline,
    },
  };
}

const SENTENCES: Readonly<Record<Ended["ending"], (reason: string) => string>> = {
  promoted: () => "Promoted: the new version is live, and nothing is pinned.",
  rolled_back: (reason) =>
    `Rolled back: ${reason}\nThe stable version is live and pinned. Mend the new one and run quickturn canary again.`,
  held: (reason) =>
    `Not decided in time, and held: ${reason}\nGo on: quickturn canary --resume. Take it back: quickturn canary --abort.`,
  aborted: () => "Taken back: the stable version is live and pinned.",
};

/** An event as one line: when, how much of the traffic, of which versions, what. */
function timelineLine({ at, weight, candidate, stable, says }: TimelineEvent): string {
  const versions = named(candidate)
    .map((name) => `${name} ${stable[name] ?? "?"} -> ${candidate[name]}`)
    .join(", ");
  return `${at.slice(11, 19)}  ${String(weight).padStart(3)} %  ${versions}  ${says}`;
}
