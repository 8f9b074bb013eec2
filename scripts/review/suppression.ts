import { withoutIndexes } from "./plan-json";
import type { Rule } from "./rule";

/** A demand that is not met on purpose: which, where, why, and until when that stands. */
export interface Suppression {
  /** Id of the rule. */
  readonly rule: string;
  /** Address of the resource, with or without its index. */
  readonly resource?: string;
  /** Instead of `resource`: Terraform's type, for a demand that conflicts with the design wherever it is made. */
  readonly type?: string;
  /** Part of the resource, such as `GET /api/v1/health`. Default: all of it. */
  readonly part?: string;
  /** Why it is not met, for the one who reads the report. */
  readonly reason: string;
  /** Last day that it holds, as YYYY-MM-DD: then somebody decides anew. */
  readonly until: string;
}

const KEYS = ["rule", "resource", "type", "part", "reason", "until"];

/**
 * Reads suppressions that a person wrote: `{ "suppressions": [...] }`. Throws with every problem that it finds.
 * @param name of the file, for the message
 */
export function readSuppressions(document: unknown, name: string, rules: readonly Rule[]): Suppression[] {
  const { suppressions } = (document ?? {}) as { suppressions?: unknown };
  if (!Array.isArray(suppressions))
    throw new Error(
      `${name} has no list of suppressions; allowed: {"suppressions": [{"rule": …, "resource" or "type": …, "reason": …, "until": "YYYY-MM-DD"}]}`,
    );
  const problems = suppressions.flatMap((entry, index) =>
    problemsOf((entry ?? {}) as Readonly<Record<string, unknown>>, rules).map(
      (problem) => `  ${index + 1}: ${problem}`,
    ),
  );
  if (problems.length > 0) throw new Error(`${name} has suppressions that cannot be read:\n${problems.join("\n")}`);
  return suppressions as Suppression[];
}

function problemsOf(entry: Readonly<Record<string, unknown>>, rules: readonly Rule[]): string[] {
  const rule = rules.find(({ id }) => id === entry["rule"]);
  const shown = (name: string) => `${name} is ${JSON.stringify(entry[name]) ?? "not given"}`;
  const other = Object.keys(entry).filter((key) => !KEYS.includes(key));
  const isText = (name: string) => typeof entry[name] === "string" && entry[name].trim() !== "";
  const type =
    entry["type"] ?? (isText("resource") ? /(?:^|\.)(aws_\w+)\./.exec(String(entry["resource"]))?.[1] : undefined);
  return [
    ...(other.length > 0 ? [`${other.join(", ")} is not known; allowed: ${KEYS.join(", ")}.`] : []),
    ...(rule === undefined ? [`${shown("rule")}; allowed: the id of a rule, as quickturn audit --all prints it.`] : []),
    ...(isText("resource") === isText("type")
      ? [`${shown("resource")} and ${shown("type")}; allowed: one of them.`]
      : []),
    ...(rule !== undefined && type !== undefined && !rule.types.includes(String(type))
      ? [`${String(entry["rule"])} does not look at ${String(type)}; allowed: ${rule.types.join(", ")}.`]
      : []),
    ...(entry["part"] !== undefined && !isText("part")
      ? [`${shown("part")}; allowed: a text, such as GET /api/v1/health.`]
      : []),
    ...(isText("reason") ? [] : [`${shown("reason")}; allowed: a sentence.`]),
    ...(isDay(entry["until"]) ? [] : [`${shown("until")}; allowed: a day as YYYY-MM-DD.`]),
  ];
}

/** True for a day of the calendar, as YYYY-MM-DD. */
export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(value);
}

/** The day so many days after another, both as YYYY-MM-DD. */
export const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** What of a row of the audit a suppression is matched against. */
interface Place {
  readonly rule: string;
  readonly address: string;
  readonly type: string;
  readonly part?: string;
}

/** True where a suppression is about a row. */
export function suppresses({ rule, resource, type, part }: Suppression, row: Place): boolean {
  const isHere =
    resource === undefined ? row.type === type : row.address === resource || withoutIndexes(row.address) === resource;
  return row.rule === rule && isHere && (part === undefined || part === row.part);
}

/** `aws_a.b, part c` of a suppression, for a person. */
export const placeOf = ({ resource, type, part }: Omit<Suppression, "rule" | "reason" | "until">): string =>
  `${resource ?? `every ${String(type)}`}${part === undefined ? "" : `, ${part}`}`;
