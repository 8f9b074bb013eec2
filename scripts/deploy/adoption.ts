import { plannedResources, type PlanResource } from "../kit/plan-changes";
import type { Terraform } from "../kit/terraform";
import type { Failure } from "../kit/terraform-messages";
import type { Values } from "./release";

/** One of Terraform's import blocks. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

/** Finds the provider's region: the stack's variable, else that of the shell. */
export function plannedRegion(plan: unknown, { environment }: Pick<Terraform, "environment">): string {
  const { variables } = plan as { readonly variables?: { readonly aws_region?: { readonly value?: unknown } } };
  const variable = variables?.aws_region?.value;
  const region = typeof variable === "string" ? variable : environment["AWS_REGION"];
  if (region === undefined)
    throw new Error("The plan names no region; give the variable aws_region, or set AWS_REGION");
  return region;
}

/** The tags that name a resource's deployment, such as quickturn:name; none for a type without tags. */
function ownerTags(values: Values | null): Readonly<Record<string, string>> {
  const tags = (values?.["tags_all"] ?? {}) as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(tags).filter(([name]) => name.startsWith("quickturn:")));
}

/**
 * Makes what `terraform import` takes, from the planned values and AWS's error text; undefined where a part is not
 * known before the apply.
 */
type ImportId = (values: Values, error: string) => string | undefined;

/**
 * Import ids by type, for what AWS refuses to make a second time under one name (provider documentation, "Import").
 * Terraform overwrites resources of the other types, and then knows them; {@link LOOKED_UP} AWS makes twice.
 */
const IMPORT_IDS: Readonly<Record<string, ImportId>> = {
  aws_iam_role: ({ name }) => joinKnown`${name}`,
  aws_lambda_function: ({ function_name: name }) => joinKnown`${name}`,
  aws_lambda_alias: ({ function_name: fn, name }) => joinKnown`${fn}/${name}`,
  aws_lambda_permission: ({ function_name: fn, qualifier, statement_id: statement }) =>
    qualifier === null || qualifier === undefined
      ? joinKnown`${fn}/${statement}`
      : joinKnown`${fn}:${qualifier}/${statement}`,
  // AWS draws this id, and it cannot be looked up by name, but the refusal contains it.
  aws_lambda_event_source_mapping: (_, error) => /UUID ([0-9a-f-]{36})/.exec(error)?.[1],
  aws_dynamodb_table: ({ name }) => joinKnown`${name}`,
  aws_cloudwatch_log_group: ({ name }) => joinKnown`${name}`,
  aws_s3_bucket: ({ bucket }) => joinKnown`${bucket}`,
  aws_api_gateway_stage: ({ rest_api_id: api, stage_name: name }) => joinKnown`${api}/${name}`,
  aws_api_gateway_usage_plan_key: ({ usage_plan_id: plan, key_id: key }) => joinKnown`${plan}/${key}`,
};

/** The text, or undefined where a part is known only after the apply. */
function joinKnown(texts: TemplateStringsArray, ...parts: readonly unknown[]): string | undefined {
  return parts.every((part) => typeof part === "string" && part !== "") ? String.raw(texts, ...parts) : undefined;
}

/** A resource that was to be made and exists already. */
export interface Collision {
  readonly address: string;
  readonly type: string;
  /** Its physical name; the address where it has none of its own. */
  readonly name: string;
  /** What to import it from; undefined where that is not known. */
  readonly id: string | undefined;
}

/** Words of AWS's refusals. Lambda has one error type for this and for an update in progress. */
const EXISTS = /already exist|AlreadyExists|BucketAlreadyOwnedByYou|is already associated/i;

/** Attributes that hold a resource's name, the narrowest first. */
const NAME_ATTRIBUTES = ["statement_id", "stage_name", "function_name", "bucket", "name"] as const;

/** Finds the failures that say that a planned resource exists already. */
export function findCollisions(failures: readonly Pick<Failure, "address" | "summary">[], plan: unknown): Collision[] {
  const planned = new Map(plannedResources(plan).map((resource) => [resource.address, resource]));
  return failures.flatMap(({ address = "", summary }) => {
    const resource = planned.get(address);
    const after = resource?.change.after;
    if (!resource || !after || !isCreated(resource) || !EXISTS.test(summary)) return [];
    const { type } = resource;
    const name = NAME_ATTRIBUTES.map((attribute) => after[attribute]).find((value) => typeof value === "string");
    return [{ address, type, name: name ?? address, id: IMPORT_IDS[type]?.(after, summary) }];
  });
}

/** A resource that may not be taken over. */
interface RefusedImport {
  readonly address: string;
  readonly id: string;
  readonly reason: string;
}

/**
 * Types that AWS makes without tags and tags in a second call, so that a killed apply may have left one without tags.
 * The bucket's name holds a hash of account and region, and another account's bucket cannot be imported.
 */
const TAGGED_LATER = new Set(["aws_s3_bucket"]);

/** Types that hold nothing, so that terraform may replace them. */
const REPLACEABLE = new Set(["aws_lambda_permission"]);

/** Finds the imports of what belongs to another deployment or to nobody, or would be destroyed after the import. */
export function refusedImports(plan: unknown): RefusedImport[] {
  return plannedResources(plan).flatMap((resource) => {
    const { address } = resource;
    const id = importIdOf(resource);
    const reason = id === undefined ? undefined : whyNotImported(resource);
    return id === undefined || reason === undefined ? [] : [{ address, id, reason }];
  });
}

function whyNotImported(resource: PlanResource): string | undefined {
  const { type, change } = resource;
  if (isReplaced(resource) && !REPLACEABLE.has(type))
    return "it differs in what cannot be changed in place, so terraform would destroy it and make another";
  const [there, ours] = [ownerTags(change.before), ownerTags(change.after)];
  if (TAGGED_LATER.has(type) && Object.keys(there).length === 0) return undefined;
  const differing = Object.entries(ours).filter(([name, value]) => there[name] !== value);
  if (differing.length === 0) return undefined;
  const quote = (value: string | undefined) => (value === undefined ? "not there" : `"${value}"`);
  const lines = differing.map(
    ([name, value]) => `${name} is ${quote(there[name])}, and this deployment's is "${value}"`,
  );
  return `its tags say that it is not this deployment's: ${lines.join("; ")}`;
}

/**
 * Types that are looked up before a plan makes them, because AWS refuses too late or not at all:
 * - AWS draws the id of the first four, and makes a second one under the same name;
 * - AWS refuses a second mapping of a queue to a function, and the emulator does not;
 * - AWS refuses a second function or permission, but the provider takes the refusal for a temporary one, and tries
 * again   for five minutes (seen with provider 5.100.0: lambda CreateFunction).
 */
export const LOOKED_UP = [
  "aws_api_gateway_rest_api",
  "aws_api_gateway_api_key",
  "aws_api_gateway_usage_plan",
  "aws_cloudfront_distribution",
  "aws_lambda_event_source_mapping",
  "aws_lambda_function",
  "aws_lambda_permission",
] as const;
export type LookedUp = (typeof LOOKED_UP)[number];

export const isLookedUp = (type: string): type is LookedUp => (LOOKED_UP as readonly string[]).includes(type);

/** Types of which AWS allows only one of a name. */
const UNIQUE: ReadonlySet<LookedUp> = new Set(["aws_lambda_function", "aws_lambda_permission"]);

/** A resource to look up. */
export interface WantedResource {
  readonly type: LookedUp;
  /** A distribution's comment, a mapping's {@link mappingName}, a permission's import id; else the name. */
  readonly name: string;
}

/** A resource that AWS holds. */
export interface HeldResource extends WantedResource {
  /** The id by which it is imported. */
  readonly id: string;
  /** Undefined where the answer has none: then the plan with the import shows them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Seconds since 1970, or 0 where the answer does not say. */
  readonly createdAtSeconds: number;
}

export interface Twins {
  /** Existing resources that the plan would make again; of several with one name, the oldest. */
  readonly imports: readonly Import[];
  /** Further resources with a planned resource's name and this deployment's tags. */
  readonly surplus: readonly HeldResource[];
}

/** Lists what to look up. `made`: what a plan makes; `all`: also what it has, where there could be a second one. */
export function wantedResources(plan: unknown, which: "made" | "all"): WantedResource[] {
  return plannedResources(plan).flatMap((resource) => {
    const wanted = wantedResource(resource);
    return wanted && (isMade(resource) || (which === "all" && !UNIQUE.has(wanted.type))) ? [wanted] : [];
  });
}

/** Compares what a plan makes and has with what AWS holds. */
export function findTwins(plan: unknown, held: readonly HeldResource[]): Twins {
  const planned = plannedResources(plan);
  // By type, because a function and its role have the same id.
  const known = new Set(
    planned.flatMap((resource) => [
      `${resource.type} ${String(resource.change.before?.["id"])}`,
      `${resource.type} ${importIdOf(resource)}`,
    ]),
  );
  const [imports, surplus]: [Import[], HeldResource[]] = [[], []];
  for (const resource of planned) {
    const wanted = wantedResource(resource);
    const ours = Object.entries(ownerTags(resource.change.after));
    const others = held
      .filter(({ type, name }) => type === wanted?.type && name === wanted.name)
      .filter(({ type, id }) => !known.has(`${type} ${id}`))
      .filter(({ tags }) => tags === undefined || ours.every(([name, value]) => tags[name] === value))
      .sort((a, b) => a.createdAtSeconds - b.createdAtSeconds || (a.id < b.id ? -1 : 1));
    const oldest = isMade(resource) ? others.shift() : undefined;
    if (oldest) imports.push({ to: resource.address, id: oldest.id });
    surplus.push(...others);
  }
  return { imports, surplus };
}

/** Names a mapping by what it joins: the queue, and the function without its alias or version. */
export function mappingName(sourceArn: string, functionNameOrArn: string): string {
  return `${sourceArn} ${functionNameOrArn.split(":")[6] ?? functionNameOrArn}`;
}

/** Undefined for other types, and where a part of the name is still to be made: such a resource cannot exist. */
function wantedResource({ type, change: { after } }: PlanResource): WantedResource | undefined {
  const name = after && isLookedUp(type) ? lookUpName(type, after) : undefined;
  return name === undefined ? undefined : { type: type as LookedUp, name };
}

function lookUpName(type: LookedUp, values: Values): string | undefined {
  if (UNIQUE.has(type)) return IMPORT_IDS[type]?.(values, "");
  const { name, comment, event_source_arn: source, function_name: target } = values;
  if (type === "aws_lambda_event_source_mapping")
    return typeof source === "string" && typeof target === "string" ? mappingName(source, target) : undefined;
  const text = type === "aws_cloudfront_distribution" ? comment : name;
  return typeof text === "string" ? text : undefined;
}

const importIdOf = ({ change }: PlanResource): string | undefined => change.importing?.id;
export const isReplaced = ({ change }: PlanResource): boolean => change.actions.length > 1;
const isCreated = ({ change }: PlanResource): boolean => change.actions.length === 1 && change.actions[0] === "create";
const isMade = (resource: PlanResource): boolean => isCreated(resource) && importIdOf(resource) === undefined;
