import { GetEventSourceMappingCommand, GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { LiveAnswers, LiveStage, LiveVersion } from "../judges/live-differences";
import type { StateResource } from "../judges/state-resources";
import { clientConfiguration, type AwsPlace } from "./aws-client";
import { API_GATEWAY, signedGet } from "./signed-get";

/** Asks AWS itself what callers get: by the calls that terraform makes too, so that it takes no permission beyond. */
export async function liveAnswers(
  resources: readonly StateResource[],
  place: AwsPlace,
  signal: AbortSignal,
): Promise<LiveAnswers> {
  const lambda = new LambdaClient(clientConfiguration(place, "LAMBDA"));
  const of = <T>(
    type: string,
    ask: (values: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<Readonly<Record<string, T>>> =>
    byAddress(
      resources.filter((resource) => resource.type === type),
      ({ values }) => ask(values as Readonly<Record<string, string>>),
    );
  try {
    const [versions, concurrency, stages] = await Promise.all([
      of("aws_lambda_alias", ({ function_name: name = "", name: alias = "" }) =>
        liveVersion(lambda, name, alias, signal),
      ),
      of(
        "aws_lambda_event_source_mapping",
        async ({ uuid = "" }) =>
          (await lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }), { abortSignal: signal })).ScalingConfig
            ?.MaximumConcurrency,
      ),
      of(
        "aws_api_gateway_stage",
        async ({ rest_api_id: api = "", stage_name: stage = "" }) =>
          JSON.parse(
            await signedGet(place, API_GATEWAY(place.region), `/restapis/${api}/stages/${stage}`, {}, signal),
          ) as LiveStage,
      ),
    ]);
    return { versions, stages, concurrency };
  } finally {
    lambda.destroy();
  }
}

async function liveVersion(
  client: LambdaClient,
  name: string,
  alias: string,
  signal: AbortSignal,
): Promise<LiveVersion> {
  const { Configuration: found } = await client.send(new GetFunctionCommand({ FunctionName: name, Qualifier: alias }), {
    abortSignal: signal,
  });
  return {
    version: found?.Version ?? "unknown",
    memoryMiB: found?.MemorySize,
    timeoutSeconds: found?.Timeout,
    environment: found?.Environment?.Variables ?? {},
  };
}

async function byAddress<T>(
  resources: readonly StateResource[],
  ask: (resource: StateResource) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  return Object.fromEntries(
    await Promise.all(resources.map(async (resource) => [resource.address, await ask(resource)] as const)),
  );
}
