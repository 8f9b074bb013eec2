import {
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionConcurrencyCommand,
  paginateListVersionsByFunction,
  PublishVersionCommand,
  ResourceNotFoundException,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from "@aws-sdk/client-lambda";

/** How the description of a temporary version begins; by it a later run finds what a killed one left. */
const MARK = "quickturn tune, temporary";
/** Seconds that Lambda has for an update or a version; it takes a few. */
const PATIENCE_SECONDS = 300;
/** Seconds between two looks at first, and at most. */
const LOOKS = { minDelay: 1, maxDelay: 5 };

/** A function as it is configured: what the next version would be. */
export interface LatestFunction {
  readonly arn: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  /** Reserved executions; null where none are. */
  readonly reserved: number | null;
}

/**
 * Versions of a function that are there for a measuring alone. Publishing one takes a change of the function's own
 * configuration, which no alias points to; what was there is put back in the end.
 */
export class TemporaryVersions {
  constructor(
    private readonly client: LambdaClient,
    readonly functionName: string,
  ) {}

  /** Throws where there is no such function, with what it takes. */
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
        `Lambda does not tell the configuration of ${this.functionName} (${(cause as Error).message}). It takes lambda:GetFunctionConfiguration and lambda:GetFunctionConcurrency.`,
        { cause },
      );
    }
  }

  /** Numbers of the temporary versions that are there. */
  async there(abortSignal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    for await (const { Versions: versions = [] } of paginateListVersionsByFunction(
      { client: this.client },
      { FunctionName: this.functionName },
      { abortSignal },
    )) {
      found.push(
        ...versions
          .filter(
            ({ Description: description, Version: version }) => description?.startsWith(MARK) && version !== "$LATEST",
          )
          .map(({ Version: version = "" }) => version),
      );
    }
    return found;
  }

  /**
   * Publishes a version of a size. Lambda gives the newest version again where nothing has changed since: what does not
   * bear the mark is not ours, and an error.
   */
  async publish(memoryMiB: number, abortSignal: AbortSignal): Promise<string> {
    await this.resize(memoryMiB, abortSignal);
    const { Version: version = "", Description: description = "" } = await this.client.send(
      new PublishVersionCommand({ FunctionName: this.functionName, Description: `${MARK}, ${memoryMiB} MB` }),
      { abortSignal },
    );
    if (!description.startsWith(MARK))
      throw new Error(
        `Lambda published no version of ${this.functionName} with ${memoryMiB} MB: it gave version ${version}, which is not temporary.`,
      );
    await waitUntilFunctionActiveV2(
      { client: this.client, maxWaitTime: PATIENCE_SECONDS, abortSignal, ...LOOKS },
      { FunctionName: this.functionName, Qualifier: version },
    );
    return version;
  }

  /**
   * Puts the size back and deletes every temporary version, whatever else was interrupted. Throws after it has tried
   * all of it, with what is left.
   * @returns the versions that were deleted
   */
  async remove(appliedMiB: number): Promise<string[]> {
    const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1_000);
    const problems: string[] = [];
    const attempt = async <T>(what: string, work: () => Promise<T>) =>
      work().catch((error: unknown) => void problems.push(`${what} (${(error as Error).message})`));
    await attempt(`the memory is not ${appliedMiB} MB again`, async () => {
      if ((await this.latest(signal)).memoryMiB !== appliedMiB) await this.resize(appliedMiB, signal);
    });
    const versions = (await attempt("its versions are not known", () => this.there(signal))) ?? [];
    for (const version of versions) await attempt(`version ${version} is there`, () => this.delete(version, signal));
    if (problems.length > 0)
      throw new Error(
        `What tune made of ${this.functionName} is not all gone: ${problems.join("; ")}. Apply nothing before it is: quickturn tune --cleanup.`,
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
        // A call that was answered and whose answer was lost is sent again.
        if (!(error instanceof ResourceNotFoundException)) throw error;
      });
  }
}
