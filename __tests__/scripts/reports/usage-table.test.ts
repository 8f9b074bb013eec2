import { USAGE_SCHEMA } from "../../../scripts/judges/cost/usage";
import { usageTable } from "../../../scripts/reports/usage-table";

test("the table has a row for each field, with unit, default and limits", () => {
  const lines = usageTable().split("\n");
  expect(lines).toHaveLength(Object.keys(USAGE_SCHEMA.properties).length + 2);
  expect(lines.find((line) => line.startsWith("| `prompt_kb` "))).toBe(
    "| `prompt_kb` | KB | `2` | 0 to 32 | Mean size of a prompt. |",
  );
  expect(lines.find((line) => line.startsWith("| `cache_hit_rate` "))).toContain("| `null` | 0 to 1 |");
});

test("every row has as many cells as the head", () => {
  expect(
    new Set(
      usageTable()
        .split("\n")
        .map((line) => line.replaceAll("\\|", "").split("|").length),
    ).size,
  ).toBe(1);
});
