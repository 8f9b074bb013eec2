import { GetEventSourceMappingCommand, GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type StateResource, stateResources } from "../kit/state";
import { clientConfiguration, type AwsPlace, API_GATEWAY, getSigned } from "../kit/aws-client";
import { checkHealth } from "../gate/smoke-checks";
import { ApiProbe } from "../kit/api-client";
import type { Terraform } from "../kit/terraform";
import { EXIT_CODES, type CommandContext, type CommandResult } from "../kit/context";
import type { ApplyResult } from "./apply-plan";
import { settingsOutput, type Outputs } from "./live-file";
import { FUNCTIONS, NAMES_IN_STACK, type Values } from "./release";

/** What a rollback was to bring about. */
interface RollbackGoal {
  /** What it went back to, for messages. */
  readonly to: string;
  /** Seconds that the apply took. */
  readonly seconds: number;
  /** Whether to check at all. Default: true. */
  readonly verify?: boolean;
  /** Values that settings must have now. Default: none. */
  readonly settings?: Values;
  /** Values that outputs must have now. Default: none. */
  readonly outputs?: Values;
  /** Says in which ways callers get something else than what is applied. Default: nobody looks. */
  readonly look?: () => Promise<readonly string[]>;
}

/** Exit code and sentence of each outcome. */
const OUTCOMES = {
  good: { exitCode: EXIT_CODES.pass, sentence: "", verified: true },
  failed: { exitCode: EXIT_CODES.fail, sentence: " It is not as it should be:", verified: false },
  unknown: {
    exitCode: EXIT_CODES.inconclusive,
    sentence:
      " It is applied, and what callers get is not known: ask from where the API can be reached " +
      "(quickturn verify --smoke). --no-verify does not ask.",
    verified: null,
  },
} as const;

/**
 * Checks whether a rollback brought about its goal, and says how long it took. Exit code: 0 it did, 1 it did not, 3 it
 * is applied and the API cannot be reached from here.
 */
export async function checkRollback(
  { signal }: Pick<CommandContext, "signal">,
  result: ApplyResult,
  { to, seconds, verify = true, settings = {}, outputs: wanted = {}, look }: RollbackGoal,
): Promise<CommandResult & Pick<ApplyResult, "json">> {
  const { outputs = {} } = result.json;
  const rounded = Number(seconds.toFixed(1));
  const done = `Rolled back to ${to} in ${rounded.toFixed(1)} s.`;
  const json = { ...result.json, to, seconds: rounded };
  if (!verify) return { ...result, text: `${done}\n${result.text}`, json };
  const seen = look === undefined ? { differing: [], unseen: [] } : await tryLook(look, signal);
  const differing = [
    ...listDifferences(settings, settingsOutput(outputs)),
    ...listDifferences(wanted, outputs),
    ...seen.differing,
  ];
  const health = await askHealth(signal, outputs);
  const outcome =
    differing.length > 0 || health?.verdict === "fail"
      ? OUTCOMES.failed
      : health?.verdict === "error" || seen.unseen.length > 0
        ? OUTCOMES.unknown
        : OUTCOMES.good;
  const checks = [...differing, ...seen.unseen, ...(health === undefined ? [] : [`health: ${health.seen}`])];
  return {
    exitCode: outcome.exitCode,
    text: [`${done}${outcome.sentence}`, ...checks, result.text].join("\n"),
    json: { ...json, verified: outcome.verified, checks },
  };
}

function listDifferences(wanted: Values, present: Values): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => present[name] !== value)
    .map(
      ([name, value]) => `${name} is ${JSON.stringify(present[name]) ?? "missing"}; expected ${JSON.stringify(value)}`,
    );
}

/** The rollback is applied, so a look that AWS refuses is no failure of it. */
async function tryLook(
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

/** Asks the one route that needs no permission. */
async function askHealth(
  signal: AbortSignal,
  outputs: Outputs,
): Promise<{ readonly verdict: string; readonly seen: string } | undefined> {
  const endpoint = outputs["api_endpoint"];
  if (typeof endpoint !== "string" || !/^https?:\/\//.test(endpoint)) return undefined;
  const region = String(settingsOutput(outputs)["aws_region"] ?? "");
  return checkHealth(
    await new ApiProbe({ url: endpoint.replace(/\/+$/, ""), region, signal, timeoutMs: 10_000 }).call({
      method: "GET",
      route: "/api/v1/health",
      caller: { kind: "anonymous" },
    }),
  );
}

/** Says in which ways callers get something else than what is applied, such as an older version by a pinned alias. */
export async function lookAtLive(terraform: Terraform, signal: AbortSignal): Promise<string[]> {
  const resources = stateResources(await terraform.show());
  const { environment } = terraform;
  const region = settingsOutput(await terraform.output())["aws_region"] ?? environment["AWS_REGION"] ?? "";
  return findLiveDifferences(resources, await askLive(resources, { environment, region: String(region) }, signal));
}

/** The version of a function that an alias sends callers to, as AWS has it. */
interface LiveVersion {
  readonly version: string;
  readonly memoryMiB: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/** A stage, as API Gateway has it. */
interface LiveStage {
  readonly cacheClusterEnabled?: boolean;
  readonly methodSettings?: Readonly<
    Record<string, { readonly cachingEnabled?: boolean; readonly cacheTtlInSeconds?: number }>
  >;
}

/** What AWS answered, by the address of the resource that it was asked about. */
export interface LiveAnswers {
  readonly versions: Readonly<Record<string, LiveVersion>>;
  readonly stages: Readonly<Record<string, LiveStage>>;
  /** Of mappings: messages that are worked on at the same time; undefined without a limit. */
  readonly concurrency: Readonly<Record<string, number | undefined>>;
}

/** Asks AWS what callers get, by calls that terraform makes too, so that no further permission is needed. */
async function askLive(
  resources: readonly StateResource[],
  place: AwsPlace,
  abortSignal: AbortSignal,
): Promise<LiveAnswers> {
  const lambda = new LambdaClient(clientConfiguration(place, "LAMBDA"));
  const askEach = async <T>(type: string, ask: (values: Readonly<Record<string, string>>) => Promise<T>) =>
    Object.fromEntries(
      await Promise.all(
        resources
          .filter((resource) => resource.type === type)
          .map(
            async ({ address, values }) => [address, await ask(values as Readonly<Record<string, string>>)] as const,
          ),
      ),
    );
  try {
    const [versions, concurrency, stages] = await Promise.all([
      askEach("aws_lambda_alias", async ({ function_name: FunctionName, name: Qualifier }): Promise<LiveVersion> => {
        const command = new GetFunctionCommand({ FunctionName, Qualifier });
        const { Configuration: found } = await lambda.send(command, { abortSignal });
        return {
          version: found?.Version ?? "unknown",
          memoryMiB: found?.MemorySize,
          timeoutSeconds: found?.Timeout,
          environment: found?.Environment?.Variables ?? {},
        };
      }),
      askEach("aws_lambda_event_source_mapping", async ({ uuid: UUID }) => {
        const { ScalingConfig: scaling } = await lambda.send(new GetEventSourceMappingCommand({ UUID }), {
          abortSignal,
        });
        return scaling?.MaximumConcurrency;
      }),
      askEach("aws_api_gateway_stage", async ({ rest_api_id: api, stage_name: stage }) => {
        const path = `/restapis/${api}/stages/${stage}`;
        return JSON.parse(
          await getSigned(place, API_GATEWAY(place.region), { path, signal: abortSignal }),
        ) as LiveStage;
      }),
    ]);
    return { versions, stages, concurrency };
  } finally {
    lambda.destroy();
  }
}

/**
 * Compares what callers get with what is applied: the version behind each alias, the cache of the stage, and the number
 * of messages that are worked on at the same time.
 * @param resources those of the state
 * @returns a line for each difference
 */
export function findLiveDifferences(
  resources: readonly StateResource[],
  { versions, stages, concurrency }: LiveAnswers,
): string[] {
  return resources.flatMap(({ type, address, values }) => {
    const [version, stage] = [versions[address], stages[address]];
    if (type === "aws_lambda_alias" && version)
      return compareVersion(String(values["function_name"]), version, resources);
    if (type === "aws_api_gateway_stage" && stage) return compareStage(values, stage, resources);
    if (type !== "aws_lambda_event_source_mapping" || !(address in concurrency)) return [];
    const applied = firstBlock(values["scaling_config"])?.["maximum_concurrency"];
    return compareValue(`${address} maximum_concurrency`, concurrency[address], applied);
  });
}

function compareVersion(name: string, live: LiveVersion, resources: readonly StateResource[]): string[] {
  const applied = resources.find(
    ({ type, values }) => type === "aws_lambda_function" && values["function_name"] === name,
  )?.values;
  if (applied === undefined) return [];
  const environment = (firstBlock(applied["environment"])?.["variables"] ?? {}) as Values;
  const variables = [...new Set([...Object.keys(environment), ...Object.keys(live.environment)])].sort();
  const differences = [
    ...compareValue("memory_size", live.memoryMiB, applied["memory_size"]),
    ...compareValue("timeout", live.timeoutSeconds, applied["timeout"]),
    // Values may be secret, and definitions of agents are long.
    ...variables
      .filter((variable) => live.environment[variable] !== environment[variable])
      .map((variable) => `${variable} differs`),
  ];
  if (differences.length === 0) return [];
  const pinned = FUNCTIONS.find((each) => name.endsWith(`-${each}`));
  const pin = pinned && NAMES_IN_STACK[pinned].version;
  const advice =
    pin === undefined
      ? ""
      : ` It is pinned where ${pin} is given or a rollback left it: ` +
        `quickturn apply --var ${pin}=null makes the newest version live.`;
  return [
    `callers of ${name} get version ${live.version}, which is not as applied: ${differences.join(", ")}.${advice}`,
  ];
}

function compareStage(stage: Values, live: LiveStage, resources: readonly StateResource[]): string[] {
  const label = `stage ${String(stage["stage_name"])}`;
  const methods = resources.filter(
    ({ type, values }) => type === "aws_api_gateway_method_settings" && values["rest_api_id"] === stage["rest_api_id"],
  );
  return [
    ...compareValue(
      `${label}: cache_cluster_enabled`,
      live.cacheClusterEnabled ?? false,
      stage["cache_cluster_enabled"] ?? false,
    ),
    ...methods.flatMap(({ values }) => {
      const path = String(values["method_path"]);
      const [present, applied] = [live.methodSettings?.[path], firstBlock(values["settings"])];
      const [isCached, wanted] = [present?.cachingEnabled ?? false, applied?.["caching_enabled"] ?? false];
      return [
        ...compareValue(`${label}, ${path}: caching_enabled`, isCached, wanted),
        // Without a cache the time says nothing.
        ...(wanted === true
          ? compareValue(
              `${label}, ${path}: cache_ttl_in_seconds`,
              present?.cacheTtlInSeconds,
              applied?.["cache_ttl_in_seconds"],
            )
          : []),
      ];
    }),
  ];
}

function compareValue(name: string, live: unknown, applied: unknown): string[] {
  return (live ?? null) === (applied ?? null)
    ? []
    : [`${name} is ${JSON.stringify(live ?? null)}, applied is ${JSON.stringify(applied ?? null)}`];
}

/** Terraform writes a block as a list. */
function firstBlock(block: unknown): Values | undefined {
  return Array.isArray(block) ? (block[0] as Values | undefined) : undefined;
}
