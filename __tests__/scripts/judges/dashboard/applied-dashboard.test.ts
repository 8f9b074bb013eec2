import { appliedDashboard } from "../../../../scripts/judges/dashboard/applied-dashboard";
import { shownState } from "../../../support/dashboard-state";

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
