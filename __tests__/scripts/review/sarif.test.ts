import Ajv from "ajv";
import { type AuditReport, type AuditRow, audit } from "../../../scripts/review/audit-report";
import { formatGitLabSast, formatSarif } from "../../../scripts/review/sarif";
import { RULES } from "../../../scripts/review/rules";
import { auditedFixture } from "../../support/audited-plan";
import { planOf, resource as r } from "./small-plans";

describe("gitlab sast", () => {
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
      formatGitLabSast(report(...rows), {
        rules: [rule],
        version: "1.2.3",
        source: "stacks/a.ts",
        startedAt: "2026-11-30T14:00:00Z",
      }),
    ) as { scan: { start_time: string }; vulnerabilities: { id: string }[] };

  /** The part of GitLab's schema 15.0.6 (security-report-schemas, sast) that this report uses. */
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

  test("meets GitLab's schema, holds only failures, and has the same ids in each run", () => {
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

  test("outside of a job the time is 1970", () => {
    expect(JSON.parse(formatGitLabSast(report(), { rules: [], version: "1.2.3", source: "a" }))).toMatchObject({
      scan: { start_time: "1970-01-01T00:00:00" },
      vulnerabilities: [],
    });
  });
});

describe("sarif", () => {
  interface Result {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly level: string;
    readonly message: { readonly text: string };
    readonly locations: readonly {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string };
        readonly region: { readonly startLine: number };
      };
      readonly logicalLocations: readonly { readonly fullyQualifiedName: string }[];
    }[];
    readonly partialFingerprints: { readonly primaryLocationLineHash: string };
    readonly suppressions?: readonly {
      readonly kind: string;
      readonly status: string;
      readonly justification: string;
    }[];
  }
  interface Sarif {
    readonly $schema: string;
    readonly version: string;
    readonly runs: readonly {
      readonly tool: {
        readonly driver: {
          readonly name: string;
          readonly version: string;
          readonly rules: readonly { readonly id: string; readonly shortDescription: { readonly text: string } }[];
        };
      };
      readonly results: readonly Result[];
    }[];
  }

  const INPUT = { rules: RULES, version: "1.2.3", source: "stacks/agent-api-stack.ts" };
  const { plan, sources } = auditedFixture("agent-api");
  const text = formatSarif(audit(plan, { sources }), INPUT);
  const sarif = JSON.parse(text) as Sarif;
  const results = sarif.runs[0]!.results;

  /**
   * What SARIF 2.1.0 (OASIS, sections 3.13, 3.14, 3.19, 3.27, 3.35) and GitHub ("SARIF support for code scanning")
   * demand.
   */
  describe("the document", () => {
    test("has version 2.1.0, and one run with the tool's name and all its rules", () => {
      expect([
        sarif.version,
        sarif.runs.length,
        sarif.runs[0]!.tool.driver.name,
        sarif.runs[0]!.tool.driver.version,
      ]).toEqual(["2.1.0", 1, "quickturn audit", "1.2.3"]);
      expect(sarif.$schema).toMatch(/sarif-2\.1\.0\.json$/);
      expect(sarif.runs[0]!.tool.driver.rules.map(({ id }) => id)).toEqual(RULES.map(({ id }) => id));
      for (const { shortDescription } of sarif.runs[0]!.tool.driver.rules) expect(shortDescription.text).toMatch(/\.$/);
    });

    test("has for each result the rule, a level, a message, the resource, and a file of the repository", () => {
      expect(results.length).toBeGreaterThan(20);
      for (const { ruleId, ruleIndex, level, message, locations } of results) {
        expect(RULES[ruleIndex]?.id).toBe(ruleId);
        expect(["error", "warning", "note"]).toContain(level);
        expect(message.text.length).toBeGreaterThan(20);
        expect(locations).toHaveLength(1);
        expect(locations[0]!.logicalLocations[0]!.fullyQualifiedName).toMatch(/^aws_\w+\.\w+/);
        expect(locations[0]!.physicalLocation).toMatchObject({
          artifactLocation: { uri: "stacks/agent-api-stack.ts" },
          region: { startLine: 1 },
        });
      }
    });

    test("gives each result at the same line a fingerprint of its own", () =>
      expect(new Set(results.map(({ partialFingerprints: { primaryLocationLineHash: hash } }) => hash)).size).toBe(
        results.length,
      ));

    test("gives the reason and the last day of a suppression", () => {
      for (const { suppressions } of results)
        expect(suppressions).toEqual([
          {
            kind: "external",
            status: "accepted",
            justification: expect.stringMatching(/\. Until 2027-11-20\.$/) as unknown,
          },
        ]);
    });

    test("is the same for the same audit, byte for byte", () =>
      expect(formatSarif(audit(plan, { sources }), INPUT)).toBe(text));
  });

  test("a failure has no suppressions, and a level by its severity", () => {
    const found = (
      JSON.parse(formatSarif(audit(planOf(r("aws_lambda_permission.p", { principal: "*" }))), INPUT)) as Sarif
    ).runs[0]!.results;
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      ruleId: "function-permission-names-its-caller",
      level: "error",
      message: { text: 'aws_lambda_permission.p: principal is "*"; allowed: a service or an account.' },
    });
    expect(found[0]).not.toHaveProperty("suppressions");
  });

  test("an expired suppression is a result even if it hides nothing", () => {
    const over = {
      rule: "table-can-be-restored",
      resource: "aws_dynamodb_table.t",
      reason: "A trial.",
      until: "2026-01-01",
    };
    const found = (
      JSON.parse(formatSarif(audit(planOf(), { today: "2027-01-01", suppressions: [over] }), INPUT)) as Sarif
    ).runs[0]!.results;
    expect(found.map(({ message }) => message.text)).toEqual([
      "The suppression of aws_dynamodb_table.t was until 2026-01-01: decide again. Its reason was: A trial.",
    ]);
  });
});
