import type { StateResource } from "../kit/state";

/** The version of a function that an alias sends callers to, as AWS has it. */
export interface LiveVersion {
  readonly version: string;
  readonly memoryMiB: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/** A stage, as API Gateway has it. */
export interface LiveStage {
  readonly cacheClusterEnabled?: boolean;
  readonly methodSettings?: Readonly<
    Record<string, { readonly cachingEnabled?: boolean; readonly cacheTtlInSeconds?: number }>
  >;
}

/** What AWS answered, by the address of the resource that it was asked about. */
export interface LiveAnswers {
  readonly versions: Readonly<Record<string, LiveVersion>>;
  readonly stages: Readonly<Record<string, LiveStage>>;
  /** Of mappings: how many messages are worked on at once; undefined without a limit. */
  readonly concurrency: Readonly<Record<string, number | undefined>>;
}

/** The outputs that pin, by the last part of a function's name. */
const PINS: Readonly<Record<string, string>> = { worker: "live_version", api: "api_live_version" };

/**
 * What callers get otherwise than it is applied, a line each: of each alias the version behind it, of the stage its
 * cache, of the queue how many of its messages are worked on at once.
 * @param resources of the state
 */
export function liveDifferences(
  resources: readonly StateResource[],
  { versions, stages, concurrency }: LiveAnswers,
): string[] {
  return [
    ...resources.flatMap(({ type, address, values }) =>
      type === "aws_lambda_alias" && versions[address]
        ? versionDifferences(String(values["function_name"]), versions[address], resources)
        : [],
    ),
    ...resources.flatMap(({ type, address, values }) =>
      type === "aws_api_gateway_stage" && stages[address] ? stageDifferences(values, stages[address], resources) : [],
    ),
    ...resources.flatMap(({ type, address, values }) =>
      type === "aws_lambda_event_source_mapping" && address in concurrency
        ? differing(
            `${address} maximum_concurrency`,
            concurrency[address],
            first(values["scaling_config"])?.["maximum_concurrency"],
          )
        : [],
    ),
  ];
}

function versionDifferences(name: string, live: LiveVersion, resources: readonly StateResource[]): string[] {
  const applied = resources.find(
    ({ type, values }) => type === "aws_lambda_function" && values["function_name"] === name,
  )?.values;
  if (applied === undefined) return [];
  const environment = (first(applied["environment"])?.["variables"] ?? {}) as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(environment), ...Object.keys(live.environment)])].sort();
  const found = [
    ...differing("memory_size", live.memoryMiB, applied["memory_size"]),
    ...differing("timeout", live.timeoutSeconds, applied["timeout"]),
    // Values may be secret, and agents' definitions long.
    ...names.flatMap((each) => (live.environment[each] === environment[each] ? [] : [`${each} is another one`])),
  ];
  if (found.length === 0) return [];
  const pin = PINS[name.slice(name.lastIndexOf("-") + 1)];
  const free =
    pin === undefined
      ? ""
      : ` It is pinned where ${pin} is given or a rollback left it: quickturn apply --var ${pin}=null makes the newest version live.`;
  return [`callers of ${name} get version ${live.version}, which is not as applied: ${found.join(", ")}.${free}`];
}

function stageDifferences(
  stage: Readonly<Record<string, unknown>>,
  live: LiveStage,
  resources: readonly StateResource[],
): string[] {
  const name = String(stage["stage_name"]);
  const methods = resources.filter(
    ({ type, values }) => type === "aws_api_gateway_method_settings" && values["rest_api_id"] === stage["rest_api_id"],
  );
  return [
    ...differing(
      `stage ${name}: cache_cluster_enabled`,
      live.cacheClusterEnabled ?? false,
      stage["cache_cluster_enabled"] ?? false,
    ),
    ...methods.flatMap(({ values }) => {
      const path = String(values["method_path"]);
      const [there, applied] = [live.methodSettings?.[path], first(values["settings"])];
      // What is off has no time.
      const ttl =
        applied?.["caching_enabled"] === true
          ? differing(
              `stage ${name}, ${path}: cache_ttl_in_seconds`,
              there?.cacheTtlInSeconds,
              applied["cache_ttl_in_seconds"],
            )
          : [];
      return [
        ...differing(
          `stage ${name}, ${path}: caching_enabled`,
          there?.cachingEnabled ?? false,
          applied?.["caching_enabled"] ?? false,
        ),
        ...ttl,
      ];
    }),
  ];
}

function differing(what: string, live: unknown, applied: unknown): string[] {
  return (live ?? null) === (applied ?? null)
    ? []
    : [`${what} is ${JSON.stringify(live ?? null)}, applied is ${JSON.stringify(applied ?? null)}`];
}

/** Terraform's blocks are lists. */
function first(block: unknown): Readonly<Record<string, unknown>> | undefined {
  return Array.isArray(block) ? (block[0] as Readonly<Record<string, unknown>> | undefined) : undefined;
}
