/** Values of a resource, as a plan has them. */
export type Values = Readonly<Record<string, unknown>>;

/** A resource in `terraform show -json <plan>`. */
export interface Planned {
  readonly address: string;
  readonly type: string;
  /** Undefined where there is none yet. */
  readonly before: Values | undefined;
  /** What is known of it before the apply; undefined where it goes. */
  readonly after: Values | undefined;
  readonly action: "create" | "replace" | "other";
  /** What it is to be taken over from. */
  readonly importId?: string;
}

/** What an import block takes. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

interface PlanJson {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly type: string;
    readonly mode: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly before: Values | null;
      readonly after: Values | null;
      readonly importing?: { readonly id?: string };
    };
  }[];
  readonly variables?: Readonly<Record<string, { readonly value?: unknown }>>;
}

/** Every managed resource of a plan, those that stay as they are included. */
export function plannedResources(plan: unknown): Planned[] {
  return ((plan as PlanJson).resource_changes ?? [])
    .filter(({ mode }) => mode === "managed")
    .map(({ address, type, change: { actions, before, after, importing } }) => ({
      address,
      type,
      before: before ?? undefined,
      after: after ?? undefined,
      action: actions.length > 1 ? "replace" : actions[0] === "create" ? "create" : "other",
      ...(importing?.id === undefined ? {} : { importId: importing.id }),
    }));
}

/** Value of a variable that is a string, or undefined. */
export function plannedVariable(plan: unknown, name: string): string | undefined {
  const value = (plan as PlanJson).variables?.[name]?.value;
  return typeof value === "string" ? value : undefined;
}

/** The tags that say whose a resource is, such as quickturn:name; none for a type without tags. */
export function ownersTags(values: Values | undefined): Readonly<Record<string, string>> {
  const tags = (values?.["tags_all"] ?? {}) as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(tags).filter(([name]) => name.startsWith("quickturn:")));
}

/**
 * Yields what `terraform import` takes, from the planned values and from what AWS said; undefined where a part is not
 * known yet.
 */
type ImportId = (values: Values, said: string) => string | undefined;

/**
 * By type, for what AWS refuses to make a second time under one name (provider documentation, "Import"). The other
 * types are put, not made: terraform overwrites them, and then knows them. What AWS does make twice is in twins.ts.
 */
const IMPORT_IDS: Readonly<Record<string, ImportId>> = {
  aws_iam_role: ({ name }) => whole`${name}`,
  aws_lambda_function: ({ function_name: name }) => whole`${name}`,
  aws_lambda_alias: ({ function_name: of, name }) => whole`${of}/${name}`,
  aws_lambda_permission: ({ function_name: of, qualifier, statement_id: statement }) =>
    qualifier === null || qualifier === undefined ? whole`${of}/${statement}` : whole`${of}:${qualifier}/${statement}`,
  // The one id that nobody chose and that cannot be asked for by name; AWS says it when it refuses.
  aws_lambda_event_source_mapping: (_, said) => /UUID ([0-9a-f-]{36})/.exec(said)?.[1],
  aws_dynamodb_table: ({ name }) => whole`${name}`,
  aws_cloudwatch_log_group: ({ name }) => whole`${name}`,
  aws_s3_bucket: ({ bucket }) => whole`${bucket}`,
  aws_api_gateway_stage: ({ rest_api_id: api, stage_name: name }) => whole`${api}/${name}`,
  aws_api_gateway_usage_plan_key: ({ usage_plan_id: plan, key_id: key }) => whole`${plan}/${key}`,
};

/**
 * What to import a planned resource from; undefined where its type is never refused, or a part of it is not known yet.
 */
export function importId(type: string, values: Values, said: string): string | undefined {
  return IMPORT_IDS[type]?.(values, said);
}

/** The text, or undefined where a part is no string: planned, but known only after the apply. */
function whole(texts: TemplateStringsArray, ...parts: readonly unknown[]): string | undefined {
  return parts.every((part) => typeof part === "string" && part !== "") ? String.raw(texts, ...parts) : undefined;
}

/** A thing that an apply could not do. */
export interface FailedStep {
  /** Address of the resource; undefined where it is no resource's. */
  readonly address?: string;
  readonly summary: string;
}

/** A resource that was to be made and is there already. */
export interface Collision {
  readonly address: string;
  readonly type: string;
  /** Its physical name; the address where it has none of its own. */
  readonly name: string;
  /** What AWS said. */
  readonly said: string;
  /** What to import it from; undefined where that is not known, or not yet. */
  readonly id: string | undefined;
}

/**
 * How the services say so. An update in progress is a ResourceConflictException of Lambda's too, so the words decide.
 */
const EXISTS = /already exist|AlreadyExists|BucketAlreadyOwnedByYou|is already associated/i;

/** Attributes that hold a resource's name, the narrowest first. */
const NAMES = ["statement_id", "stage_name", "function_name", "bucket", "name"] as const;

/** The failures that say that a planned resource is there already. */
export function collisions(failed: readonly FailedStep[], plan: unknown): Collision[] {
  const planned = new Map(plannedResources(plan).map((resource) => [resource.address, resource]));
  return failed.flatMap(({ address, summary }) => {
    const resource = planned.get(address ?? "");
    if (resource?.after === undefined || resource.action !== "create" || !EXISTS.test(summary)) return [];
    const { type, after } = resource;
    const name = NAMES.map((attribute) => after[attribute]).find((value) => typeof value === "string");
    return [
      {
        address: resource.address,
        type,
        name: name ?? resource.address,
        said: summary,
        id: importId(type, after, summary),
      },
    ];
  });
}

/** The imports that can be written down already. */
export function knownImports(found: readonly Collision[]): Import[] {
  return found.flatMap(({ address, id }) => (id === undefined ? [] : [{ to: address, id }]));
}

/** A resource that may not be taken over. */
export interface Refused {
  readonly address: string;
  readonly id: string;
  readonly reason: string;
}

/**
 * Types that AWS makes without tags and tags in a second call, so that one that a killed apply made may have none yet.
 * The bucket's name holds a hash of account and region, and another account's cannot be imported.
 */
const TAGGED_LATER = new Set(["aws_s3_bucket"]);

/**
 * Types that hold nothing, so that making one anew is as good: what they name may itself have been forgotten, and is
 * known only after the apply.
 */
const HOLD_NOTHING = new Set(["aws_lambda_permission"]);

/**
 * What a plan with import blocks would take over wrongly: another deployment's, nobody's, or what would be destroyed
 * for it.
 */
export function refusedImports(plan: unknown): Refused[] {
  return plannedResources(plan).flatMap(({ address, type, before, after, action, importId: id }) => {
    if (id === undefined) return [];
    if (action === "replace" && !HOLD_NOTHING.has(type))
      return [
        {
          address,
          id,
          reason: "it differs in what cannot be changed in place, so terraform would destroy it and make another",
        },
      ];
    const [there, ours] = [ownersTags(before), ownersTags(after)];
    if (TAGGED_LATER.has(type) && Object.keys(there).length === 0) return [];
    const differing = Object.entries(ours).filter(([name, value]) => there[name] !== value);
    return differing.length === 0
      ? []
      : [
          {
            address,
            id,
            reason: `its tags say that it is not this deployment's: ${differing.map(([name, value]) => `${name} is ${said(there[name])}, and this deployment's is "${value}"`).join("; ")}`,
          },
        ];
  });
}

function said(value: string | undefined): string {
  return value === undefined ? "not there" : `"${value}"`;
}
