interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly values: Record<string, unknown>;
}

interface StateModule {
  readonly resources?: readonly StateResource[];
  readonly child_modules?: readonly StateModule[];
}

/**
 * Attributes that the emulator gives back otherwise than they were applied, and terraform then writes into the state:
 * it says that a mapping is off when its own poller is, which the local runtime switches off.
 */
const EMULATOR_DRIFT: Readonly<Record<string, readonly string[]>> = { aws_lambda_event_source_mapping: ["enabled"] };

/**
 * The state as it was applied: drifted attributes are taken from the plan that was applied. For the emulator alone;
 * with AWS the state holds what was applied.
 * @param state `terraform show -json` after the apply; it is not changed
 * @param plan `terraform show -json <plan>` of what was applied
 */
export function appliedState(state: unknown, plan: unknown): unknown {
  const applied = structuredClone(state) as { values?: { root_module?: StateModule } };
  const { planned_values: planned } = plan as { planned_values?: { root_module?: StateModule } };
  const plannedValues = new Map(resourcesOf(planned?.root_module).map(({ address, values }) => [address, values]));
  for (const { address, type, values } of resourcesOf(applied.values?.root_module)) {
    for (const attribute of EMULATOR_DRIFT[type] ?? []) values[attribute] = plannedValues.get(address)?.[attribute] ?? values[attribute];
  }
  return applied;
}

function resourcesOf(module: StateModule | undefined): StateResource[] {
  if (!module) return [];
  return [...(module.resources ?? []), ...(module.child_modules ?? []).flatMap(resourcesOf)];
}
