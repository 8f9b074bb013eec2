import { readFileSync } from "node:fs";
import { join } from "node:path";
import { monthlyBill } from "../../../../scripts/judges/cost/bill";
import { planCost } from "../../../../scripts/judges/cost/plan-cost";
import { plannedDeployment } from "../../../../scripts/judges/cost/planned";
import { DEFAULT_USAGE } from "../../../../scripts/judges/cost/usage";

/** Real ones; planned.test says how they were made. */
const read = (name: string) => JSON.parse(readFileSync(join(__dirname, name), "utf8")) as Record<string, unknown>;
const [plan, state] = [read("low-latency.plan.json"), read("optimized.state.json")];

test("before is the state that the plan was made on, after is what it plans", () => {
  const { before, after, differences } = planCost({ ...plan, prior_state: state }, DEFAULT_USAGE, [10_000]);
  expect(before).toEqual([monthlyBill(plannedDeployment(state).deployment, DEFAULT_USAGE, 10_000)]);
  expect(after).toEqual([monthlyBill(plannedDeployment(plan).deployment, DEFAULT_USAGE, 10_000)]);
  // Provisioned concurrency and a larger cache are paid for by the hour.
  expect(differences[0]?.total.differenceUsd).toBeCloseTo(after[0]!.totalUsd - before[0]!.totalUsd, 6);
  expect(differences[0]?.total.differenceUsd).toBeGreaterThan(10);
});

test("where nothing is applied yet there is nothing to compare with", () => {
  for (const prior_state of [
    undefined,
    { format_version: "1.0" },
    { format_version: "1.0", values: { outputs: {}, root_module: {} } },
  ]) {
    expect(planCost({ ...plan, prior_state }, DEFAULT_USAGE, [10_000, 100_000])).toMatchObject({
      before: [],
      differences: [],
      after: [{ requests: 10_000 }, { requests: 100_000 }],
    });
  }
});

test("a plan of another stack is refused with what it lacks", () => {
  expect(() =>
    planCost({ format_version: "1.2", planned_values: { outputs: {}, root_module: {} } }, DEFAULT_USAGE, [1]),
  ).toThrow('The plan has no known output "settings"');
});
