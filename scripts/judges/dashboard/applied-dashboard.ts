/** A dashboard as terraform holds it. */
export interface AppliedDashboard {
  readonly name: string;
  /** Parsed, and not looked at further: see body.ts. */
  readonly body: unknown;
}

/** A module as `terraform show -json` prints it. */
interface ShownModule {
  readonly resources?: readonly {
    readonly type: string;
    readonly address: string;
    readonly values?: Readonly<Record<string, unknown>>;
  }[];
  readonly child_modules?: readonly ShownModule[];
}

interface Shown {
  readonly values?: { readonly root_module?: ShownModule };
  readonly planned_values?: { readonly root_module?: ShownModule };
}

/**
 * The dashboard in what `terraform show -json` printed of a state or a plan. Throws where there is none, more than one,
 * or where a plan does not know its body yet.
 */
export function appliedDashboard(document: unknown): AppliedDashboard {
  const { values, planned_values: planned } = (document ?? {}) as Shown;
  const root = (values ?? planned)?.root_module;
  if (typeof root !== "object")
    throw new Error(
      "It holds no resources; allowed: what terraform show -json printed of an applied state, or of a plan. Apply first: quickturn apply.",
    );
  const found = resources(root).filter(({ type }) => type === "aws_cloudwatch_dashboard");
  const [one] = found;
  if (one === undefined)
    throw new Error(
      "It holds no aws_cloudwatch_dashboard; allowed: a state or plan of a stack with one. Apply this release first: quickturn apply.",
    );
  if (found.length > 1)
    throw new Error(
      `It holds ${found.length} dashboards: ${found.map(({ address }) => address).join(", ")}; allowed: one. Give a state of one stack.`,
    );
  return {
    name: String(one.values?.["dashboard_name"] ?? one.address),
    body: parsed(one.values?.["dashboard_body"], one.address, values === undefined),
  };
}

const resources = ({
  resources: own = [],
  child_modules: children = [],
}: ShownModule): NonNullable<ShownModule["resources"]>[number][] => [...own, ...children.flatMap(resources)];

function parsed(body: unknown, address: string, isPlan: boolean): unknown {
  if (typeof body !== "string") {
    const why = isPlan
      ? "it names what this plan is to create, so it is known after the apply"
      : "this is no whole state";
    throw new Error(
      `${address} has no dashboard_body: ${why}. Give what terraform show -json prints after the apply${isPlan ? ", or a plan that creates no alarm and no function" : ""}.`,
    );
  }
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new Error(
      `The dashboard_body of ${address} is no JSON (${(cause as Error).message}): ${JSON.stringify(body.slice(0, 80))}; allowed: the text that the stack applied. Apply it again: quickturn apply.`,
      { cause },
    );
  }
}
