import { asList, asObject, asText, asTexts, firstBlock, numberOr, requireText } from "../json";
import type { StateResource } from "../../kit/state";
import type { State } from "./applied";

const PATTERN = /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:([\w-]+)(?::([\w$-]+))?$/;

/**
 * Reads `arn:aws:lambda:<region>:<account>:function:<name>[:<alias or version>]`; undefined for anything else. The
 * qualifier is the alias or version, or undefined where the ARN names the function alone.
 */
export function parseLambdaArn(arn: string) {
  const [, functionName, qualifier] = PATTERN.exec(arn) ?? [];
  return functionName === undefined ? undefined : { functionName, qualifier };
}

/** Who wants to invoke which function, and on whose behalf. */
interface InvokeAttempt {
  /** Such as `apigateway.amazonaws.com`. */
  readonly principal: string;
  readonly functionArn: string;
  /** ARN of the method, authorizer or rule that invokes. */
  readonly sourceArn: string;
}

/**
 * Whether an `aws_lambda_permission` covers the attempt: the service, exactly this alias or version,
 * and the source.
 */
export function mayInvoke(permissions: readonly AppliedPermission[], attempt: InvokeAttempt): boolean {
  const target = parseLambdaArn(attempt.functionArn);
  return permissions.some(
    ({ principal, functionName, qualifier, sourceArn }) =>
      principal === attempt.principal &&
      functionName === target?.functionName &&
      qualifier === target.qualifier &&
      (sourceArn === undefined || matchesPattern(sourceArn, attempt.sourceArn)),
  );
}

/**
 * Compares as IAM does: `*` stands for any text and `?` for one character.
 * @param flags `i` for names of actions, which IAM compares without regard to case
 */
export function matchesPattern(pattern: string, value: string, flags = ""): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, `s${flags}`).test(value);
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
  /** Path of the zip as terraform was given it. */
  readonly filename: string;
  /** Most invocations at once, over all versions. Undefined: no limit of its own; 0: switched off. */
  readonly reservedConcurrency: number | undefined;
  readonly newest: VersionConfiguration;
}

/** A name for one version, or for two versions of which one gets a share of the invocations. */
export interface AppliedAlias {
  readonly name: string;
  readonly functionName: string;
  readonly version: string;
  /** Version to its share of the invocations, 0 to 1. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Which service may invoke which function. */
export interface AppliedPermission {
  readonly principal: string;
  readonly functionName: string;
  readonly qualifier: string | undefined;
  /** ARN with wildcards. Undefined: any source of the principal. */
  readonly sourceArn: string | undefined;
}

/** A queue, with what a poller has to know. */
export interface AppliedQueue {
  readonly arn: string;
  readonly url: string;
  readonly visibilityTimeoutSeconds: number;
}

/** An event source mapping: a queue that is polled for a function. */
export interface AppliedMapping {
  readonly address: string;
  readonly uuid: string;
  readonly eventSourceArn: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  /** Most batches under way at once. Undefined: none is applied. */
  readonly maximumConcurrency: number | undefined;
  readonly reportsBatchItemFailures: boolean;
}

/** @throws Error for a function from a container image */
export function readFunctions(state: State): AppliedFunction[] {
  return state.all("aws_lambda_function").map((resource) => {
    const { package_type: packageType, image_uri: image, reserved_concurrent_executions: reserved } = resource.values;
    if (packageType === "Image")
      throw new Error(
        `${resource.address} was applied as a container image (${String(image)}), which is not pulled here. ` +
          "Apply it as a zip, with another package_type.",
      );
    const reservedConcurrency = numberOr(reserved, -1);
    return {
      filename: requireText(resource, "filename"),
      reservedConcurrency: reservedConcurrency < 0 ? undefined : reservedConcurrency,
      newest: readNewest(resource),
    };
  });
}

function readNewest(resource: StateResource): VersionConfiguration {
  const { values } = resource;
  return {
    functionName: requireText(resource, "function_name"),
    version: asText(values.version) ?? "$LATEST",
    handler: requireText(resource, "handler"),
    runtime: requireText(resource, "runtime"),
    memoryMiB: numberOr(values.memory_size, 128),
    timeoutSeconds: numberOr(values.timeout, 3),
    environment: asTexts(firstBlock(values.environment)?.variables),
    codeSha256: requireText(resource, values.code_sha256 ? "code_sha256" : "source_code_hash"),
  };
}

export function readAliases(state: State): AppliedAlias[] {
  return state.all("aws_lambda_alias").map((resource) => {
    const weights = asObject(firstBlock(resource.values.routing_config)?.additional_version_weights) ?? {};
    return {
      name: requireText(resource, "name"),
      // The provider accepts a name or an ARN here.
      functionName: requireText(resource, "function_name").replace(/^.*:function:/, ""),
      version: requireText(resource, "function_version"),
      weights: Object.fromEntries(Object.entries(weights).map(([version, weight]) => [version, numberOr(weight, 0)])),
    };
  });
}

export function readPermissions(state: State): AppliedPermission[] {
  return state.all("aws_lambda_permission").flatMap((resource) => {
    if (!["lambda:InvokeFunction", "lambda:*"].includes(requireText(resource, "action"))) return [];
    const [functionName = "", inline] = requireText(resource, "function_name")
      .replace(/^.*:function:/, "")
      .split(":");
    const { qualifier, source_arn: sourceArn } = resource.values;
    return [
      {
        principal: requireText(resource, "principal"),
        functionName,
        qualifier: asText(qualifier) ?? inline,
        sourceArn: asText(sourceArn),
      },
    ];
  });
}

export function readQueues(state: State): AppliedQueue[] {
  return state.all("aws_sqs_queue").map((resource) => ({
    arn: requireText(resource, "arn"),
    url: requireText(resource, "url"),
    visibilityTimeoutSeconds: numberOr(resource.values.visibility_timeout_seconds, 30),
  }));
}

export function readMappings(state: State): AppliedMapping[] {
  return state.all("aws_lambda_event_source_mapping").map((resource) => {
    const { values } = resource;
    const concurrency = numberOr(firstBlock(values.scaling_config)?.maximum_concurrency, 0);
    return {
      address: resource.address,
      uuid: requireText(resource, "uuid"),
      eventSourceArn: requireText(resource, "event_source_arn"),
      functionArn:
        aliasArnOf(resource, state) ?? requireText(resource, values.function_name ? "function_name" : "function_arn"),
      enabled: values.enabled !== false,
      batchSize: numberOr(values.batch_size, 10),
      batchingWindowSeconds: numberOr(values.maximum_batching_window_in_seconds, 0),
      maximumConcurrency: concurrency > 0 ? concurrency : undefined,
      reportsBatchItemFailures: asList(values.function_response_types).includes("ReportBatchItemFailures"),
    };
  });
}

/**
 * The alias that a mapping was applied with; undefined where it was applied without one. Lambda keeps the alias, but
 * moto writes the version behind it into the mapping, so the alias is found by the mapping's references.
 */
function aliasArnOf(mapping: StateResource, state: State): string | undefined {
  const given = parseLambdaArn(requireText(mapping, mapping.values.function_name ? "function_name" : "function_arn"));
  const aliases = state.all("aws_lambda_alias").filter((alias) => {
    const sameFunction = requireText(alias, "arn").split(":")[6] === given?.functionName;
    return sameFunction && mapping.dependsOn.includes(alias.address.replace(/\[[^\]]*\]$/, ""));
  });
  const resolved = given?.qualifier !== undefined && /^(\d+|\$LATEST)$/.test(given.qualifier);
  return resolved && aliases.length === 1 ? requireText(aliases[0]!, "arn") : undefined;
}
