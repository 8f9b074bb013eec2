import { PART_NAMES, partStack } from "../../../support/part-stacks";
import { deploymentSettings } from "../../../../stacks/contract/settings/deployment";
import { takeSetting } from "../../../../stacks/contract/parts/part";

test("takeSetting gives the setting of another table", () => {
  expect(takeSetting(deploymentSettings, "log_retention_in_days")).toBe(
    deploymentSettings.find(({ name }) => name === "log_retention_in_days"),
  );
});

test("takeSetting refuses an unknown setting and lists the known ones", () => {
  const name = "memory_size" as "tags";
  expect(() => takeSetting(deploymentSettings, name)).toThrow(
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
