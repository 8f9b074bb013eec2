/** A managed resource of `terraform show -json` (Terraform documentation, "JSON Output Format"). */
export interface StateResource {
  /** Such as `module.api.aws_dynamodb_table.store_requests`. */
  readonly address: string;
  readonly type: string;
  /** The last part of the address, without an index. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Addresses, without an index, of what it refers to. */
  readonly dependsOn: readonly string[];
}

/** A module of `terraform show -json`, as much of it as is read here. */
export interface StateModule {
  readonly resources?: readonly {
    readonly address: string;
    readonly type: string;
    readonly name: string;
    /** Default: `managed`. */
    readonly mode?: string;
    readonly values?: Readonly<Record<string, unknown>>;
    readonly depends_on?: readonly string[];
  }[];
  readonly child_modules?: readonly StateModule[];
}

/** The managed resources of a module and of those below it, in the state's order. Data sources are left out. */
export function moduleResources({ resources = [], child_modules: children = [] }: StateModule): StateResource[] {
  const own = resources
    .filter(({ mode = "managed" }) => mode === "managed")
    .map(({ address, type, name, values = {}, depends_on: dependsOn = [] }) => ({
      address,
      type,
      name,
      values,
      dependsOn,
    }));
  return [...own, ...children.flatMap(moduleResources)];
}

/** The managed resources of a parsed `terraform show -json`; none where nothing is applied. */
export function stateResources(state: unknown): StateResource[] {
  const { values } = state as { readonly values?: { readonly root_module?: StateModule } };
  return moduleResources(values?.root_module ?? {});
}
