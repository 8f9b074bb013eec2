import { audit, type AuditReport } from "../../../scripts/judges/audit/audit";
import { RULES } from "../../../scripts/judges/audit/rules";
import { dayAfter } from "../../../scripts/judges/audit/suppression";
import { SUPPRESSIONS } from "../../../scripts/judges/audit/suppressions";
import { auditText, headline } from "../../../scripts/reports/audit-report";
import { auditedFixture } from "../../support/audited-plan";
import { planOf, resource as r } from "../judges/audit/small-plans";

const SUPPRESSED = {
  rule: "table-can-be-restored",
  resource: "aws_dynamodb_table.t",
  reason: "A cache can be filled again.",
  until: "2027-01-31",
};
const plan = planOf(
  r("aws_dynamodb_table.t", { billing_mode: "PAY_PER_REQUEST", server_side_encryption: [{ kms_key_arn: "arn:k" }] }),
);
const report = (today: string): AuditReport =>
  audit(plan, { today, suppressions: [SUPPRESSED, { ...SUPPRESSED, rule: "table-scales-by-itself" }] });

test("counts come first, then what fails in full, what stands on purpose with reason and day, and what hides nothing", () => {
  const text = auditText(report("2027-01-01"));
  expect(text).toMatch(
    /^Audit: it fails\. \d+ rules, 4 applicable rows: 2 passed, 1 suppressed, 1 failed, 0 unknown\.\n\nFailed:\n/,
  );
  expect(text).toContain(
    "  warning aws_dynamodb_table.t\n      table-is-protected-from-deletion: DynamoDB refuses to delete the table\n      deletion_protection_enabled is not given; allowed: true.",
  );
  expect(text).toContain(
    "Suppressed on purpose:\n  table-can-be-restored, until 2027-01-31: aws_dynamodb_table.t\n      A cache can be filled again.",
  );
  expect(text).toContain(
    "Suppressions that hide nothing: take them away:\n  table-scales-by-itself: aws_dynamodb_table.t",
  );
  expect(text).not.toContain("\n\nAll:");
});

test("what has expired is told with its reason, and what it hid fails", () => {
  const text = auditText(report("2027-02-01"));
  expect(text).toContain(
    "Expired: decide again, and change the day or the resource:\n  table-can-be-restored, until 2027-01-31: aws_dynamodb_table.t\n      A cache can be filled again.",
  );
  expect(text).toContain(
    "point_in_time_recovery[0].enabled is not given; allowed: true. It was suppressed until 2027-01-31.",
  );
});

test("decisions of our own that end are one warning a day, which names what renews them", () => {
  const until = SUPPRESSIONS.find(({ rule }) => rule === "function-is-in-a-network")!.until;
  const text = (today: string) =>
    auditText(
      audit(planOf(r("aws_lambda_function.f", {})), {
        today,
        rules: RULES.filter(({ id }) => ["function-is-in-a-network", "function-code-is-signed"].includes(id)),
      }),
    );
  expect(text(dayAfter(until, 1))).toContain(
    `Warnings:\n  ${until} is the last day of decisions of Quickturn's own: function-is-in-a-network, function-code-is-signed. They still hold here; a newer release of Quickturn renews or drops them.`,
  );
  expect(text(dayAfter(until, -91))).not.toContain("Warnings:");
});

test("every row is shown on request", () =>
  expect(auditText(report("2027-01-01"), true)).toMatch(
    /All:\n {2}suppressed table-can-be-restored: aws_dynamodb_table\.t\n {2}pass {7}table-has-a-customer-key: aws_dynamodb_table\.t\n {2}fail {7}table-is-protected-from-deletion: aws_dynamodb_table\.t\n/,
  ));

test("the deployment's own audit names each decision once, with all that it hides", () => {
  const { plan: own, sources } = auditedFixture("agent-api");
  const text = auditText(audit(own, { sources }));
  expect(headline(audit(own, { sources }))).toMatch(
    /^Audit: nothing fails\. \d+ rules, \d+ applicable rows: \d+ passed, \d+ suppressed, 0 failed, 0 unknown\.$/,
  );
  expect(text.match(/function-is-in-a-network, until/g)).toHaveLength(1);
  expect(text).toContain(
    "function-is-in-a-network, until 2027-11-20: aws_lambda_function.api_function; aws_lambda_function.sweeper_function; aws_lambda_function.worker_function\n",
  );
  expect(text).toContain(
    "method-needs-a-caller, until 2027-11-20: aws_api_gateway_rest_api.rest_api, GET /api/v1/health\n",
  );
});
