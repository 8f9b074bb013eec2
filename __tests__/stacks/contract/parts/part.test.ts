import { PART_NAMES, partStack } from "../../../support/part-stacks";
import { deploymentSettings } from "../../../../stacks/contract/settings/deployment";
import { same } from "../../../../stacks/contract/parts/part";

test("a setting that another table has is taken over as it is there", () => {
  expect(same(deploymentSettings, "log_retention_in_days")).toBe(
    deploymentSettings.find(({ name }) => name === "log_retention_in_days"),
  );
});

test("one that it has not is refused, with those that it has", () => {
  const name = "memory_size" as "tags";
  expect(() => same(deploymentSettings, name)).toThrow(
    /There is no setting memory_size to take over; the table has name, environment, aws_region/,
  );
});

test.each(PART_NAMES)(
  "no two variables of %s have rules that read each other: terraform takes that for a cycle",
  (name) => {
    const { variable } = partStack(name);
    const reads = (one: string, other: string) =>
      new RegExp(`\\bvar\\.${other}\\b`).test(JSON.stringify(variable[one]?.validation ?? []));
    const names = Object.keys(variable);
    expect(
      names.flatMap((one) =>
        names
          .filter((other) => one < other && reads(one, other) && reads(other, one))
          .map((other) => `${one} and ${other}`),
      ),
    ).toEqual([]);
  },
);
