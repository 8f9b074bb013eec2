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
