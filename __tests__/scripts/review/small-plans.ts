import type { PlanJson, StackSources } from "../../../scripts/review/plan-json";

type Attributes = Readonly<Record<string, unknown>>;

/** A value that another resource's attribute gives, and that is known after the apply. */
class Reference {
  constructor(readonly to: string) {}
}
class Later {}

/** `${aws_sqs_queue.q.arn}` */
export const to = (reference: string): Reference => new Reference(reference);

/** Known after the apply, and nobody can tell from where. */
export const later = new Later();

export interface SmallResource {
  readonly address: string;
  readonly after: unknown;
  readonly marks: unknown;
  readonly expressions: unknown;
}

/** A resource of a plan: its values, where they lead, and what is not known yet. */
export const resource = (address: string, attributes: Attributes = {}): SmallResource => ({
  address,
  after: known(attributes),
  marks: marks(attributes),
  expressions: expressions(attributes),
});

/** What `terraform show -json` gives of a plan of these. */
export function planOf(...resources: readonly SmallResource[]): PlanJson {
  return {
    resource_changes: resources.map(({ address, after, marks: unknown }) => ({
      address,
      type: /(?:^|\.)(aws_\w+)\./.exec(address)![1]!,
      mode: "managed",
      change: {
        actions: ["create"],
        before: null,
        after: after as Attributes,
        after_unknown: { arn: true, id: true, ...(unknown as Attributes) },
      },
    })),
    variables: {},
    configuration: {
      root_module: {
        resources: resources.map(({ address, expressions: given }) => ({
          address: address.replace(/\[.*/, ""),
          expressions: given as Attributes,
        })),
      },
    },
  };
}

/** Sources that say of one resource that its successor comes first. */
export const comesFirst = (address: string): StackSources => {
  const [type = "", name = ""] = address.split(".");
  return { resource: { [type]: { [name]: { lifecycle: { create_before_destroy: true } } } } };
};

export const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
export const allow = (action: string | readonly string[], more: object = {}) => ({
  Effect: "Allow",
  Action: action,
  ...more,
});
export const DENY_HTTP = {
  Effect: "Deny",
  Principal: "*",
  Action: "*",
  Resource: "*",
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};

const isBlock = (value: unknown): value is Attributes =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Reference) &&
  !(value instanceof Later);
const isOpen = (value: unknown): boolean => value instanceof Reference || value instanceof Later;

function known(value: unknown): unknown {
  if (isOpen(value)) return undefined;
  if (Array.isArray(value)) return value.every(isOpen) && value.length > 0 ? undefined : value.map(known);
  return isBlock(value)
    ? Object.fromEntries(
        Object.entries(value)
          .map(([name, part]) => [name, known(part)])
          .filter(([, part]) => part !== undefined),
      )
    : value;
}

function marks(value: unknown): unknown {
  if (isOpen(value)) return true;
  if (Array.isArray(value)) return value.length > 0 && value.every(isOpen) ? true : value.map(marks);
  return isBlock(value)
    ? Object.fromEntries(
        Object.entries(value)
          .map(([name, part]) => [name, marks(part)])
          .filter(([, part]) => part !== false),
      )
    : false;
}

function expressions(value: unknown): unknown {
  if (value instanceof Reference)
    return { constant_value: `\${${value.to}}`, references: [value.to, value.to.split(".").slice(0, 2).join(".")] };
  if (value instanceof Later) return { references: ["var.given"] };
  if (Array.isArray(value) && value.some(isBlock)) return value.map(expressions);
  if (Array.isArray(value) && value[0] instanceof Reference)
    return {
      constant_value: value.map((part) => `\${${(part as Reference).to}}`),
      references: value.flatMap((part) => [
        (part as Reference).to,
        (part as Reference).to.split(".").slice(0, 2).join("."),
      ]),
    };
  return isBlock(value)
    ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, expressions(part)]))
    : { constant_value: value };
}
