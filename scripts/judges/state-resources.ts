/** A resource that a state knows. */
export interface StateResource {
  /** Such as `aws_dynamodb_table.store_requests`. */
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a state manages, as `terraform show -json` gives it, in its order; data sources are left out. */
export function resourcesOf(state: unknown): StateResource[] {
  const { values } = state as {
    readonly values?: {
      readonly root_module?: { readonly resources?: readonly (StateResource & { readonly mode: string })[] };
    };
  };
  return (values?.root_module?.resources ?? []).flatMap(({ mode, address, type, values: attributes }) =>
    mode === "managed" ? [{ address, type, values: attributes }] : [],
  );
}
