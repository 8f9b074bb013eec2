/** A resource of a plan, as `terraform show -json` has it. */
export interface Change {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  readonly importing?: string;
}

/** A plan with these changes. */
export function planOf(...changes: readonly Change[]): unknown {
  return {
    variables: { aws_region: { value: "eu-central-1" }, memory_size: {} },
    resource_changes: changes.map(({ address, actions, before = null, after = null, importing }) => ({
      address,
      type: address.slice(0, address.indexOf(".")),
      mode: "managed",
      change: {
        actions,
        before,
        after,
        after_unknown: {},
        ...(importing === undefined ? {} : { importing: { id: importing } }),
      },
    })),
  };
}

/** A resource that is to be made. */
export function made(address: string, after: Readonly<Record<string, unknown>>): Change {
  return { address, actions: ["create"], after };
}

export const OURS = { "quickturn:name": "quickturn", "quickturn:environment": "dev", team: "agents" };
