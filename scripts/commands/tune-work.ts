import { resolve } from "node:path";
import type { TuningRun } from "../judges/tuning/run";
import type { LatestFunction } from "../tools/temporary-versions";
import { TuningRequests } from "../tools/tuning-requests";
import { UsageError, type CommandContext } from "./context";
import { readJson } from "./given-state";
import type { TuneOptions } from "./tune-options";
import type { DeployedStack } from "./verify/deployment";

/** What each run of a measuring is given. */
export interface Work {
  /** One run: gives `invoke` the payload of the round, and looks what came of it. */
  run(round: number, invoke: (payload: string) => Promise<TuningRun>): Promise<TuningRun>;
  close(): void;
}

/** Runs in a row that weights may make of payloads. */
const MAX_PAYLOADS = 1_000;

/** The function's work: requests of their own for the worker, given events for the front door. */
export function workOf(
  context: CommandContext,
  options: TuneOptions,
  stack: DeployedStack,
  latest: LatestFunction,
): Work {
  return options.function === "worker"
    ? requestWork(context, options.prompt, stack, latest)
    : eventWork(options.payload!);
}

function requestWork(
  { environment, signal }: CommandContext,
  prompts: readonly string[],
  { outputs, region }: DeployedStack,
  { arn, timeoutSeconds }: LatestFunction,
): Work {
  const [table, queueUrl] = [outputs["requests_table_name"], outputs["work_queue_url"]];
  if (typeof table !== "string" || typeof queueUrl !== "string")
    throw new UsageError(
      "The outputs have no requests_table_name or work_queue_url. Apply this release first: quickturn apply.",
    );
  const requests = new TuningRequests({
    environment,
    region,
    table,
    queueArn: queueArnOf(arn, queueUrl),
    timeoutSeconds,
  });
  return {
    async run(round, invoke) {
      const { requestId, event } = await requests.add(prompts[round % prompts.length]!, signal);
      const run = await invoke(event);
      return run.failure === null ? { ...run, failure: await requests.failure(requestId, signal) } : run;
    },
    close: () => requests.close(),
  };
}

/** A queue of the function's own account and region: `arn:aws:sqs:<region>:<account>:<name>`. */
function queueArnOf(functionArn: string, queueUrl: string): string {
  const [, partition, , region, account] = functionArn.split(":");
  return `arn:${partition}:sqs:${region}:${account}:${queueUrl.slice(queueUrl.lastIndexOf("/") + 1)}`;
}

function eventWork(path: string): Work {
  const payloads = payloadsOf(readJson(resolve(path), "payload file"), path);
  return { run: (round, invoke) => invoke(payloads[round % payloads.length]!), close: () => undefined };
}

/** An event, or several, each as often in a row of all as its weight says. */
export function payloadsOf(document: unknown, path: string): readonly string[] {
  if (!Array.isArray(document)) return [JSON.stringify(document)];
  const entries = document as readonly { readonly payload?: unknown; readonly weight?: unknown }[];
  const isGood = (entry: (typeof entries)[number] | null) =>
    entry?.payload !== undefined && Number.isInteger(entry.weight ?? 1) && Number(entry.weight ?? 1) >= 1;
  const all = entries.every(isGood) ? entries.reduce((sum, { weight }) => sum + Number(weight ?? 1), 0) : NaN;
  if (!(all >= 1 && all <= MAX_PAYLOADS))
    throw new UsageError(
      `The payload file ${path} is a list that is wrong; allowed: {"payload": …, "weight": 2} each, weights whole numbers from 1, ${MAX_PAYLOADS} in sum at most.`,
    );
  return entries.flatMap(({ payload, weight }) =>
    Array.from({ length: Number(weight ?? 1) }, () => JSON.stringify(payload)),
  );
}
