import {
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  paginateListVersionsByFunction,
  PublishVersionCommand,
  ResourceNotFoundException,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { plannedRegion } from "./adoption";
import type { ExposedFunction } from "./plan-functions";
import { clientConfiguration } from "../kit/aws-client";
import { UsageError, type Progress } from "../kit/context";
import type { Terraform } from "../kit/terraform";

/** The description of a temporary version begins with it, so that a later run finds what a killed one left. */
const MARK = "quickturn tune, temporary";
/** Seconds until an update or a version of Lambda counts as failed; usually it takes a few. */
const PATIENCE_SECONDS = 300;
/** Seconds between two looks while Lambda works: the shortest and the longest. */
const LOOKS = { minDelay: 1, maxDelay: 5 };

/** The configuration of a function, which the next version would have. */
export interface LatestFunction {
  readonly arn: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  /** Reserved executions; null where none are. */
  readonly reserved: number | null;
}

/**
 * Versions of a function that exist only to be measured. Publishing one needs a change of the function's own
 * configuration, which no alias points to; {@link TemporaryVersions.remove} restores it.
 */
export class TemporaryVersions {
  constructor(
    private readonly client: LambdaClient,
    readonly functionName: string,
  ) {}

  /** @throws Error where Lambda does not answer, with the permissions that are needed */
  async latest(abortSignal: AbortSignal): Promise<LatestFunction> {
    try {
      const {
        FunctionArn: arn = "",
        MemorySize: memoryMiB = 0,
        Timeout: timeoutSeconds = 0,
      } = await this.client.send(new GetFunctionConfigurationCommand({ FunctionName: this.functionName }), {
        abortSignal,
      });
      const { ReservedConcurrentExecutions: reserved = null } = await this.client.send(
        new GetFunctionConcurrencyCommand({ FunctionName: this.functionName }),
        { abortSignal },
      );
      return { arn, memoryMiB, timeoutSeconds, reserved };
    } catch (cause) {
      if (abortSignal.aborted) throw cause;
      throw new Error(
        `Lambda does not tell the configuration of ${this.functionName} (${(cause as Error).message}). ` +
          "It takes lambda:GetFunctionConfiguration and lambda:GetFunctionConcurrency.",
        { cause },
      );
    }
  }

  /** Lists the numbers of the temporary versions that exist. */
  async list(abortSignal: AbortSignal): Promise<string[]> {
    const numbers: string[] = [];
    const pages = paginateListVersionsByFunction(
      { client: this.client },
      { FunctionName: this.functionName },
      { abortSignal },
    );
    for await (const { Versions: versions = [] } of pages)
      for (const { Description: description, Version: version = "" } of versions)
        if (description?.startsWith(MARK) && version !== "$LATEST") numbers.push(version);
    return numbers;
  }

  /**
   * Publishes a version with this memory.
   * @throws Error where nothing has changed since the newest version: Lambda then answers with that one, which is not
   * temporary
   */
  async publish(memoryMiB: number, abortSignal: AbortSignal): Promise<string> {
    await this.resize(memoryMiB, abortSignal);
    const { Version: version = "", Description: description = "" } = await this.client.send(
      new PublishVersionCommand({ FunctionName: this.functionName, Description: `${MARK}, ${memoryMiB} MB` }),
      { abortSignal },
    );
    if (!description.startsWith(MARK))
      throw new Error(
        `Lambda published no version of ${this.functionName} with ${memoryMiB} MB: ` +
          `it gave version ${version}, which is not temporary.`,
      );
    await waitUntilFunctionActiveV2(
      { client: this.client, maxWaitTime: PATIENCE_SECONDS, abortSignal, ...LOOKS },
      { FunctionName: this.functionName, Qualifier: version },
    );
    return version;
  }

  /**
   * Restores the memory and deletes every temporary version.
   * @returns the versions that were deleted
   * @throws Error with what is left, after it has tried everything
   */
  async remove(appliedMiB: number): Promise<string[]> {
    const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1_000);
    const problems: string[] = [];
    const attempt = async <T>(what: string, work: () => Promise<T>) =>
      work().catch((error: unknown) => void problems.push(`${what} (${(error as Error).message})`));
    await attempt(`the memory is not ${appliedMiB} MB again`, async () => {
      if ((await this.latest(signal)).memoryMiB !== appliedMiB) await this.resize(appliedMiB, signal);
    });
    const versions = (await attempt("its versions are not known", () => this.list(signal))) ?? [];
    for (const version of versions) await attempt(`version ${version} is there`, () => this.delete(version, signal));
    if (problems.length > 0)
      throw new Error(
        `What tune made of ${this.functionName} is not all gone: ${problems.join("; ")}. ` +
          "Apply nothing before it is: quickturn tune --cleanup.",
      );
    return versions;
  }

  private async resize(memoryMiB: number, abortSignal: AbortSignal): Promise<void> {
    await this.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: this.functionName, MemorySize: memoryMiB }),
      { abortSignal },
    );
    await waitUntilFunctionUpdatedV2(
      { client: this.client, maxWaitTime: PATIENCE_SECONDS, abortSignal, ...LOOKS },
      { FunctionName: this.functionName },
    );
  }

  private async delete(version: string, abortSignal: AbortSignal): Promise<void> {
    await this.client
      .send(new DeleteFunctionCommand({ FunctionName: this.functionName, Qualifier: version }), { abortSignal })
      .catch((error: unknown) => {
        // The first attempt may have deleted it, and its answer was lost.
        if (!(error instanceof ResourceNotFoundException)) throw error;
      });
  }
}

/** Milliseconds for the list of one function's versions; 50 of them are one call. */
const LIST_TIMEOUT_MS = 30_000;

/** A plan, and what of it could use temporary versions. */
interface TuningQuestion {
  /** Output of `terraform show -json` for the plan. */
  readonly plan: unknown;
  readonly exposed: readonly ExposedFunction[];
  readonly progress: Pick<Progress, "note">;
}

/**
 * Refuses a plan that would make a temporary version live, or that would be applied during a tuning: terraform takes
 * the newest version for the one to make live. AWS is asked only where a function is exposed; where it refuses to list
 * versions, a note says so, because the apply may still be allowed.
 */
export async function refuseDuringTuning(terraform: Terraform, question: TuningQuestion): Promise<void> {
  if (question.exposed.length === 0) return;
  const tunings = await findTunings(terraform, question).catch((error: Error) => {
    question.progress.note(`It is not known whether a tuning is under way: ${error.message}`);
    return [];
  });
  if (tunings.length > 0) throw new UsageError(tunings.map(describeTuning).join("\n"));
}

/** The exposed functions, each with the temporary versions that the plan could use. */
async function findTunings(terraform: Terraform, { plan, exposed }: TuningQuestion): Promise<ExposedFunction[]> {
  const place = { environment: terraform.environment, region: plannedRegion(plan, terraform) };
  const client = new LambdaClient(clientConfiguration(place, "LAMBDA"));
  try {
    const found = await Promise.all(
      exposed.map(async ({ name, functionName, versions }) => {
        const all = await new TemporaryVersions(client, functionName).list(AbortSignal.timeout(LIST_TIMEOUT_MS));
        return { name, functionName, versions: all.filter((version) => versions?.includes(version) ?? true) };
      }),
    );
    return found.filter(({ versions }) => versions.length > 0);
  } finally {
    client.destroy();
  }
}

function describeTuning({ name, functionName, versions }: ExposedFunction): string {
  const option = name === "worker" ? "" : ` --function ${name}`;
  return (
    `${functionName} has versions that exist only for a tuning (${versions?.join(", ")}), which runs or was killed. ` +
    "This plan would make one live, or publish a version while the size changes. Nothing was applied. " +
    `Let the tuning end; where none runs: quickturn tune${option} --cleanup.`
  );
}
