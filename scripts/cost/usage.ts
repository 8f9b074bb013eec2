import schema from "./usage.schema.json";

/** The JSON schema of a usage file: the one place that has each field's unit, default, limits and meaning. */
export const USAGE_SCHEMA = schema;

/** Name of a field of the usage file. */
type UsageName = keyof (typeof schema)["properties"];

/** Fields that may be null: the model then works them out. */
type DerivedUsageName = "cache_hit_rate" | "custom_metrics" | "mean_wait_seconds";

/** How a deployment is used, every field given. Units and meanings stand in the schema. */
export type Usage = { readonly [Name in UsageName]: Name extends DerivedUsageName ? number | null : number };

/** What counts where a usage file says nothing. */
export const DEFAULT_USAGE: Usage = Object.fromEntries(
  Object.entries(schema.properties).map(([name, field]) => [name, field.default]),
) as Usage;

/** Average month of AWS's price lists: 730 hours. */
export const HOURS_A_MONTH = 730;
export const SECONDS_A_MONTH = HOURS_A_MONTH * 3_600;
export const DAYS_A_MONTH = HOURS_A_MONTH / 24;

/** KB in a GB. */
export const KB_A_GB = 1_024 * 1_024;

/** The table of the fields of a usage file in docs/cost.md, in Markdown. */
export function usageTable(): string {
  const rows = Object.entries(USAGE_SCHEMA.properties).map(
    ([name, { unit, default: value, minimum, maximum, description }]) => [
      `\`${name}\``,
      unit,
      `\`${value}\``,
      `${minimum} to ${maximum}`,
      description,
    ],
  );
  return [["field", "unit", "default", "allowed", "what it is"], ["---", "---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
