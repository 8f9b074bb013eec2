import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlanJson, StackSources } from "../../scripts/review/plan-json";
import { PROJECT } from "./stack-json";

/** Plans that real terraform made of the stacks, before anything was applied, with what no rule reads taken out. */
export const PLAN_NAMES = ["agent-api", "agent-api-edge", "state", "pipeline-access"] as const;
export type PlanName = (typeof PLAN_NAMES)[number];

export interface AuditedFixture {
  readonly plan: PlanJson;
  readonly sources: StackSources;
}

/** A copy of its own, for a test to break. */
export function auditedFixture(name: PlanName): AuditedFixture {
  return JSON.parse(readFileSync(pathOf(name), "utf8")) as AuditedFixture;
}

/** Writes one, from what `terraform show -json` gave and from `cdk.tf.json`. */
export function writeAuditedFixture(name: PlanName, plan: unknown, sources: unknown): void {
  writeFileSync(
    pathOf(name),
    `${JSON.stringify({ plan: trimmedPlan(plan as FullPlan), sources: trimmedSources(sources as StackSources) })}\n`,
  );
}

const pathOf = (name: PlanName) => join(PROJECT, `__tests__/scripts/review/plans/${name}.json`);

interface FullPlan extends PlanJson {
  readonly configuration: {
    readonly root_module: {
      readonly resources: readonly {
        readonly address: string;
        readonly mode: string;
        readonly expressions?: Record<string, unknown>;
      }[];
      readonly variables: Record<string, { sensitive?: boolean }>;
    };
  };
}

/** What describes, and no rule reads. */
const UNREAD = new Set([
  "tags",
  "tags_all",
  "description",
  "alarm_description",
  "dimensions",
  "metric_query",
  "metric_name",
  "namespace",
  "ok_actions",
  "comparison_operator",
  "threshold",
  "source_code_hash",
]);
const isRead = (address: string) => !address.startsWith("aws_cloudwatch_dashboard.");

function trimmedPlan({
  resource_changes: changes = [],
  variables = {},
  configuration: { root_module: root },
}: FullPlan): PlanJson {
  return {
    resource_changes: changes
      .filter(({ mode, address, change }) => mode === "managed" && change.after !== null && isRead(address))
      .map(({ address, type, mode, change: { after, after_unknown: later, after_sensitive: secret } }) => ({
        address,
        type,
        mode,
        change: {
          actions: ["create"],
          before: null,
          after: given(after) as Record<string, unknown>,
          after_unknown: marks(later) as Record<string, unknown>,
          after_sensitive: (marks(secret) ?? {}) as Record<string, unknown>,
        },
      })),
    variables: Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, { value }])),
    configuration: {
      root_module: {
        resources: root.resources
          .filter(({ address, mode }) => mode === "managed" && isRead(address))
          .map(({ address, expressions }) => ({
            address,
            expressions: Object.fromEntries(Object.entries(expressions ?? {}).filter(([name]) => !UNREAD.has(name))),
          })),
        variables: Object.fromEntries(Object.entries(root.variables).filter(([, { sensitive }]) => sensitive === true)),
      },
    },
  };
}

function trimmedSources({ locals = {}, resource = {} }: StackSources): StackSources {
  return {
    locals: Object.fromEntries(
      Object.entries(locals).filter(([name]) => !["dashboard_body", "settings"].includes(name)),
    ),
    resource: Object.fromEntries(
      Object.entries(resource).map(([type, named]) => [
        type,
        Object.fromEntries(
          Object.entries(named).map(([name, { lifecycle, dynamic }]) => [
            name,
            { ...(lifecycle && { lifecycle }), ...(dynamic && { dynamic }) },
          ]),
        ),
      ]),
    ),
  };
}

/** Without what is null or empty: to a rule that is the same as not there. */
function given(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(given);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, part]) => !UNREAD.has(name) && part !== null && !(Array.isArray(part) && part.length === 0))
      .map(([name, part]) => [name, given(part)]),
  );
}

/** Marks alone, without what is false. */
function marks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => marks(part) ?? false);
  if (typeof value !== "object" || value === null) return value === true ? true : undefined;
  const inside = Object.entries(value)
    .filter(([name]) => !UNREAD.has(name))
    .map(([name, part]) => [name, marks(part)] as const)
    .filter(([, part]) => part !== undefined && !(Array.isArray(part) && part.length === 0));
  return Object.fromEntries(inside);
}
