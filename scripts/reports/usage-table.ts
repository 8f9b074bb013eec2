import { USAGE_SCHEMA } from "../judges/cost/usage";

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
