import { importId, ownersTags, plannedResources, type Import, type Planned } from "./adoption";

/**
 * What is looked for before a plan makes it, because a refusal comes too late or not at all:
 * - AWS draws the id of the first four, and makes a second one under the same name, without a word;
 * - of a mapping of a queue to a function AWS refuses a second one, and the emulator does not;
 * - of a function and a permission AWS refuses a second one too, but the provider takes the refusal for one that
 * passes,
 *   and tries again for five minutes (seen with provider 5.100.0: lambda CreateFunction).
 */
export const LOOKED_FOR = [
  "aws_api_gateway_rest_api",
  "aws_api_gateway_api_key",
  "aws_api_gateway_usage_plan",
  "aws_cloudfront_distribution",
  "aws_lambda_event_source_mapping",
  "aws_lambda_function",
  "aws_lambda_permission",
] as const;
export type LookedFor = (typeof LOOKED_FOR)[number];

/** Of these AWS itself allows one of a name. */
const UNIQUE: ReadonlySet<string> = new Set<LookedFor>(["aws_lambda_function", "aws_lambda_permission"]);

/** One to look for. */
export interface Wanted {
  readonly type: LookedFor;
  /**
   * A distribution's comment, what {@link mappingName} gives for a mapping, what imports a permission; else its name.
   */
  readonly name: string;
}

/** One that AWS holds. */
export interface Held extends Wanted {
  /** What imports it. */
  readonly id: string;
  /** Undefined where the answer does not say: then the plan with the import shows them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Seconds since 1970, or 0 where the answer does not say. */
  readonly createdAtSeconds: number;
}

export interface Twins {
  /** What is planned to be made, and is there under this deployment's name: the oldest one. */
  readonly imports: readonly Import[];
  /** What carries a planned resource's name and this deployment's tags beside the one that terraform knows. */
  readonly surplus: readonly Held[];
}

/** What to look for: of what a plan makes, or also of what it holds, where there could be a second one. */
export function wantedOf(plan: unknown, which: "made" | "all"): Wanted[] {
  return plannedResources(plan).flatMap((resource) => {
    const one = wanted(resource);
    return one && (isMade(resource) || (which === "all" && !UNIQUE.has(one.type))) ? [one] : [];
  });
}

/** Compares what a plan makes and holds with what AWS holds. */
export function twins(plan: unknown, held: readonly Held[]): Twins {
  const planned = plannedResources(plan);
  // By type, because a function and its role have the same id.
  const known = new Set(
    planned.flatMap(({ type, before, importId: id }) => [`${type} ${String(before?.["id"])}`, `${type} ${id}`]),
  );
  const found = planned.map((resource) => {
    const one = wanted(resource);
    return {
      resource,
      others: held
        .filter(
          ({ type, name, id, tags }) =>
            type === one?.type && name === one.name && !known.has(`${type} ${id}`) && isOurs(tags, resource),
        )
        .sort(byAge),
    };
  });
  return {
    imports: found.flatMap(({ resource, others: [oldest] }) =>
      oldest && isMade(resource) ? [{ to: resource.address, id: oldest.id }] : [],
    ),
    surplus: found.flatMap(({ resource, others }) => (isMade(resource) ? others.slice(1) : others)),
  };
}

/** What a mapping joins: the queue, and the function whatever its alias or version. */
export function mappingName(sourceArn: string, functionNameOrArn: string): string {
  return `${sourceArn} ${functionNameOrArn.split(":")[6] ?? functionNameOrArn}`;
}

/** The command that deletes a second one: nobody but a person does. */
export function deletion({ type, id }: Pick<Held, "type" | "id">): string {
  switch (type) {
    case "aws_api_gateway_rest_api":
      return `aws apigateway delete-rest-api --rest-api-id ${id}`;
    case "aws_api_gateway_api_key":
      return `aws apigateway delete-api-key --api-key ${id}`;
    case "aws_api_gateway_usage_plan":
      return `aws apigateway delete-usage-plan --usage-plan-id ${id}`;
    case "aws_cloudfront_distribution":
      return `aws cloudfront delete-distribution --id ${id} --if-match <its ETag>, once it is disabled`;
    case "aws_lambda_event_source_mapping":
      return `aws lambda delete-event-source-mapping --uuid ${id}`;
    case "aws_lambda_function":
    case "aws_lambda_permission":
      throw new Error(`There cannot be a second ${type} ${id}`);
  }
}

/**
 * Undefined for the other types, and for what is named after something that is still to be made: it cannot be there.
 */
function wanted({ type, after }: Planned): Wanted | undefined {
  const name = after && isLookedFor(type) ? NAMES[type](after) : undefined;
  return name === undefined ? undefined : { type: type as LookedFor, name };
}

const NAMES: Readonly<Record<LookedFor, (values: Readonly<Record<string, unknown>>) => string | undefined>> = {
  aws_api_gateway_rest_api: ({ name }) => text(name),
  aws_api_gateway_api_key: ({ name }) => text(name),
  aws_api_gateway_usage_plan: ({ name }) => text(name),
  aws_cloudfront_distribution: ({ comment }) => text(comment),
  aws_lambda_event_source_mapping: ({ event_source_arn: source, function_name: target }) =>
    typeof source === "string" && typeof target === "string" ? mappingName(source, target) : undefined,
  aws_lambda_function: (values) => importId("aws_lambda_function", values, ""),
  aws_lambda_permission: (values) => importId("aws_lambda_permission", values, ""),
};

function isLookedFor(type: string): type is LookedFor {
  return (LOOKED_FOR as readonly string[]).includes(type);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isMade({ action, importId: id }: Planned): boolean {
  return action === "create" && id === undefined;
}

function isOurs(tags: Held["tags"], { after }: Planned): boolean {
  return tags === undefined || Object.entries(ownersTags(after)).every(([name, value]) => tags[name] === value);
}

/** Oldest first, and by id where two are of the same second. */
function byAge(a: Held, b: Held): number {
  return a.createdAtSeconds - b.createdAtSeconds || (a.id < b.id ? -1 : 1);
}
