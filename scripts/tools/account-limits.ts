import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { clientConfiguration, type AwsPlace } from "./aws-client";

/**
 * Executions that the account may have at once in the region: all of them, and those without a reservation. Throws with
 * what it takes.
 */
export async function accountLimits(
  place: AwsPlace,
  signal: AbortSignal,
): Promise<{ concurrentExecutions: number; unreservedConcurrentExecutions: number }> {
  const client = new LambdaClient(clientConfiguration(place, "LAMBDA"));
  try {
    const { AccountLimit: limit } = await client.send(new GetAccountSettingsCommand({}), { abortSignal: signal });
    const [all, unreserved] = [limit?.ConcurrentExecutions, limit?.UnreservedConcurrentExecutions];
    if (all === undefined || unreserved === undefined) throw new Error("the answer holds no AccountLimit");
    return { concurrentExecutions: all, unreservedConcurrentExecutions: unreserved };
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Error(
      `Lambda in ${place.region} does not tell the account's limits (${(cause as Error).message}). It takes lambda:GetAccountSettings.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
