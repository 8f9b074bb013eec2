interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly values: Record<string, unknown>;
}

interface StateModule {
  readonly resources?: readonly StateResource[];
  readonly child_modules?: readonly StateModule[];
}

interface ShownState {
  readonly values?: { readonly root_module?: StateModule };
}

interface ShownPlan {
  readonly planned_values?: { readonly root_module?: StateModule };
  readonly configuration?: {
    readonly root_module?: {
      readonly resources?: readonly { readonly address: string; readonly expressions?: Readonly<Record<string, { readonly references?: readonly string[] }>> }[];
    };
  };
}

/**
 * Attributes that the emulator gives back otherwise than they were applied, and terraform then writes into the state:
 * it resolves a mapping's alias to the version behind it, and it says that a mapping is off when its own poller is.
 * A deployment's state holds what was applied, so this is for the emulator alone.
 */
const EMULATOR_DRIFT: Readonly<Record<string, readonly string[]>> = {
  aws_lambda_event_source_mapping: ["enabled", "function_name"],
};

/**
 * The state as it was applied: drifted attributes are taken from the plan that was applied, or, where the plan could
 * not know them yet, from the resource that the configuration refers to.
 * @param state `terraform show -json` after the apply; it is not changed
 * @param plan `terraform show -json <plan>` of what was applied
 */
export function appliedState(state: unknown, plan: unknown): unknown {
  const applied = structuredClone(state) as ShownState;
  const shown = plan as ShownPlan;
  const resources = resourcesOf(applied.values?.root_module);
  const planned = new Map(resourcesOf(shown.planned_values?.root_module).map((resource) => [resource.address, resource.values]));
  for (const { address, type, values } of resources) {
    for (const attribute of EMULATOR_DRIFT[type] ?? []) {
      values[attribute] = planned.get(address)?.[attribute] ?? referred(shown, resources, address, attribute) ?? values[attribute];
    }
  }
  return applied;
}

/** The value that a configuration's single reference, such as `aws_lambda_alias.worker_live_alias.arn`, has in the state. */
function referred(plan: ShownPlan, resources: readonly StateResource[], address: string, attribute: string): unknown {
  const configured = plan.configuration?.root_module?.resources?.find((resource) => resource.address === address);
  const [reference = ""] = configured?.expressions?.[attribute]?.references ?? [];
  const [type, name, referredAttribute = ""] = reference.split(".");
  return resources.find((resource) => resource.address === `${type}.${name}`)?.values[referredAttribute];
}

function resourcesOf(module: StateModule | undefined): StateResource[] {
  if (!module) return [];
  return [...(module.resources ?? []), ...(module.child_modules ?? []).flatMap(resourcesOf)];
}
