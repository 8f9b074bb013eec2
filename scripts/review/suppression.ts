import { UsageError } from "../kit/context";
import { stripIndexes } from "./plan-json";
import type { Rule } from "./rule";

/** A demand that is not met on purpose: which, where, why, and until when. */
export interface Suppression {
  /** Id of the rule. */
  readonly rule: string;
  /** Address of the resource, with or without its index. */
  readonly resource?: string;
  /** Instead of `resource`: Terraform's type, for a demand that conflicts with the design wherever it is made. */
  readonly type?: string;
  /** Part of the resource, such as `GET /api/v1/health`. Default: all of it. */
  readonly part?: string;
  /** Why the demand is not met, for a reader of the report. */
  readonly reason: string;
  /** YYYY-MM-DD: the last day that it holds. */
  readonly until: string;
}

const KEYS = ["rule", "resource", "type", "part", "reason", "until"];

/**
 * Reads suppressions that a person wrote: `{ "suppressions": [...] }`.
 * @param name of the file, for the message
 * @throws UsageError naming every problem
 */
export function readSuppressions(document: unknown, name: string, rules: readonly Rule[]): Suppression[] {
  const { suppressions } = (document ?? {}) as { suppressions?: unknown };
  if (!Array.isArray(suppressions))
    throw new UsageError(
      `${name} has no list of suppressions; allowed: ` +
        '{"suppressions": [{"rule": …, "resource" or "type": …, "reason": …, "until": "YYYY-MM-DD"}]}',
    );
  const problems = suppressions.flatMap((entry, index) =>
    listProblems((entry ?? {}) as Readonly<Record<string, unknown>>, rules).map(
      (problem) => `  ${index + 1}: ${problem}`,
    ),
  );
  if (problems.length > 0)
    throw new UsageError(`${name} has suppressions that cannot be read:\n${problems.join("\n")}`);
  return suppressions as Suppression[];
}

function listProblems(entry: Readonly<Record<string, unknown>>, rules: readonly Rule[]): string[] {
  const { rule: id, resource, part, until } = entry;
  const rule = rules.find((candidate) => candidate.id === id);
  const show = (name: string) => `${name} is ${JSON.stringify(entry[name]) ?? "not given"}`;
  const isText = (name: string) => typeof entry[name] === "string" && entry[name].trim() !== "";
  const others = Object.keys(entry).filter((key) => !KEYS.includes(key));
  const type = entry["type"] ?? (isText("resource") ? /(?:^|\.)(aws_\w+)\./.exec(String(resource))?.[1] : undefined);
  const isOfRule = rule === undefined || type === undefined || rule.types.includes(String(type));
  const checks: readonly (readonly [holds: boolean, problem: string])[] = [
    [others.length === 0, `${others.join(", ")} is not known; allowed: ${KEYS.join(", ")}.`],
    [rule !== undefined, `${show("rule")}; allowed: the id of a rule, as quickturn audit --all prints it.`],
    [isText("resource") !== isText("type"), `${show("resource")} and ${show("type")}; allowed: one of them.`],
    [isOfRule, `${String(id)} does not look at ${String(type)}; allowed: ${rule?.types.join(", ")}.`],
    [part === undefined || isText("part"), `${show("part")}; allowed: a text, such as GET /api/v1/health.`],
    [isText("reason"), `${show("reason")}; allowed: a sentence.`],
    [isDay(until), `${show("until")}; allowed: a day as YYYY-MM-DD.`],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

/** True for a day of the calendar, as YYYY-MM-DD. */
export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(value);
}

/** Adds days to a day, both as YYYY-MM-DD. */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** The fields of an audit's row that a suppression is compared with. */
interface SuppressedRow {
  readonly rule: string;
  readonly address: string;
  readonly type: string;
  readonly part?: string;
}

/** True where a suppression is about a row. */
export function suppresses({ rule, resource, type, part }: Suppression, row: SuppressedRow): boolean {
  const isOfResource =
    resource === undefined ? row.type === type : [row.address, stripIndexes(row.address)].includes(resource);
  return row.rule === rule && isOfResource && (part === undefined || part === row.part);
}

/** `aws_a.b, part c` of a suppression, for a person. */
export const describePlace = ({ resource, type, part }: Pick<Suppression, "resource" | "type" | "part">): string =>
  `${resource ?? `every ${String(type)}`}${part === undefined ? "" : `, ${part}`}`;
