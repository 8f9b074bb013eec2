import { DAYS_A_MONTH, DEFAULT_USAGE, SECONDS_A_MONTH, USAGE_SCHEMA, usageTable } from "../../../scripts/cost/usage";

describe("usage", () => {
  const fields = Object.entries(USAGE_SCHEMA.properties);

  test.each(fields)(
    "%s says its unit and meaning, and its default is within its limits",
    (_name, { unit, description, minimum, maximum, default: value, type }) => {
      expect(unit).not.toBe("");
      expect(description).toMatch(/^[A-Z].{10,}\.$/);
      expect(minimum).toBeLessThan(maximum);
      if (value === null) expect(type).toContain("null");
      else expect(value >= minimum && value <= maximum).toBe(true);
    },
  );

  test("the defaults are the schema's, and make the reports' 420 s", () => {
    expect(Object.keys(DEFAULT_USAGE)).toEqual(fields.map(([name]) => name));
    expect(DEFAULT_USAGE.agents_per_phase * DEFAULT_USAGE.phases * DEFAULT_USAGE.agent_seconds).toBe(420);
  });

  test("a month is 730 hours", () => {
    expect(SECONDS_A_MONTH).toBe(2_628_000);
    expect(DAYS_A_MONTH).toBeCloseTo(30.4167, 4);
  });
});

describe("usage table", () => {
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
});
