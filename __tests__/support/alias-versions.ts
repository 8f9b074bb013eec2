import { GetAliasCommand, LambdaClient } from "@aws-sdk/client-lambda";

/** What an alias of a function sends its callers to. */
export interface AliasVersions {
  readonly version: string;
  /** Shares of other versions, 0 to 1, by version; none at rest. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Asks an emulator itself, not terraform's state, what an alias is. Throws where there is no such alias. */
export async function aliasVersions(endpoint: string, functionName: string, alias: string): Promise<AliasVersions> {
  const client = new LambdaClient({
    region: "us-east-1",
    endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  try {
    const { FunctionVersion: version = "", RoutingConfig: routing } = await client.send(
      new GetAliasCommand({ FunctionName: functionName, Name: alias }),
    );
    return { version, weights: routing?.AdditionalVersionWeights ?? {} };
  } catch (cause) {
    throw new Error(
      `The emulator does not say what the alias ${alias} of ${functionName} is: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
