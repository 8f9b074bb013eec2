import type { AwsCall } from "./aws-call";

/** A statement as AWS gives it back. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/**
 * Whether statements that only allow do allow a call: actions and resources with IAM's wildcards, and the few
 * conditions that the policies here have. Another effect or operator throws.
 */
export function allows(statements: readonly Statement[], call: AwsCall): boolean {
  return statements.some((statement) => {
    if (statement.Effect !== "Allow") throw new Error(`The effect ${statement.Effect} is not known here; known: Allow`);
    return listOf(statement.Action).some((action) => matches(action.toLowerCase(), call.action.toLowerCase())) && listOf(statement.Resource).some((resource) => covers(resource, call.resource)) && holds(statement, call);
  });
}

/** A call that names no resource is allowed only on all of them. */
function covers(pattern: string, resource: string): boolean {
  return resource === "*" ? pattern === "*" : matches(pattern, resource);
}

const OPERATORS: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  StringEquals: (pattern, value) => pattern === value,
  "ForAnyValue:StringEquals": (pattern, value) => pattern === value,
  ArnEquals: matches,
  ArnLike: matches,
};

function holds({ Condition: conditions = {} }: Statement, { context }: AwsCall): boolean {
  return Object.entries(conditions).every(([operator, keys]) => {
    const test = OPERATORS[operator];
    if (!test) throw new Error(`The condition ${operator} is not known here; known: ${Object.keys(OPERATORS).join(", ")}`);
    return Object.entries(keys).every(([key, allowed]) => listOf(allowed).some((pattern) => test(pattern, context[key] ?? "")));
  });
}

function matches(pattern: string, value: string): boolean {
  const expression = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(value);
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
