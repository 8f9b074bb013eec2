import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planCost } from "../../../scripts/cost/comparison";
import { DEFAULT_USAGE } from "../../../scripts/cost/usage";
import type { ResourceChange } from "../../../scripts/kit/plan-changes";
import {
  describeCost,
  describeFindings,
  describePlan,
  describeStackDiffs,
  describeWarnings,
  formatReview,
  type ReviewSection,
} from "../../../scripts/review/review";
import fc from "fast-check";

describe("review sections", () => {
  describe("security", () => {
    test("findings are counted and named, and their Markdown is escaped", () => {
      const { title, summary, lines } = describeFindings([
        { source: "exposure", severity: "critical", address: "aws_x.y", text: "Open to <b>@everybody</b>" },
        { source: "checks", severity: "warning", address: "check.c", text: "t" },
      ]);
      expect(title).toBe("Security: 1 critical, 1 to look at");
      expect(summary).toBe("- **critical** `aws_x.y`: Open to &lt;b&gt;\\@everybody&lt;/b&gt;\n- warning `check.c`: t");
      expect(lines).toEqual(["critical (exposure) aws_x.y: Open to <b>@everybody</b>", "warning (checks) check.c: t"]);
    });

    test("the summary stays short, however many findings there are", () => {
      const many = Array.from({ length: 500 }, (_, index) => ({
        source: "checks" as const,
        severity: "info" as const,
        address: `a.${index}`,
        text: "x".repeat(5_000),
      }));
      expect(describeFindings(many).summary.length).toBeLessThan(8_000);
      expect(describeFindings(many).summary).toContain("and 480 more in the details");
      expect(describeFindings(many).lines).toHaveLength(500);
    });

    test("no findings are reported as such", () => expect(describeFindings([]).summary).toMatch(/^Nothing found/));
  });

  describe("warnings", () => {
    test("each warning is a line with escaped Markdown, unless a finding repeats it", () => {
      const findings = [{ text: "The alarms call nobody. Another." }];
      expect(describeWarnings(["The alarms call nobody.", "Deprecated\nUse <b>.\n  with aws_a.x"], findings)).toEqual([
        { title: "Warnings: 1", summary: "- Deprecated Use &lt;b&gt;. with aws\\_a.x" },
      ]);
    });

    test("without warnings there is no section", () => expect(describeWarnings(["x"], [{ text: "x" }])).toEqual([]));
  });

  describe("plan", () => {
    const change = (address: string, action: ResourceChange["action"], attributes: string[] = []): ResourceChange => ({
      address,
      type: address.split(".")[0]!,
      action,
      attributes,
      values: attributes.map((path) => ({ path, before: 1, after: 2 })),
    });

    test("replaced and deleted resources come first, with a warning", () => {
      const { title, summary, lines } = describePlan({
        changed: true,
        changes: [
          change("aws_a.x", "update", ["memory_size"]),
          change("aws_b.y", "delete"),
          change("aws_c.z", "replace", ["name"]),
        ],
      });
      expect(title).toBe("Plan: 1 to add, 1 to change, 2 to destroy");
      expect(summary).toBe("**2 are replaced or deleted**: `aws_b.y`, `aws_c.z`.");
      expect(lines).toEqual([
        "    - aws_b.y",
        "  -/+ aws_c.z",
        "          name: 1 -> 2",
        "    ~ aws_a.x",
        "          memory_size: 1 -> 2",
      ]);
    });

    test("a replaced deployment of the API is no warning", () => {
      expect(
        describePlan({ changed: true, changes: [change("aws_api_gateway_deployment.d", "replace")] }).summary,
      ).toBe("Nothing that holds something is replaced or deleted.");
    });

    test("a plan without changes, or with changed outputs only, says so", () => {
      expect(describePlan({ changed: false, changes: [] }).summary).toBe("No changes.");
      expect(describePlan({ changed: true, changes: [] }).summary).toBe("Only outputs change.");
    });
  });

  describe("cost", () => {
    const read = (name: string) =>
      JSON.parse(readFileSync(join(__dirname, "../cost", name), "utf8")) as Record<string, unknown>;
    const [plan, state] = [read("low-latency.plan.json"), read("optimized.state.json")];

    test("each volume has a row with the cost now, after, and the difference", () => {
      const { title, summary } = describeCost(
        planCost({ ...plan, prior_state: state }, DEFAULT_USAGE, [10_000, 1_000_000]),
      );
      expect(title).toBe("Cost: it changes");
      const rows = summary.split("\n").filter((line) => /^\| \d/.test(line));
      expect(rows).toHaveLength(2);
      for (const row of rows) {
        const [, now, after, difference] = (
          /^\| [\d,]+ \| (\$[\d,.]+) \| (\$[\d,.]+) \| ([+-]\$[\d,.]+) \|$/.exec(row) ?? []
        ).map((text) => Number(text.replaceAll(/[$,]/g, "")));
        expect(after! - now!).toBeCloseTo(difference!, 1);
      }
    });

    test("a first deployment has nothing to compare with, and an unchanged one costs the same", () => {
      expect(describeCost(planCost(plan, DEFAULT_USAGE, [10_000]))).toMatchObject({
        title: "Cost: nothing is deployed yet",
        summary: expect.stringMatching(/\| 10,000 \| - \| \$[\d,.]+ \| - \|/) as unknown,
      });
      const same = {
        format_version: "1.2",
        planned_values: (state as { values: unknown }).values,
        resource_changes: [],
        prior_state: state,
      };
      expect(describeCost(planCost(same, DEFAULT_USAGE, [10_000]))).toMatchObject({
        title: "Cost: the same",
        summary: expect.stringContaining("| $0.00 |") as unknown,
      });
    });
  });

  test("each stack's change of the Terraform JSON is one line, with its blocks in the details", () => {
    const section = describeStackDiffs("HEAD^1", [
      {
        stack: "agent-api",
        action: "change",
        blocks: [{ address: "var.x", kind: "variable", action: "add", attributes: [] }],
        assets: [],
      },
    ]);
    expect(section).toMatchObject({
      summary: "Since `HEAD^1`:\n\n- agent-api: 1 added, 0 changed, 0 removed",
      lines: ["agent-api", "  + var.x"],
    });
    expect(describeStackDiffs("HEAD^1", []).summary).toBe("It is that of `HEAD^1`.");
  });
});

describe("review", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
  const SECTIONS: ReviewSection[] = [
    { title: "Security", summary: "Nothing.", lines: lines(5), elsewhere: "`quickturn review`" },
    { title: "Terraform JSON", summary: "Much.", lines: lines(1_000), elsewhere: "`quickturn synth --diff`" },
  ];

  test("a review that fits is complete", () => {
    const markdown = formatReview("Review", SECTIONS, 65_000);
    expect(markdown).toMatch(/^## Review\n\n### Security\n\nNothing\.\n\n<details>/);
    expect(markdown).toContain("line 1000\n```");
    expect(markdown).not.toContain("Cut here");
  });

  test("a review that is too long is cut from the last section on, and says how much was cut", () => {
    const markdown = formatReview("Review", SECTIONS, 1_000);
    expect(markdown.length).toBeLessThanOrEqual(1_000);
    expect(markdown.length).toBeGreaterThan(980);
    expect(markdown).toContain("line 5\n```");
    const [, cut] =
      /Cut here: (\d+) of 1000 lines, because a comment has a limit; `quickturn synth --diff` shows all of them\./.exec(
        markdown,
      ) ?? [];
    expect(markdown).toContain(`line ${1_000 - Number(cut)}\n\`\`\``);
    expect(markdown).not.toContain(`line ${1_001 - Number(cut)}\n`);
  });

  test("a review of any length keeps its limit, its summaries and complete blocks of code", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(
            fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/[\r\n]/g, " ")),
            { maxLength: 60 },
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.integer({ min: 1_500, max: 4_000 }),
        (details, limit) => {
          const markdown = formatReview(
            "R",
            details.map((of, index) => ({ title: `T${index}`, summary: `S${index}.`, lines: of })),
            limit,
          );
          expect(markdown.length).toBeLessThanOrEqual(limit);
          details.forEach((_, index) => expect(markdown).toContain(`### T${index}\n\nS${index}.`));
          expect(markdown.split("<details>")).toHaveLength(markdown.split("</details>").length);
        },
      ),
    );
  });

  test("summaries that alone are too long are refused, with both lengths", () => {
    expect(() => formatReview("Review", [{ title: "T", summary: "x".repeat(3_000) }], 2_000)).toThrow(
      /The review is 30\d\d characters without any details; allowed: 2000\. Give a higher --limit/,
    );
  });
});
