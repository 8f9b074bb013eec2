import { audit } from "../../../../scripts/judges/audit/audit";
import { RULES } from "../../../../scripts/judges/audit/rules";
import { dayAfter } from "../../../../scripts/judges/audit/suppression";
import { SUPPRESSIONS } from "../../../../scripts/judges/audit/suppressions";
import { planOf, resource as r } from "./small-plans";

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

test("a suppression lets it stand until its day is over, and on that day still", () => {
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

test("of two suppressions of one thing the one that still holds counts, and the other has expired", () => {
  const report = audit(UNPROTECTED, {
    suppressions: [own("2026-01-01"), own("2028-01-01")],
    today: "2027-01-01",
    rules,
  });
  expect(report).toMatchObject({ good: false, expired: [own("2026-01-01")], rows: [{ outcome: "suppressed" }] });
});

test("one that hides nothing is told, and has no say; an expired one fails the audit even then", () => {
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

describe("a decision of our own", () => {
  const plan = planOf(r("aws_lambda_function.f", {}));
  const network = RULES.filter(({ id }) => id === "function-is-in-a-network");
  const decision = SUPPRESSIONS.find(({ rule }) => rule === "function-is-in-a-network")!;
  const auditOn = (today: string, audited = plan) => audit(audited, { rules: network, today });

  test("holds on after its last day, so that no pinned installation turns red", () => {
    expect(auditOn(dayAfter(decision.until, 5_000))).toMatchObject({
      good: true,
      expired: [],
      rows: [{ outcome: "suppressed" }],
    });
  });

  test("is a warning from 90 days before its last day on, where it hides something", () => {
    expect(auditOn(dayAfter(decision.until, -91)).ending).toEqual([]);
    for (const days of [-90, 0, 1]) expect(auditOn(dayAfter(decision.until, days)).ending).toEqual([decision]);
    expect(auditOn(dayAfter(decision.until, 1), planOf()).ending).toEqual([]);
  });
});

test("rows come by rule, then by address: the same plan gives the same bytes", () => {
  const tables = planOf(r("aws_dynamodb_table.b"), r("aws_dynamodb_table.a"));
  const report = audit(tables, { rules: RULES.filter(({ id }) => id.startsWith("table-")) });
  const places = report.rows.map(({ rule, address }) => `${rule} ${address}`);
  expect(places).toEqual([...places].sort());
  expect(JSON.stringify(audit(tables))).toBe(JSON.stringify(audit(tables)));
});

test("rules have names of their own, and facts for titles", () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  for (const { id, title } of RULES)
    expect({ id, title }).toEqual({
      id: expect.stringMatching(/^[a-z]+(-[a-z0-9]+)+$/) as unknown,
      title: expect.stringMatching(/^[A-Z].*[^.]$/) as unknown,
    });
});

test.each([[{}], [null], [{ resource_changes: [] }], [{ values: {} }]])(
  "%j is no plan, and says what one is",
  (document) =>
    expect(() => audit(document)).toThrow(
      /The document is no plan: it has no resource_changes and no configuration\. Allowed: what `terraform show -json <plan file>` prints/,
    ),
);
