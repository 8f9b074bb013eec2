import { block, list, number, numberOr, record, strings, text, type State } from "./state";
import type { StateResource } from "../../kit/state";

/** A function's ARN in parts. */
export interface LambdaArn {
  readonly region: string;
  readonly accountId: string;
  readonly functionName: string;
  /** Alias or version, or undefined where the ARN names the function alone. */
  readonly qualifier: string | undefined;
}

const PATTERN = /^arn:[\w-]+:lambda:([\w-]+):(\d{12}):function:([\w-]+)(?::([\w$-]+))?$/;

/** Reads `arn:aws:lambda:<region>:<account>:function:<name>[:<alias or version>]`; undefined for anything else. */
export function parseLambdaArn(arn: string): LambdaArn | undefined {
  const match = PATTERN.exec(arn);
  if (match === null) return undefined;
  return { region: match[1]!, accountId: match[2]!, functionName: match[3]!, qualifier: match[4] };
}

/** Whether the applied `aws_lambda_permission`s let a service invoke exactly this function, alias or version. */
export function mayInvoke(
  permissions: readonly AppliedPermission[],
  principal: string,
  functionArn: string,
  sourceArn: string,
): boolean {
  const target = parseLambdaArn(functionArn);
  return permissions.some(
    (permission) =>
      permission.principal === principal &&
      permission.functionName === target?.functionName &&
      permission.qualifier === target.qualifier &&
      (permission.sourceArn === undefined || matches(permission.sourceArn, sourceArn)),
  );
}

/** `*` stands for any text and `?` for one character, as in IAM. */
function matches(pattern: string, value: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "s").test(value);
}

/** What one version of a function runs with. */
export interface VersionConfiguration {
  readonly functionName: string;
  readonly version: string;
  /** Such as `index.handler`. */
  readonly handler: string;
  /** Such as `nodejs22.x`. */
  readonly runtime: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** SHA-256 of the zip, in Base64, as Lambda reports it. */
  readonly codeSha256: string;
}

/** A function with the configuration of its newest version. */
export interface AppliedFunction {
  readonly address: string;
  readonly arn: string;
  /** Path of the zip as terraform was given it. */
  readonly filename: string;
  /** Invocations at once over all versions; undefined = no limit of its own, 0 = off. */
  readonly reservedConcurrency: number | undefined;
  readonly newest: VersionConfiguration;
}

/** A name for one version, or for two with a weight. */
export interface AppliedAlias {
  readonly name: string;
  readonly functionName: string;
  readonly version: string;
  /** Version to its share of the invocations, 0 to 1. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Who may invoke what. */
export interface AppliedPermission {
  readonly principal: string;
  readonly functionName: string;
  readonly qualifier: string | undefined;
  /** ARN with wildcards, or undefined where any source of the principal may. */
  readonly sourceArn: string | undefined;
}

/** A queue, as far as a poller needs it. */
export interface AppliedQueue {
  readonly arn: string;
  readonly url: string;
  readonly visibilityTimeoutSeconds: number;
}

/** A queue polled for a function. */
export interface AppliedMapping {
  readonly address: string;
  readonly uuid: string;
  readonly eventSourceArn: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  /** Batches in flight at once, or undefined where none is applied. */
  readonly maximumConcurrency: number | undefined;
  readonly reportsBatchItemFailures: boolean;
}

export function readFunctions(state: State): AppliedFunction[] {
  return state.all("aws_lambda_function").map((resource) => {
    if (resource.values.package_type === "Image")
      throw new Error(
        `${resource.address} was applied as a container image (${String(resource.values.image_uri)}), which is not pulled here. Apply with package_type=zip: the image holds the same files, and \`quickturn image validate\` makes it without a daemon.`,
      );
    const reserved = numberOr(resource.values.reserved_concurrent_executions, -1);
    return {
      address: resource.address,
      arn: text(resource, "arn"),
      filename: text(resource, "filename"),
      reservedConcurrency: reserved < 0 ? undefined : reserved,
      newest: readNewest(resource),
    };
  });
}

function readNewest(resource: StateResource): VersionConfiguration {
  const { values } = resource;
  return {
    functionName: text(resource, "function_name"),
    version: typeof values.version === "string" && values.version !== "" ? values.version : "$LATEST",
    handler: text(resource, "handler"),
    runtime: text(resource, "runtime"),
    memoryMiB: numberOr(values.memory_size, 128),
    timeoutSeconds: numberOr(values.timeout, 3),
    environment: strings(block(values.environment)?.variables),
    codeSha256: text(resource, values.code_sha256 ? "code_sha256" : "source_code_hash"),
  };
}

export function readAliases(state: State): AppliedAlias[] {
  return state.all("aws_lambda_alias").map((resource) => {
    const weights = record(block(resource.values.routing_config)?.additional_version_weights) ?? {};
    return {
      name: text(resource, "name"),
      // The provider accepts a name or an ARN here.
      functionName: text(resource, "function_name").replace(/^.*:function:/, ""),
      version: text(resource, "function_version"),
      weights: Object.fromEntries(Object.entries(weights).map(([version, weight]) => [version, numberOr(weight, 0)])),
    };
  });
}

export function readPermissions(state: State): AppliedPermission[] {
  return state.all("aws_lambda_permission").flatMap((resource) => {
    if (!["lambda:InvokeFunction", "lambda:*"].includes(text(resource, "action"))) return [];
    const [functionName = "", inline] = text(resource, "function_name")
      .replace(/^.*:function:/, "")
      .split(":");
    const { qualifier, source_arn: sourceArn } = resource.values;
    return [
      {
        principal: text(resource, "principal"),
        functionName,
        qualifier: typeof qualifier === "string" && qualifier !== "" ? qualifier : inline,
        sourceArn: typeof sourceArn === "string" && sourceArn !== "" ? sourceArn : undefined,
      },
    ];
  });
}

export function readQueues(state: State): AppliedQueue[] {
  return state.all("aws_sqs_queue").map((resource) => ({
    arn: text(resource, "arn"),
    url: text(resource, "url"),
    visibilityTimeoutSeconds: numberOr(resource.values.visibility_timeout_seconds, 30),
  }));
}

export function readMappings(state: State): AppliedMapping[] {
  return state.all("aws_lambda_event_source_mapping").map((resource) => {
    const { values } = resource;
    const concurrency = numberOr(block(values.scaling_config)?.maximum_concurrency, 0);
    return {
      address: resource.address,
      uuid: text(resource, "uuid"),
      eventSourceArn: text(resource, "event_source_arn"),
      functionArn:
        aliasArnOf(resource, state) ?? text(resource, values.function_name ? "function_name" : "function_arn"),
      enabled: values.enabled !== false,
      batchSize: values.batch_size === undefined || values.batch_size === null ? 10 : number(resource, "batch_size"),
      batchingWindowSeconds: numberOr(values.maximum_batching_window_in_seconds, 0),
      maximumConcurrency: concurrency > 0 ? concurrency : undefined,
      reportsBatchItemFailures: list(values.function_response_types).includes("ReportBatchItemFailures"),
    };
  });
}

/**
 * The emulator writes the version that an alias names at that moment where Lambda keeps the alias, and terraform reads
 * that back. The alias is therefore taken from what the mapping refers to; a mapping that refers to none is left alone.
 */
function aliasArnOf(mapping: StateResource, state: State): string | undefined {
  const given = parseLambdaArn(text(mapping, mapping.values.function_name ? "function_name" : "function_arn"));
  const aliases = state.all("aws_lambda_alias").filter((alias) => {
    const sameFunction = text(alias, "arn").split(":")[6] === given?.functionName;
    return sameFunction && mapping.dependsOn.includes(alias.address.replace(/\[[^\]]*\]$/, ""));
  });
  const resolved = given?.qualifier !== undefined && /^(\d+|\$LATEST)$/.test(given.qualifier);
  return resolved && aliases.length === 1 ? text(aliases[0]!, "arn") : undefined;
}
