import { audit, type AuditReport, formatAudit } from "../../../scripts/review/audit-report";
import { RULES } from "../../../scripts/review/rules";
import { addDays, SUPPRESSIONS } from "../../../scripts/review/suppressions";
import { planOf, resource as r } from "./small-plans";
import { auditedFixture } from "../../support/audited-plan";

describe("audit", () => {
  const UNPROTECTED = planOf(r("aws_dynamodb_table.t", { deletion_protection_enabled: false }));
  const own = (until: string, rule = "table-is-protected-from-deletion") => ({
    rule,
    resource: "aws_dynamodb_table.t",
    reason: "A trial.",
    until,
  });
  const rules = RULES.filter(({ id }) => id === "table-is-protected-from-deletion");
  const of = (until: string, today = "2027-01-01") => audit(UNPROTECTED, { suppressions: [own(until)], today, rules });

  test("what fails makes the audit bad", () => {
    const report = audit(UNPROTECTED, { rules });
    expect(report).toMatchObject({
      rules: 1,
      good: false,
      rows: [
        {
          outcome: "fail",
          rule: "table-is-protected-from-deletion",
          address: "aws_dynamodb_table.t",
          severity: "warning",
        },
      ],
    });
  });

  test("a suppression holds until the end of its day", () => {
    expect(of("2027-01-01")).toMatchObject({
      good: true,
      expired: [],
      rows: [{ outcome: "suppressed", suppression: own("2027-01-01") }],
    });
    expect(of("2026-12-31")).toMatchObject({
      good: false,
      expired: [own("2026-12-31")],
      rows: [{ outcome: "fail", text: expect.stringContaining("It was suppressed until 2026-12-31.") as unknown }],
    });
  });

  test("of two suppressions of one failure the valid one counts, and the other is listed as expired", () => {
    const report = audit(UNPROTECTED, {
      suppressions: [own("2026-01-01"), own("2028-01-01")],
      today: "2027-01-01",
      rules,
    });
    expect(report).toMatchObject({ good: false, expired: [own("2026-01-01")], rows: [{ outcome: "suppressed" }] });
  });

  test("a suppression that hides nothing is listed; an expired one fails the audit even if it hides nothing", () => {
    const good = planOf(r("aws_dynamodb_table.t", { deletion_protection_enabled: true }));
    expect(audit(good, { suppressions: [own("2028-01-01")], today: "2027-01-01", rules })).toMatchObject({
      good: true,
      unmatched: [own("2028-01-01")],
    });
    expect(audit(good, { suppressions: [own("2026-01-01")], today: "2027-01-01", rules })).toMatchObject({
      good: false,
      unmatched: [own("2026-01-01")],
    });
  });

  describe("a suppression of the project", () => {
    const plan = planOf(r("aws_lambda_function.f", {}));
    const network = RULES.filter(({ id }) => id === "function-is-in-a-network");
    const decision = SUPPRESSIONS.find(({ rule }) => rule === "function-is-in-a-network")!;
    const auditOn = (today: string, audited = plan) => audit(audited, { rules: network, today });

    test("still holds after its last day, so that no installation starts to fail", () => {
      expect(auditOn(addDays(decision.until, 5_000))).toMatchObject({
        good: true,
        expired: [],
        rows: [{ outcome: "suppressed" }],
      });
    });

    test("is a warning from 90 days before its last day, if it hides something", () => {
      expect(auditOn(addDays(decision.until, -91)).ending).toEqual([]);
      for (const days of [-90, 0, 1]) expect(auditOn(addDays(decision.until, days)).ending).toEqual([decision]);
      expect(auditOn(addDays(decision.until, 1), planOf()).ending).toEqual([]);
    });
  });

  test("rows are sorted by rule, then by address, and the same plan gives the same bytes", () => {
    const tables = planOf(r("aws_dynamodb_table.b"), r("aws_dynamodb_table.a"));
    const report = audit(tables, { rules: RULES.filter(({ id }) => id.startsWith("table-")) });
    const places = report.rows.map(({ rule, address }) => `${rule} ${address}`);
    expect(places).toEqual([...places].sort());
    expect(JSON.stringify(audit(tables))).toBe(JSON.stringify(audit(tables)));
  });

  test("rules have unique names, and sentences as titles", () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
    for (const { id, title } of RULES)
      expect({ id, title }).toEqual({
        id: expect.stringMatching(/^[a-z]+(-[a-z0-9]+)+$/) as unknown,
        title: expect.stringMatching(/^[A-Z].*[^.]$/) as unknown,
      });
  });

  test.each([[{}], [null], [{ resource_changes: [] }], [{ values: {} }]])(
    "%j is refused, because it is no plan",
    (document) =>
      expect(() => audit(document)).toThrow(
        /^The document is no plan: .* Allowed: what `terraform show -json <plan file>` prints/,
      ),
  );
});

describe("audit report", () => {
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

  test("counts come first, then failures, suppressions with reason and day, and suppressions that hide nothing", () => {
    const text = formatAudit(report("2027-01-01"));
    expect(text).toMatch(
      /^Audit: it fails\. \d+ rules, 4 applicable rows: 2 passed, 1 suppressed, 1 failed, 0 unknown\.\n\nFailed:\n/,
    );
    expect(text).toContain(
      "  warning aws_dynamodb_table.t\n" +
        "      table-is-protected-from-deletion: DynamoDB refuses to delete the table\n" +
        "      deletion_protection_enabled is not given; allowed: true.",
    );
    expect(text).toContain(
      "Suppressed on purpose:\n" +
        "  table-can-be-restored, until 2027-01-31: aws_dynamodb_table.t\n" +
        "      A cache can be filled again.",
    );
    expect(text).toContain(
      "Suppressions that hide nothing: take them away:\n  table-scales-by-itself: aws_dynamodb_table.t",
    );
    expect(text).not.toContain("\n\nAll:");
  });

  test("an expired suppression is shown with its reason, and what it hid fails", () => {
    const text = formatAudit(report("2027-02-01"));
    expect(text).toContain(
      "Expired: decide again, and change the day or the resource:\n" +
        "  table-can-be-restored, until 2027-01-31: aws_dynamodb_table.t\n" +
        "      A cache can be filled again.",
    );
    expect(text).toContain(
      "point_in_time_recovery[0].enabled is not given; allowed: true. It was suppressed until 2027-01-31.",
    );
  });

  test("suppressions of the project that end on the same day are one warning", () => {
    const until = SUPPRESSIONS.find(({ rule }) => rule === "function-is-in-a-network")!.until;
    const text = (today: string) =>
      formatAudit(
        audit(planOf(r("aws_lambda_function.f", {})), {
          today,
          rules: RULES.filter(({ id }) => ["function-is-in-a-network", "function-code-is-signed"].includes(id)),
        }),
      );
    expect(text(addDays(until, 1))).toContain(
      "Warnings:\n" +
        `  ${until} is the last day of decisions of Quickturn's own: function-is-in-a-network, ` +
        "function-code-is-signed. They still hold here; a newer release of Quickturn renews or drops them.",
    );
    expect(text(addDays(until, -91))).not.toContain("Warnings:");
  });

  test("every row is shown on request", () =>
    expect(formatAudit(report("2027-01-01"), true)).toContain(
      "All:\n" +
        "  suppressed table-can-be-restored: aws_dynamodb_table.t\n" +
        "  pass       table-has-a-customer-key: aws_dynamodb_table.t\n" +
        "  fail       table-is-protected-from-deletion: aws_dynamodb_table.t\n",
    ));

  test("the audit of the deployment names each suppression once, with all that it hides", () => {
    const { plan: own, sources } = auditedFixture("agent-api");
    const text = formatAudit(audit(own, { sources }));
    expect(text).toMatch(
      /^Audit: nothing fails\. \d+ rules, \d+ applicable rows: \d+ passed, \d+ suppressed, 0 failed, 0 unknown\.\n/,
    );
    expect(text.match(/function-is-in-a-network, until/g)).toHaveLength(1);
    expect(text).toContain(
      "function-is-in-a-network, until 2027-11-20: aws_lambda_function.api_function; " +
        "aws_lambda_function.sweeper_function; aws_lambda_function.worker_function\n",
    );
    expect(text).toContain(
      "method-needs-a-caller, until 2027-11-20: aws_api_gateway_rest_api.rest_api, GET /api/v1/health\n",
    );
  });
});
