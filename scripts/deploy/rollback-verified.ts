import { GetEventSourceMappingCommand, GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type LiveAnswers, type LiveStage, type LiveVersion, liveDifferences } from "./live-differences";
import { type StateResource, stateResources } from "../kit/state";
import { clientConfiguration, type AwsPlace, API_GATEWAY, getSigned } from "../kit/aws-client";
import { checkHealth } from "../gate/smoke-checks";
import { ApiProbe } from "../kit/api-client";
import type { Terraform } from "../kit/terraform";
import type { CommandContext } from "../kit/context";
import type { ApplyResult } from "./apply-plan";

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
            await getSigned(place, API_GATEWAY(place.region), { path: `/restapis/${api}/stages/${stage}`, signal }),
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

/** What a rollback was to bring about. */
export interface RolledBack {
  /** For a person. */
  readonly to: string;
  /** Seconds that the apply took. */
  readonly seconds: number;
  readonly verify: boolean;
  /** Settings and outputs that must be so now. Default: none. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Says what callers get otherwise than it is applied. Default: nobody looks. */
  readonly look?: () => Promise<readonly string[]>;
}

const FOUND = {
  good: "",
  failed: " It is not as it should be:",
  unknown:
    " It is applied, and what callers get is not known: ask from where the API can be reached (quickturn verify --smoke). --no-verify does not ask.",
} as const;

/**
 * Looks whether a rollback brought about what was asked, and says how long it took. Exit code: 0 it is so, 1 it is not,
 * 3 it is applied and the API cannot be asked from here.
 */
export async function verifiedRollback(
  context: CommandContext,
  result: ApplyResult,
  { to, seconds, verify, settings = {}, outputs = {}, look }: RolledBack,
): Promise<ApplyResult> {
  const { outputs: there = {} } = result.json;
  const inEffect = (there["settings"] ?? {}) as Readonly<Record<string, unknown>>;
  const looked = verify && look ? await whatIsSeen(look, context.signal) : { differing: [], unseen: [] };
  const differing = [...differences(settings, inEffect), ...differences(outputs, there), ...looked.differing];
  const health = verify ? await askHealth(context, there) : undefined;
  const verdict =
    differing.length > 0 || health?.verdict === "fail"
      ? "failed"
      : health?.verdict === "error" || looked.unseen.length > 0
        ? "unknown"
        : "good";
  const rounded = Number(seconds.toFixed(1));
  const done = `Rolled back to ${to} in ${rounded.toFixed(1)} s.`;
  if (!verify) return { ...result, text: `${done}\n${result.text}`, json: { ...result.json, to, seconds: rounded } };
  const checks = [...differing, ...looked.unseen, ...(health === undefined ? [] : [`health: ${health.seen}`])];
  const text = [`${done}${FOUND[verdict]}`, ...checks, result.text].join("\n");
  const exitCode = { good: result.exitCode, failed: 1, unknown: 3 }[verdict];
  return {
    exitCode,
    text,
    json: {
      ...result.json,
      to,
      seconds: rounded,
      verified: verdict === "unknown" ? null : verdict === "good",
      checks,
    },
  };
}

function differences(asked: Readonly<Record<string, unknown>>, there: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(asked).flatMap(([name, value]) =>
    there[name] === value
      ? []
      : [`${name} is ${JSON.stringify(there[name]) ?? "missing"}; expected ${JSON.stringify(value)}`],
  );
}

/** It is applied: where AWS cannot be asked, that is no failure of the rollback. */
async function whatIsSeen(
  look: () => Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<{ readonly differing: readonly string[]; readonly unseen: readonly string[] }> {
  try {
    return { differing: await look(), unseen: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { differing: [], unseen: [`not looked at: ${(error as Error).message}`] };
  }
}

/** Asks AWS itself: an alias that is pinned to an older version keeps callers from what was applied. */
export async function lookAtLive(terraform: Terraform, signal: AbortSignal): Promise<string[]> {
  const resources = stateResources(await terraform.show());
  const { aws_region: region } = ((await terraform.output())["settings"] ?? {}) as { readonly aws_region?: string };
  const place = { environment: terraform.environment, region: region ?? terraform.environment["AWS_REGION"] ?? "" };
  return liveDifferences(resources, await liveAnswers(resources, place, signal));
}

/** The one route that anybody may ask. */
async function askHealth(
  { signal }: CommandContext,
  outputs: Readonly<Record<string, unknown>>,
): Promise<{ readonly verdict: string; readonly seen: string } | undefined> {
  const endpoint = outputs["api_endpoint"];
  if (typeof endpoint !== "string" || !/^https?:\/\//.test(endpoint)) return undefined;
  const region = String((outputs["settings"] as { aws_region?: unknown } | undefined)?.aws_region ?? "");
  return checkHealth(
    await new ApiProbe({ url: endpoint.replace(/\/+$/, ""), region, signal, timeoutMs: 10_000 }).call({
      method: "GET",
      route: "/api/v1/health",
      caller: { kind: "anonymous" },
    }),
  );
}
