import { audit, listRows, type AuditRow } from "../../../scripts/review/audit-report";
import type { StackSources } from "../../../scripts/review/plan-json";
import { SUPPRESSIONS, suppresses } from "../../../scripts/review/suppressions";
import { PLAN_NAMES, auditedFixture, type PlanName } from "../../support/audited-plan";
import { writeAuditedPlans } from "../../support/write-audited-plans";

/**
 * The plans of the stacks, as terraform made them, and each of them broken in one thing that stands in the stack's
 * sources: the rule that is about it says so, and no other. UPDATE_AUDIT_PLANS=1 has terraform make them anew; without
 * it e2e/lifecycle.test audits what terraform makes now.
 */
if (process.env["UPDATE_AUDIT_PLANS"] === "1") beforeAll(writeAuditedPlans, 600_000);

type Json = { [name: string]: unknown };

/** A plan to be broken. */
class Broken {
  private readonly plan: { variables: Json };
  private readonly sources: { locals: Json; resource: Json };

  constructor(readonly name: PlanName) {
    const { plan, sources } = auditedFixture(name);
    this.plan = plan as unknown as Broken["plan"];
    this.sources = sources as unknown as Broken["sources"];
  }

  /** Changes a place in a local of the stack's sources; null takes it away. */
  local(name: string, steps: readonly string[], value: unknown): this {
    put(this.sources.locals, [name, ...steps], value);
    return this;
  }

  /** Changes the statements of a policy that is a local. */
  statements(name: string, change: (statements: readonly object[]) => readonly object[]): this {
    const { Statement } = this.sources.locals[name] as { Statement: readonly object[] };
    return this.local(name, ["Statement"], change(Statement));
  }

  withoutLifecycles(type: string): this {
    delete this.sources.resource[type];
    return this;
  }

  variable(name: string, value: unknown): this {
    this.plan.variables[name] = { value };
    return this;
  }

  rows(): readonly AuditRow[] {
    return audit(this.plan, { sources: this.sources as StackSources }).rows;
  }
}

function put(value: Json, [first = "", ...rest]: readonly string[], given: unknown): void {
  if (rest.length > 0) put((value[first] ??= /^\d+$/.test(rest[0]!) ? [] : {}) as Json, rest, given);
  else if (given === null) delete value[first];
  else value[first] = given;
}
const on = (name: PlanName) => new Broken(name);
const api = (steps: readonly string[], value: unknown) => on("agent-api").local("rest_openapi", steps, value);
const status = (name: string, value: unknown) =>
  api(["paths", "/api/v1/status/{request_id}", "get", "x-amazon-apigateway-integration", name], value);
const statement = (local: string, given: object) =>
  on("agent-api").statements(local, (statements) => [...statements, { Sid: "Broken", Effect: "Allow", ...given }]);
/**
 * By rule: the one thing that is broken, where the rule reads the stack's sources. Rules that read attributes alone are
 * in rules.test.
 */
const BREAKS: Readonly<Record<string, () => Broken>> = {
  "bucket-policy-names-callers": () =>
    statement("store_results_tls_only", { Action: "s3:GetObject", Resource: "*", Principal: "*" }),
  "bucket-takes-tls-only": () => on("state").statements("state_tls_only", () => []),
  "cache-is-keyed-by-caller": () => status("cacheKeyParameters", ["method.request.path.request_id"]),
  "gateway-responses-leak-nothing": () =>
    api(
      ["x-amazon-apigateway-gateway-responses", "DEFAULT_5XX", "responseTemplates", "application/json"],
      "$context.integrationErrorMessage",
    ),
  "method-needs-a-caller": () => on("agent-api").variable("authorization", "none"),
  "other-content-types-are-refused": () => status("passthroughBehavior", null),
  "passed-roles-are-limited": () =>
    statement("api_statements", { Action: "iam:PassRole", Resource: "arn:aws:iam::1:role/x" }),
  "pipeline-role-is-limited": () => on("pipeline-access").variable("github_repository", "octo-org/*"),
  "policy-names-actions": () => statement("api_statements", { Action: "s3:*", Resource: "arn:aws:s3:::b/x" }),
  "policy-names-resources": () => statement("api_statements", { Action: "s3:GetObject", Resource: "*" }),
  "redrive-gives-five-tries": () => on("agent-api").local("work_redrive_policy", ["maxReceiveCount"], 2),
  "replacement-comes-first": () => on("agent-api").withoutLifecycles("aws_api_gateway_deployment"),
  "requests-are-validated": () =>
    api(["x-amazon-apigateway-request-validators", "body_and_parameters", "validateRequestBody"], false),
  "topic-is-not-public": () =>
    statement("alarm_publishers", { Action: "sns:Subscribe", Resource: "*", Principal: { AWS: "*" } }),
  "topic-takes-alarms": () => on("agent-api").statements("alarm_publishers", (all) => all.slice(1)),
  "topic-takes-tls-only": () => on("agent-api").statements("alarm_publishers", (all) => all.slice(0, -1)),
};

const fails = ({ outcome }: AuditRow) => outcome === "fail" || outcome === "suppressed";
const key = ({ rule, address, part }: AuditRow) => `${rule} ${address} ${part ?? ""}`;
const failing = (rows: readonly AuditRow[]) => new Map(rows.filter(fails).map((row) => [key(row), row]));
const unbroken = new Map<PlanName, ReturnType<typeof failing>>();
/** What fails or is suppressed in a plan as it is. */
function before(name: PlanName): ReturnType<typeof failing> {
  if (!unbroken.has(name)) unbroken.set(name, failing(on(name).rows()));
  return unbroken.get(name)!;
}

describe("the plans of the stacks", () => {
  test.each(PLAN_NAMES)("%s: nothing fails, and nothing is unknown", (name) => {
    const { plan, sources } = auditedFixture(name);
    const report = audit(plan, { sources, today: "2026-11-21" });
    expect([...listRows(report, "fail"), ...listRows(report, "unknown")]).toEqual([]);
    expect(report.good).toBe(true);
    expect(listRows(report, "pass").length).toBeGreaterThan(9);
  });

  test("without the stack's sources some rules are unknown, and still nothing fails", () => {
    const { plan } = auditedFixture("agent-api");
    const report = audit(plan);
    expect(listRows(report, "fail")).toEqual([]);
    expect(listRows(report, "unknown").map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(["cache-is-keyed-by-caller", "policy-names-resources", "topic-takes-alarms"]),
    );
  });

  test("every suppression of the project hides something in one of the plans", () => {
    const rows = PLAN_NAMES.flatMap((name) => [...before(name).values()]);
    expect(SUPPRESSIONS.filter((suppression) => !rows.some((row) => suppresses(suppression, row)))).toEqual([]);
  });
});

test.each(Object.entries(BREAKS))("a plan that breaks %s fails that rule and no other", (id, make) => {
  const broken = make();
  const now = failing(broken.rows());
  const anew = [...now].filter(([place]) => !before(broken.name).has(place)).map(([, row]) => row);
  expect([...new Set(anew.map(({ rule }) => rule))]).toEqual([id]);
  expect(anew.every(({ text }) => /allowed|alarm arrives|notify nobody|another's|any project/.test(text))).toBe(true);
});

test.each(["iam", "api_key", "jwt", "none"])(
  "with authorization %s the cache keeps polled answers by caller, if there are callers",
  (authorization) => {
    const judged = (broken: Broken) =>
      broken
        .variable("authorization", authorization)
        .rows()
        .filter(({ rule }) => rule === "cache-is-keyed-by-caller")
        .map(({ outcome }) => outcome);
    expect(judged(on("agent-api"))).toEqual(["pass"]);
    expect(judged(status("cacheKeyParameters", ["method.request.path.request_id"]))).toEqual([
      authorization === "none" ? "pass" : "fail",
    ]);
  },
);

test.each([
  ["dev", "suppressed"],
  ["test", "suppressed"],
  ["prod", "fail"],
  ["staging", "fail"],
  [undefined, "fail"],
])("alarms without a subscriber in environment %s are judged as %s", (environment, outcome) => {
  const { plan, sources } = auditedFixture("agent-api");
  const variables = { ...plan.variables, environment: { value: environment } };
  const { rows, good } = audit({ ...plan, variables: environment === undefined ? {} : variables }, { sources });
  expect(rows.filter(({ rule }) => rule === "topic-has-a-subscriber").map((row) => row.outcome)).toEqual([outcome]);
  if (environment !== undefined) expect(good).toBe(outcome === "suppressed");
});
