import { list, record, type Values } from "../applied/state";
import type { Sample } from "./metric-store";

/** A directive holds at most so many dimensions a set (embedded metric format specification). */
const MAX_DIMENSIONS = 30;

/**
 * The metrics in one line of a function's log, in CloudWatch's embedded metric format: of each directive each metric,
 * once for each of its dimension sets, each value of an array for itself. A line that is none has no metrics; a metric
 * or a dimension that the line does not hold is left out, as CloudWatch does.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @returns samples with the line's own time, in milliseconds since 1970
 */
export function embeddedMetrics(line: string): Sample[] {
  // Most lines are none, and parsing takes longest.
  if (!line.startsWith("{") || !line.includes('"_aws"')) return [];
  const root = parse(line);
  const metadata = record(root?.["_aws"]);
  const atMs = metadata?.["Timestamp"];
  if (root === undefined || typeof atMs !== "number") return [];
  return list(metadata?.["CloudWatchMetrics"]).flatMap((directive) => ofDirective(record(directive) ?? {}, root, atMs));
}

function ofDirective(directive: Values, root: Values, atMs: number): Sample[] {
  const namespace = directive["Namespace"];
  if (typeof namespace !== "string" || namespace === "") return [];
  const sets = list(directive["Dimensions"])
    .map((names) => dimensionsOf(list(names), root))
    .filter((set) => set !== undefined);
  return list(directive["Metrics"]).flatMap((definition) => {
    const metric = record(definition)?.["Name"];
    if (typeof metric !== "string") return [];
    return valuesOf(root[metric]).flatMap((value) =>
      sets.map((dimensions) => ({ namespace, metric, dimensions, value, atMs })),
    );
  });
}

/** Undefined where the line lacks one of them: the set is no set then. */
function dimensionsOf(names: readonly unknown[], root: Values): Record<string, string> | undefined {
  const entries = names.map((name) => [String(name), root[String(name)]] as const);
  const given = entries.filter(
    (entry): entry is readonly [string, string] => typeof entry[1] === "string" && entry[1] !== "",
  );
  return given.length < entries.length || entries.length > MAX_DIMENSIONS ? undefined : Object.fromEntries(given);
}

function valuesOf(target: unknown): number[] {
  return (Array.isArray(target) ? target : [target]).filter(
    (value): value is number => typeof value === "number" && Number.isFinite(value),
  );
}

function parse(line: string): Values | undefined {
  try {
    return record(JSON.parse(line));
  } catch {
    return undefined; // A line that only looks like JSON is a line of text.
  }
}
