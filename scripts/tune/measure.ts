import { InvalidParameterValueException, LambdaClient } from "@aws-sdk/client-lambda";
import { dollars, invocationsOf, mostUsd, overBudget, type Measuring, type TuningRun } from "./size";
import { PriceBook } from "../cost/prices";
import { accountLimits, clientConfiguration } from "../kit/aws-client";
import { invokeMeasured } from "./measured-invocation";
import { TemporaryVersions, type LatestFunction } from "../deploy/temporary-versions";
import { liveRelease } from "../deploy/live-file";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { parseNumber } from "../kit/given-setting";
import { OF_FUNCTION, runsOf, sizesOf, wholeOf, type TuneOptions } from "./options";
import { workOf, type Work } from "./work";
import { readDeployedStack, type DeployedStack } from "../kit/deployed-stack";

/** One invocation of a measuring. */
export interface Turn {
  readonly memoryMiB: number;
  /** From 0; the first of a size is cold. The same number is given the same payload at every size. */
  readonly round: number;
}

/** Failures after which a size is asked no more, where it has failed more often than not. */
const ENOUGH_FAILURES = 3;

/**
 * The order of a measuring: a run of each size, then the next of each. What is slow for an hour, such as an agent, is
 * so for all sizes.
 */
export function turnsOf(sizesMiB: readonly number[], runsEach: number): Turn[] {
  return Array.from({ length: runsEach + 1 }, (_, round) => sizesMiB.map((memoryMiB) => ({ memoryMiB, round }))).flat();
}

/** Whether a size is not worth another run: it fails, and each further failure is paid as well. */
export function isHopeless(runs: readonly { readonly failure: string | null }[]): boolean {
  const failed = runs.filter(({ failure }) => failure !== null).length;
  return failed >= ENOUGH_FAILURES && failed > runs.length / 2;
}

/** Runs, and where they are from. */
export interface Measured {
  readonly runs: readonly TuningRun[];
  readonly source: string;
  readonly region: string;
  readonly currentMiB: number | null;
}

/** A function that is about to be measured. */
interface Subject {
  readonly stack: DeployedStack;
  readonly versions: TemporaryVersions;
  readonly invoker: LambdaClient;
  readonly appliedMiB: number;
}

/** Measures on temporary versions, which are gone afterwards whatever happens. */
export async function measure(context: CommandContext, options: TuneOptions): Promise<Measured> {
  return withSubject(context, options, async (subject) => {
    const latest = await readyToMeasure(context, subject);
    const measuring: Measuring = {
      sizesMiB: sizesOf(options, subject.appliedMiB),
      runsEach: runsOf(options),
      timeoutSeconds: latest.timeoutSeconds,
      architecture: "arm64",
      othersUsd: parseNumber("run-usd", options.runUsd, 0, "from 0 on"),
    };
    const prices = new PriceBook(subject.stack.region);
    const refused = overBudget(measuring, prices, parseNumber("budget-usd", options.budgetUsd, 5));
    if (refused !== undefined) throw new UsageError(`${refused}. Nothing was measured.`);
    const concurrency = await concurrencyOf(
      context,
      subject,
      latest,
      wholeOf("concurrency", options.concurrency, 1, 1, 100),
    );
    const work = workOf(context, options, subject.stack, latest);
    context.progress.note(
      `${invocationsOf(measuring)} runs of ${subject.versions.functionName} at ${measuring.sizesMiB.join(", ")} MB, ${concurrency.text}; ${dollars(mostUsd(measuring, prices))} at most. Apply nothing meanwhile.`,
    );
    const runs = await measured(context, subject, measuring, concurrency.count, work);
    return {
      runs,
      source: subject.versions.functionName,
      region: subject.stack.region,
      currentMiB: subject.appliedMiB,
    };
  });
}

/** Removes what a killed tuning left. */
export async function cleanup(context: CommandContext, options: TuneOptions): Promise<CommandResult> {
  return withSubject(context, options, async ({ versions, appliedMiB }) => {
    const removed = await context.progress.step("Remove what a tuning left", () => versions.remove(appliedMiB));
    const what = removed.length === 0 ? "There was no temporary version" : `Removed: version ${removed.join(", ")}`;
    return {
      exitCode: 0,
      text: `${what} of ${versions.functionName}; its memory is ${appliedMiB} MB, as applied.`,
      json: { function: versions.functionName, removed, memory_mb: appliedMiB },
    };
  });
}

async function withSubject<T>(
  context: CommandContext,
  options: TuneOptions,
  work: (subject: Subject) => Promise<T>,
): Promise<T> {
  const stack = await readDeployedStack(context, options.state);
  const { name, memory } = OF_FUNCTION[options.function];
  const [functionName, appliedMiB] = [stack.outputs[name], stack.settings[memory]];
  if (typeof functionName !== "string" || typeof appliedMiB !== "number")
    throw new UsageError(
      `The outputs have the ${name} ${JSON.stringify(functionName) ?? "missing"} and the setting ${memory} ${JSON.stringify(appliedMiB) ?? "missing"}; allowed: a name and a number. Apply this release first: quickturn apply.`,
    );
  const { release } = liveRelease(context, stack.outputs);
  if (release?.canary && !options.cleanup)
    throw new UsageError(
      `A canary is on its way since ${release.canary.started_at}: a version more would be taken for its candidate. Let it end (quickturn canary --resume), or take it back (quickturn canary --abort).`,
    );
  const configuration = clientConfiguration({ environment: context.environment, region: stack.region }, "LAMBDA");
  const client = new LambdaClient(configuration);
  // A run may take 15 minutes, and one that is sent twice is two.
  const invoker = new LambdaClient({
    ...configuration,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 930_000, connectionTimeout: 5_000 },
  });
  try {
    return await work({ stack, versions: new TemporaryVersions(client, functionName), invoker, appliedMiB });
  } finally {
    client.destroy();
    invoker.destroy();
  }
}

async function readyToMeasure({ signal }: CommandContext, { versions, appliedMiB }: Subject): Promise<LatestFunction> {
  const latest = await versions.latest(signal);
  const left = await versions.there(signal);
  if (left.length > 0 || latest.memoryMiB !== appliedMiB)
    throw new UsageError(
      `${versions.functionName} has ${latest.memoryMiB} MB, ${appliedMiB} MB were applied, and ${left.length} versions of a tuning are there (${left.join(", ") || "none"}): one runs, or was killed. Where none runs: quickturn tune --cleanup.`,
    );
  return latest;
}

/** What a person should know of whose executions these are. */
async function concurrencyOf(
  { environment, signal }: CommandContext,
  { stack: { region } }: Subject,
  { reserved }: LatestFunction,
  count: number,
): Promise<{ readonly count: number; readonly text: string }> {
  const free = reserved ?? (await accountLimits({ environment, region }, signal)).unreservedConcurrentExecutions;
  const whose = reserved === null ? "that the account has unreserved" : "that are reserved for the function";
  if (count > free)
    throw new UsageError(
      `--concurrency is ${count}, of ${free} executions ${whose}; allowed: up to ${free}. ${free === 0 ? "The function is stopped: raise its reserved concurrency." : "Live traffic needs its share of them, too."}`,
    );
  return { count, text: `${count} at once of the ${free} ${whose}, which live traffic has not meanwhile` };
}

async function measured(
  context: CommandContext,
  subject: Subject,
  measuring: Measuring,
  concurrency: number,
  work: Work,
): Promise<TuningRun[]> {
  const { progress } = context;
  const { versions, appliedMiB } = subject;
  const runs: TuningRun[] = [];
  try {
    const published = await progress.step("Publish temporary versions", (detail) =>
      publish(context, subject, measuring.sizesMiB, runs, detail),
    );
    const turns = turnsOf(
      [...published.keys()].sort((left, right) => left - right),
      measuring.runsEach,
    );
    await progress.step(
      "Measure",
      (detail) => inTurn(context, { subject, published, turns, runs, work, concurrency, detail }),
      () => `${runs.length} runs`,
    );
    return runs;
  } finally {
    work.close();
    await progress.step("Remove the temporary versions", () => versions.remove(appliedMiB));
  }
}

/**
 * The size in effect last: Lambda publishes no version that is like the newest. One that the account refuses is a
 * failed run.
 */
async function publish(
  { signal }: CommandContext,
  { versions, appliedMiB }: Subject,
  sizesMiB: readonly number[],
  runs: TuningRun[],
  detail: (text: string) => void,
): Promise<Map<number, string>> {
  const published = new Map<number, string>();
  const order = [...sizesMiB.filter((size) => size !== appliedMiB), ...sizesMiB.filter((size) => size === appliedMiB)];
  for (const memoryMiB of order) {
    detail(`${memoryMiB} MB`);
    try {
      published.set(memoryMiB, await versions.publish(memoryMiB, signal));
    } catch (error) {
      if (!(error instanceof InvalidParameterValueException)) throw error;
      runs.push({
        memoryMiB,
        durationMs: 0,
        initMs: null,
        billedMs: null,
        usedMiB: null,
        failure: `Lambda refuses the size: ${error.message}`,
      });
    }
  }
  return published;
}

interface Session {
  readonly subject: Subject;
  readonly published: ReadonlyMap<number, string>;
  readonly turns: readonly Turn[];
  /** Added to. */
  readonly runs: TuningRun[];
  readonly work: Work;
  readonly concurrency: number;
  readonly detail: (text: string) => void;
}

async function inTurn(
  { signal }: CommandContext,
  { subject, published, turns, runs, work, concurrency, detail }: Session,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let turn = turns[next++]; turn !== undefined; turn = turns[next++]) {
      signal.throwIfAborted();
      const { memoryMiB, round } = turn;
      if (isHopeless(runs.filter((run) => run.memoryMiB === memoryMiB))) continue;
      const { functionName } = subject.versions;
      runs.push(
        await work.run(round, (payload) =>
          invokeMeasured(subject.invoker, {
            functionName,
            version: published.get(memoryMiB)!,
            memoryMiB,
            payload,
            signal,
          }),
        ),
      );
      detail(`${runs.length} of ${turns.length} runs`);
    }
  };
  // All lanes end before the versions go, be it that one has failed.
  const ended = await Promise.allSettled(
    Array.from({ length: concurrency }, async () =>
      lane().catch((error: unknown) => {
        next = turns.length;
        throw error;
      }),
    ),
  );
  for (const each of ended) if (each.status === "rejected") throw each.reason;
}
