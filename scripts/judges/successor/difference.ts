/** One place where two synthesized stacks are not the same. */
export interface Difference {
  /**
   * Names and indices from the top, joined by dots, such as `resource.aws_lambda_alias.worker_live_live_alias.name`.
   */
  readonly path: string;
  /** Undefined: it is not there. JSON itself has no such value. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Why a difference is no matter. */
export interface Explanation {
  readonly path: RegExp;
  readonly reason: string;
}

/** All that CDKTF and its successor may write differently. */
export const EXPLANATIONS: readonly Explanation[] = [
  {
    path: /^\/\/\.metadata\.version$/,
    reason: "each library writes its own version into cdktf's metadata, which Terraform does not read",
  },
];

export interface Explained {
  readonly explained: readonly (Difference & { readonly reason: string })[];
  readonly unexplained: readonly Difference[];
}

/**
 * Where two JSON documents differ, each place once, as deep as it can be named. The order of names does not count:
 * Terraform's JSON has none.
 */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  const [one, other] = [children(before), children(after)];
  if (one === undefined || other === undefined || Array.isArray(before) !== Array.isArray(after))
    return Object.is(before, after) ? [] : [{ path, before, after }];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) =>
    differences(one.get(name), other.get(name), path === "" ? name : `${path}.${name}`),
  );
}

/** Divides differences into those with a reason and those without. */
export function explain(found: readonly Difference[], explanations: readonly Explanation[] = EXPLANATIONS): Explained {
  const reasons = found.map((difference) => ({
    difference,
    reason: explanations.find(({ path }) => path.test(difference.path))?.reason,
  }));
  return {
    explained: reasons.flatMap(({ difference, reason }) => (reason === undefined ? [] : [{ ...difference, reason }])),
    unexplained: reasons.flatMap(({ difference, reason }) => (reason === undefined ? [difference] : [])),
  };
}

/**
 * A list's or an object's own parts by name; undefined for anything that has none. A Map, because `__proto__` is a name
 * in JSON.
 */
function children(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}
