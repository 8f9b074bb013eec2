import { ARCHITECTURE } from "../../stacks/contract/fixed";
import { InvalidParameterValueException, LambdaClient } from "@aws-sdk/client-lambda";
import { PriceBook } from "../cost/prices";
import { formatUsd } from "../cost/text";
import { liveRelease } from "../deploy/live-file";
import { TemporaryVersions, type LatestFunction } from "../deploy/temporary-versions";
import { accountLimits, clientConfiguration } from "../kit/aws-client";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { readDeployedStack, type DeployedStack } from "../kit/deployed-stack";
import { parseNumber, parseNumberFromZero } from "../kit/given-setting";
import { computeMaximumUsd, countInvocations, refuseOverBudget, type MeasuringPlan } from "./budget";
import { readSizes, readWholeNumber, TUNED_FUNCTIONS, type TuneOptions } from "./options";
import { invokeVersion, type TuningRun } from "./run";
import { MIN_WARM_RUNS } from "./size";
import { createWorkload, type Workload } from "./workload";

/** Runs, and where they are from. */
export interface Measurement {
  readonly runs: readonly TuningRun[];
  /** Function or file, for a person. */
  readonly source: string;
  readonly region: string;
  /** Size in effect; null where unknown. */
  readonly currentMiB: number | null;
}

/** The function that is measured. */
interface Subject {
  readonly stack: DeployedStack;
  readonly versions: TemporaryVersions;
  /** Makes one attempt a call. */
  readonly invoker: LambdaClient;
  readonly appliedMiB: number;
}

/** Measures on temporary versions, which are removed afterwards whatever happens. */
export async function measure(context: CommandContext, options: TuneOptions): Promise<Measurement> {
  // What was given is read before anything is asked.
  const runsEach = readWholeNumber("runs", options.runs, { fallback: 20, minimum: MIN_WARM_RUNS, maximum: 1_000 });
  const concurrency = readWholeNumber("concurrency", options.concurrency, { fallback: 1, minimum: 1, maximum: 100 });
  const runUsd = parseNumberFromZero("run-usd", options.runUsd, 0);
  const budgetUsd = parseNumber("budget-usd", options.budgetUsd, 5);
  readSizes(options, 0);
  return withSubject(context, options, async (subject) => {
    const { stack, versions, appliedMiB } = subject;
    const latest = await readIdleFunction(context, subject);
    const plan: MeasuringPlan = {
      sizesMiB: readSizes(options, appliedMiB),
      runsEach,
      timeoutSeconds: latest.timeoutSeconds,
      architecture: ARCHITECTURE,
      runUsd,
    };
    const prices = new PriceBook(stack.region);
    const refused = refuseOverBudget(plan, prices, budgetUsd);
    if (refused !== undefined) throw new UsageError(`${refused}. Nothing was measured.`);
    const share = await checkConcurrency(context, concurrency, { region: stack.region, reserved: latest.reserved });
    context.progress.note(
      `${countInvocations(plan)} runs of ${versions.functionName} at ${plan.sizesMiB.join(", ")} MB, ${share}; ` +
        `${formatUsd(computeMaximumUsd(plan, prices))} at most. Apply nothing meanwhile.`,
    );
    const workload = createWorkload(context, options, { stack, latest });
    const runs = await new Session(context, subject, { plan, workload, concurrency }).measure();
    return { runs, source: versions.functionName, region: stack.region, currentMiB: appliedMiB };
  });
}

/** Removes what a killed tuning left. */
export async function cleanUp(context: CommandContext, options: TuneOptions): Promise<CommandResult> {
  return withSubject(context, options, async ({ versions, appliedMiB }) => {
    const removed = await context.progress.step("Remove what a tuning left", () => versions.remove(appliedMiB));
    const result = removed.length === 0 ? "There was no temporary version" : `Removed: version ${removed.join(", ")}`;
    return {
      exitCode: 0,
      text: `${result} of ${versions.functionName}; its memory is ${appliedMiB} MB, as applied.`,
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
  const { nameOutput, memorySetting } = TUNED_FUNCTIONS[options.function];
  const [functionName, appliedMiB] = [stack.outputs[nameOutput], stack.settings[memorySetting]];
  if (typeof functionName !== "string" || typeof appliedMiB !== "number")
    throw new UsageError(
      `The outputs have the ${nameOutput} ${JSON.stringify(functionName) ?? "missing"} and the setting ` +
        `${memorySetting} ${JSON.stringify(appliedMiB) ?? "missing"}; allowed: a name and a number. ` +
        "Apply this release first: quickturn apply.",
    );
  const { release } = liveRelease(context, stack.outputs);
  if (release?.canary && !options.cleanup)
    throw new UsageError(
      `A canary is on its way since ${release.canary.started_at}: a version more would be taken for its candidate. ` +
        "Let it end (quickturn canary --resume), or take it back (quickturn canary --abort).",
    );
  const configuration = clientConfiguration({ environment: context.environment, region: stack.region }, "LAMBDA");
  const client = new LambdaClient(configuration);
  // A run may take 15 minutes, and a repeated call would start a second run.
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

/** Reads the function's configuration, and refuses where another tuning runs or left something. */
async function readIdleFunction(
  { signal }: CommandContext,
  { versions, appliedMiB }: Subject,
): Promise<LatestFunction> {
  const latest = await versions.latest(signal);
  const left = await versions.list(signal);
  if (left.length > 0 || latest.memoryMiB !== appliedMiB)
    throw new UsageError(
      `${versions.functionName} has ${latest.memoryMiB} MB, ${appliedMiB} MB were applied, and ${left.length} ` +
        `versions of a tuning are there (${left.join(", ") || "none"}): one runs, or was killed. ` +
        "Where none runs: quickturn tune --cleanup.",
    );
  return latest;
}

/** Refuses more runs at once than there are free executions, and says which share of them the measuring takes. */
async function checkConcurrency(
  { environment, signal }: CommandContext,
  concurrency: number,
  { region, reserved }: { readonly region: string; readonly reserved: number | null },
): Promise<string> {
  const free = reserved ?? (await accountLimits({ environment, region }, signal)).unreservedConcurrentExecutions;
  const kind = reserved === null ? "that the account has unreserved" : "that are reserved for the function";
  if (concurrency > free)
    throw new UsageError(
      `--concurrency is ${concurrency}, of ${free} executions ${kind}; allowed: up to ${free}. ` +
        (free === 0
          ? "The function is stopped: raise its reserved concurrency."
          : "Live traffic needs its share of them, too."),
    );
  return `${concurrency} at once of the ${free} ${kind}, which live traffic cannot use meanwhile`;
}

/** One invocation of a measuring. */
interface Turn {
  readonly memoryMiB: number;
  /** From 0; the first of a size is cold. Every size is given the same payload in the same round. */
  readonly round: number;
}

/** Orders the runs round by round, so that what is slow for a while, such as an agent, is slow for every size. */
export function orderTurns(sizesMiB: readonly number[], runsEach: number): Turn[] {
  return Array.from({ length: runsEach + 1 }, (_, round) => sizesMiB.map((memoryMiB) => ({ memoryMiB, round }))).flat();
}

/** Failures after which a size is given up, where most of its runs fail. */
const MAX_FAILURES = 3;

/** Says whether a size fails so often that another run would only cost money. */
export function isHopeless(runs: readonly { readonly failure: string | null }[]): boolean {
  const failed = runs.filter(({ failure }) => failure !== null).length;
  return failed >= MAX_FAILURES && failed > runs.length / 2;
}

/** One measuring, from the first temporary version to the removal of the last. */
class Session {
  private readonly runs: TuningRun[] = [];

  constructor(
    private readonly context: CommandContext,
    private readonly subject: Subject,
    private readonly work: {
      readonly plan: MeasuringPlan;
      readonly workload: Workload;
      readonly concurrency: number;
    },
  ) {}

  async measure(): Promise<readonly TuningRun[]> {
    const { progress } = this.context;
    const { plan, workload } = this.work;
    try {
      const published = await progress.step("Publish temporary versions", (detail) => this.publish(detail));
      const sizes = [...published.keys()].sort((left, right) => left - right);
      await progress.step(
        "Measure",
        (detail) => this.runTurns(orderTurns(sizes, plan.runsEach), published, detail),
        () => `${this.runs.length} runs`,
      );
      return this.runs;
    } finally {
      workload.close();
      const { versions, appliedMiB } = this.subject;
      await progress.step("Remove the temporary versions", () => versions.remove(appliedMiB));
    }
  }

  /**
   * Publishes a version of each size, the size in effect last, because Lambda publishes no version that equals the
   * newest. A size that the account refuses counts as a failed run.
   * @returns version numbers by size
   */
  private async publish(detail: (text: string) => void): Promise<Map<number, string>> {
    const { versions, appliedMiB } = this.subject;
    const published = new Map<number, string>();
    const order = [...this.work.plan.sizesMiB].sort(
      (left, right) => Number(left === appliedMiB) - Number(right === appliedMiB),
    );
    for (const memoryMiB of order) {
      detail(`${memoryMiB} MB`);
      try {
        published.set(memoryMiB, await versions.publish(memoryMiB, this.context.signal));
      } catch (error) {
        if (!(error instanceof InvalidParameterValueException)) throw error;
        const failure = `Lambda refuses the size: ${error.message}`;
        this.runs.push({ memoryMiB, durationMs: 0, initMs: null, billedMs: null, usedMiB: null, failure });
      }
    }
    return published;
  }

  private async runTurns(
    turns: readonly Turn[],
    published: ReadonlyMap<number, string>,
    detail: (text: string) => void,
  ): Promise<void> {
    const { signal } = this.context;
    let next = 0;
    const runLane = async () => {
      try {
        for (let turn = turns[next++]; turn !== undefined; turn = turns[next++]) {
          signal.throwIfAborted();
          const { memoryMiB, round } = turn;
          if (isHopeless(this.runs.filter((run) => run.memoryMiB === memoryMiB))) continue;
          this.runs.push(await this.run(memoryMiB, round, published.get(memoryMiB)!));
          detail(`${this.runs.length} of ${turns.length} runs`);
        }
      } catch (error) {
        next = turns.length;
        throw error;
      }
    };
    // Every lane ends before the versions are removed, even where one has failed.
    const lanes = await Promise.allSettled(Array.from({ length: this.work.concurrency }, runLane));
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  private run(memoryMiB: number, round: number, version: string): Promise<TuningRun> {
    const { invoker, versions } = this.subject;
    const { signal } = this.context;
    const { functionName } = versions;
    return this.work.workload.run(round, (payload) =>
      invokeVersion(invoker, { functionName, version, memoryMiB, payload, signal }),
    );
  }
}
