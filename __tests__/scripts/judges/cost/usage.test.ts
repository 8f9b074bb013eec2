import { DAYS_A_MONTH, DEFAULT_USAGE, SECONDS_A_MONTH, USAGE_SCHEMA } from "../../../../scripts/judges/cost/usage";

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
