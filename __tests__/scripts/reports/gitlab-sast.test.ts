import Ajv from "ajv";
import type { AuditReport, AuditRow } from "../../../scripts/judges/audit/audit";
import { gitLabSast } from "../../../scripts/reports/gitlab-sast";

const row = (values: Partial<AuditRow>): AuditRow =>
  ({
    rule: "queue-is-encrypted",
    severity: "critical",
    address: "aws_sqs_queue.work",
    outcome: "fail",
    text: "It is in clear.",
    ...values,
  }) as AuditRow;
const rule = { id: "queue-is-encrypted", title: "A queue is encrypted" } as never;
const report = (...rows: AuditRow[]) => ({ rows, expired: [] }) as unknown as AuditReport;
const written = (...rows: AuditRow[]) =>
  JSON.parse(
    gitLabSast(report(...rows), {
      rules: [rule],
      version: "1.2.3",
      source: "stacks/a.ts",
      startedAt: "2026-11-30T14:00:00Z",
    }),
  ) as { scan: { start_time: string }; vulnerabilities: { id: string }[] };

/** What GitLab's schema 15.0.6 of the report asks for (security-report-schemas, sast), as far as this report has it. */
const text = { type: "string", minLength: 1 };
const scanner = {
  type: "object",
  required: ["id", "name", "version", "vendor"],
  properties: {
    id: text,
    name: text,
    version: text,
    vendor: { type: "object", required: ["name"], properties: { name: text } },
  },
};
const time = { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$" };
const SCHEMA = {
  type: "object",
  required: ["version", "scan", "vulnerabilities"],
  properties: {
    version: { type: "string", pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$" },
    scan: {
      type: "object",
      required: ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
      properties: {
        analyzer: scanner,
        scanner,
        start_time: time,
        end_time: time,
        status: { enum: ["success", "failure"] },
        type: { enum: ["sast"] },
      },
    },
    vulnerabilities: {
      type: "array",
      items: {
        type: "object",
        required: ["id", "identifiers", "location"],
        properties: {
          id: text,
          name: { type: "string", maxLength: 255 },
          severity: { enum: ["Info", "Unknown", "Low", "Medium", "High", "Critical"] },
          identifiers: {
            type: "array",
            minItems: 1,
            items: {
              type: "object",
              required: ["type", "name", "value"],
              properties: { type: text, name: text, value: text },
            },
          },
          location: { type: "object", properties: { file: text, start_line: { type: "number", minimum: 0 } } },
        },
      },
    },
  },
};

test("has what GitLab asks for, what fails alone, and the same id in each run", () => {
  const found = written(
    row({}),
    row({ address: "aws_sqs_queue.other", part: "policy", severity: "info" }),
    row({ outcome: "pass" }),
    row({ outcome: "suppressed" }),
  );
  const validate = new Ajv().compile(SCHEMA);
  expect([validate(found), validate.errors]).toEqual([true, null]);
  expect(found.vulnerabilities.map(({ id }) => id)).toEqual([
    "queue-is-encrypted:aws_sqs_queue.work",
    "queue-is-encrypted:aws_sqs_queue.other, policy",
  ]);
  expect(found.vulnerabilities[0]).toMatchObject({
    name: "A queue is encrypted",
    severity: "Critical",
    description: "aws_sqs_queue.work: It is in clear.",
  });
  expect(found.scan.start_time).toBe("2026-11-30T14:00:00");
});

test("outside of a job the time is said with 1970", () => {
  expect(JSON.parse(gitLabSast(report(), { rules: [], version: "1.2.3", source: "a" }))).toMatchObject({
    scan: { start_time: "1970-01-01T00:00:00" },
    vulnerabilities: [],
  });
});
