import { appliedDashboard, checkLines } from "../../../scripts/dashboard/applied-dashboard";
import { shownState } from "../../support/dashboard-state";
import type { Point } from "../../../scripts/dashboard/metrics";

describe("applied dashboard", () => {
  const dashboard = (values: object) => ({
    address: "aws_cloudwatch_dashboard.d",
    type: "aws_cloudwatch_dashboard",
    values,
  });
  const root = (...resources: object[]) => ({ root_module: { resources } });

  test("is found in a state, in a plan, and in a module of either", () => {
    expect(appliedDashboard(shownState({ widgets: [] }, "mine"))).toEqual({ name: "mine", body: { widgets: [] } });
    const values = { dashboard_name: "mine", dashboard_body: "{}" };
    expect(appliedDashboard({ planned_values: root(dashboard(values)) })).toEqual({ name: "mine", body: {} });
    expect(
      appliedDashboard({
        values: { root_module: { child_modules: [{ child_modules: [root(dashboard(values)).root_module] }] } },
      }),
    ).toEqual({ name: "mine", body: {} });
  });

  test.each<[string, unknown, string]>([
    ["something else", { a: 1 }, "It holds no resources; allowed: what terraform show -json printed"],
    ["nothing", null, "It holds no resources"],
    [
      "a state without a dashboard",
      { values: root() },
      "It holds no aws_cloudwatch_dashboard; allowed: a state or plan of a stack with one",
    ],
    [
      "two dashboards",
      { values: root(dashboard({}), dashboard({})) },
      "It holds 2 dashboards: aws_cloudwatch_dashboard.d, aws_cloudwatch_dashboard.d; allowed: one",
    ],
    [
      "a plan that does not know the body yet",
      { planned_values: root(dashboard({ dashboard_name: "d" })) },
      "aws_cloudwatch_dashboard.d has no dashboard_body: it names what this plan is to create",
    ],
    [
      "a broken body",
      shownState("{widgets"),
      "The dashboard_body of aws_cloudwatch_dashboard.dashboard_dashboard is no JSON",
    ],
  ])("%s is refused, with what to give instead", (_, document, message) =>
    expect(() => appliedDashboard(document)).toThrow(message),
  );
});

describe("lines", () => {
  const line = (label: string, value: number) => ({ label, value, color: "#d62728" });
  const points = (...values: number[]): Point[] => values.map((value, index) => [index * 1_000, value]);

  test("of a number that is to be low, above is beyond; of a rate of hits, below", () => {
    expect(checkLines("Worker error rate (percent)", [line("error-rate-critical", 5)], [points(1, 9, 7)])).toEqual([
      { line: line("error-rate-critical", 5), beyond: "above", now: true, periods: 2, ofPeriods: 3, worst: [1_000, 9] },
    ]);
    expect(
      checkLines("Cache hit rate of the status route (percent)", [line("target", 70)], [points(60, 80)]),
    ).toMatchObject([{ beyond: "below", now: false, periods: 1, worst: [0, 60] }]);
  });

  test("a missing heartbeat is below its line", () =>
    expect(
      checkLines("Heartbeats of the worker (count)", [line("worker-heartbeat-missing", 1)], [points(3, 0)]),
    ).toMatchObject([{ beyond: "below", now: true }]));

  test("on the line is not beyond it", () =>
    expect(checkLines("Worker errors (count)", [line("worker-errors", 5)], [points(5)])).toMatchObject([
      { now: false, periods: 0 },
    ]));

  test("a target of a capacity measures nothing; a limit does, whoever is beyond it", () => {
    const checks = checkLines(
      "Requests that ran at once (count)",
      [line("target", 1), line("reserved", 3)],
      [points(1), points(9)],
    );
    expect(checks).toMatchObject([
      { beyond: undefined, now: false, periods: 0 },
      { beyond: "above", now: true, periods: 1 },
    ]);
  });

  test("without data nothing is beyond", () =>
    expect(checkLines("x", [line("quota", 0)], [])).toEqual([
      { line: line("quota", 0), beyond: "above", now: false, periods: 0, ofPeriods: 0 },
    ]));
});
