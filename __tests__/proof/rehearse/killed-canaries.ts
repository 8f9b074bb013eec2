import pc from "picocolors";
import { type KilledCanary, killPoints, type KillPoint, problemsAfterKill } from "../kills/kill-points";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../../scripts/kit/random";
import { timeLapse } from "../../../scripts/emulator";
import { AgentApiClient } from "../../../scripts/kit/api-client";
import type { CommandContext, CommandResult } from "../../../scripts/kit/context";
import { CALLERS, LocalStack, REGION } from "../../../scripts/local/local-stack";
import { KillableStack } from "./killable-stack";
import { agentsOf, FIRST_AGENTS, SETTINGS } from "./releases";
import { SteadyLoad } from "./steady-load";
import { rehearseKills, type KillsOptions } from "../kills/killed-applies";
import { mark } from "../text";

/** A line for each kill, and what callers had meanwhile. */
function describeKilledCanaries({ kills, requests, failures, problems }: KilledCanaries): string {
  const late = kills.filter(({ recovered }) => recovered === null).length;
  const lateText = late > 0 ? `, and ${late} that had ended before their kill` : "";
  return [
    pc.bold(`Canaries killed ${kills.length - late} times${lateText}:`),
    ...kills.flatMap(describeKill),
    `  ${mark(failures === 0 && requests > 0)} requests of callers meanwhile: ${requests}, failed: ${failures}`,
    ...problems.map((problem) => `  ${mark(false)} ${problem}`),
  ].join("\n");
}

function describeKill({ atMs, during, point, recovered, how, seconds, problems }: KilledCanary): string[] {
  const file = point.withoutFile ? ", without the live file" : "";
  const took = recovered === null ? "" : `, ${seconds.toFixed(1)} s`;
  const line = `${`${(atMs / 1_000).toFixed(1)} s`.padStart(7)}  ${during.padEnd(11)}  ${how}${file}${took}`;
  return [
    `  ${recovered === null ? pc.dim("late") : mark(recovered)} ${line}`,
    ...problems.map((problem) => `       ${problem}`),
  ];
}

export interface KilledCanariesOptions extends KillsOptions {
  /** Minutes of metrics that pass in a real minute. */
  readonly factor: number;
  /** Requests that callers begin each second. */
  readonly rate: number;
}

/** What the kills left. */
export interface KilledCanaries {
  readonly kills: readonly KilledCanary[];
  /** Of the callers, all the while. */
  readonly requests: number;
  /** Of those, the ones that did not complete: every version was a good one. */
  readonly failures: number;
  /** What does not hold of all of it; what does not of one kill is there. */
  readonly problems: readonly string[];
}

/**
 * Callers poll seldom, because terraform shares the machine with them, and are patient: what is lost has no end however
 * long they wait.
 */
const POLL_MS = 2_000;
const PATIENCE_MS = 180_000;

/** Alarms have no part in it, and a third of each refresh's time. */
const VARS = [...SETTINGS, "alarm_set=none"];

/**
 * Starts canaries of good versions, kills each with its terraform and provider in the middle, and has the next run go
 * on with it or take it back; callers ask all the while. Exit code 1 where anything is left otherwise than it is to be.
 */
export function rehearseKilledCanaries(
  context: CommandContext,
  { kills, seed, factor, rate }: KilledCanariesOptions,
): Promise<CommandResult> {
  const originMs = Date.now();
  const runtime = () => Promise.resolve({ metrics: true, metricsTime: timeLapse(factor, originMs) });
  return LocalStack.with(context, { settings: { agents: FIRST_AGENTS }, vars: VARS, runtime }, async (stack) => {
    const subject = await KillableStack.open(context, stack, { factor, originMs });
    const clients = CALLERS.map((caller) => new AgentApiClient(stack.runtime.url, REGION, caller));
    const load = new SteadyLoad({ clients, requestsPerSecond: rate, patienceMs: PATIENCE_MS, pollMs: POLL_MS });
    const done = await killAll(context, { stack, subject }, killPoints(kills, seededRandom(seed))).finally(() =>
      load.stop(),
    );
    const report = reportOf(done, load);
    const holds = report.problems.length === 0 && report.kills.every(({ recovered }) => recovered !== false);
    return { exitCode: holds ? 0 : 1, text: describeKilledCanaries(report), json: report };
  });
}

/** What canaries run on, and what kills them. */
interface KillPlace {
  readonly stack: LocalStack;
  readonly subject: KillableStack;
}

async function killAll(
  { progress, signal }: CommandContext,
  place: KillPlace,
  points: readonly KillPoint[],
): Promise<readonly KilledCanary[]> {
  const done: KilledCanary[] = [];
  for (const [index, point] of points.entries())
    done.push(
      await progress.step(
        `Kill canary ${index + 1} of ${points.length} (${point.phase}), and ${point.how}`,
        () => killCanary(place, { point, index, signal }),
        ({ how, problems }) => [how, ...problems].join("; "),
      ),
    );
  return done;
}

async function killCanary(
  { stack: { folder, directory }, subject }: KillPlace,
  { point, index, signal }: { readonly point: KillPoint; readonly index: number; readonly signal: AbortSignal },
): Promise<KilledCanary> {
  const vars = [`agents=${JSON.stringify(agentsOf(`80ms Release ${index + 1} is here.`))}`];
  const stable = await subject.live();
  const { atMs, during, ended } = await subject.kill(point, vars, signal);
  if (ended !== undefined) return { atMs, during, point, recovered: null, how: "too late", seconds: 0, problems: [] };
  if (point.withoutFile)
    for (const file of [join(folder, "live.tfvars.json"), join(directory, "live.auto.tfvars.json")])
      rmSync(file, { force: true });
  const started = performance.now();
  const result = (how: KilledCanary["how"], problems: readonly string[]): KilledCanary => {
    const seconds = (performance.now() - started) / 1_000;
    return { atMs, during, point, seconds, how, problems, recovered: problems.length === 0 };
  };
  try {
    const found = await subject.recoverAndInspect(point, stable, vars);
    return result(found.recovery, problemsAfterKill(found));
  } catch (error) {
    if (signal.aborted) throw error;
    return result("failed", [error instanceof Error ? error.message : String(error)]);
  }
}

function reportOf(kills: readonly KilledCanary[], { requests }: SteadyLoad): KilledCanaries {
  const failed = requests.filter(({ outcome }) => outcome !== "completed");
  const outcomes = [...new Set(failed.map(({ outcome }) => outcome))];
  const problems = [
    ...(requests.length === 0 ? ["no caller sent a request, so that nothing is proven about callers"] : []),
    ...(failed.length === 0 ? [] : [`${failed.length} requests of callers did not complete: ${outcomes.join(", ")}`]),
    ...(kills.every(({ recovered }) => recovered === null)
      ? ["every canary had ended before its kill, so that nothing is proven"]
      : []),
  ];
  return { kills, requests: requests.length, failures: failed.length, problems };
}

/**
 * Kills applies and canaries, half and half; the odd one is a canary. Exit code 1 where one of both found that
 * something does not hold.
 */
export async function rehearseAllKills(
  context: CommandContext,
  options: KilledCanariesOptions,
): Promise<CommandResult> {
  const { kills, seed } = options;
  const applies = Math.floor(kills / 2);
  const canaries = await rehearseKilledCanaries(context, { ...options, kills: kills - applies });
  if (applies === 0) return { ...canaries, json: { applies: null, canaries: canaries.json } };
  const killed = await rehearseKills(context, { kills: applies, seed });
  return {
    exitCode: Math.max(killed.exitCode, canaries.exitCode),
    text: `${canaries.text}\n\nApplies: ${killed.text}`,
    json: { applies: killed.json, canaries: canaries.json },
  };
}
