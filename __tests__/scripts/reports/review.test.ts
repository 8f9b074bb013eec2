import fc from "fast-check";
import { reviewMarkdown, type ReviewSection } from "../../../scripts/reports/review";

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
const SECTIONS: ReviewSection[] = [
  { title: "Security", summary: "Nothing.", lines: lines(5), elsewhere: "`quickturn review`" },
  { title: "Terraform JSON", summary: "Much.", lines: lines(1_000), elsewhere: "`quickturn synth --diff`" },
];

test("what fits is whole", () => {
  const markdown = reviewMarkdown("Review", SECTIONS, 65_000);
  expect(markdown).toMatch(/^## Review\n\n### Security\n\nNothing\.\n\n<details>/);
  expect(markdown).toContain("line 1000\n```");
  expect(markdown).not.toContain("Cut here");
});

test("what does not fit is cut out of the last section first, and a sentence says how much", () => {
  const markdown = reviewMarkdown("Review", SECTIONS, 1_000);
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

test("whatever the details, a review keeps its limit, its summaries and whole blocks of code", () => {
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
        const markdown = reviewMarkdown(
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

test("summaries that are too long alone are refused with both lengths", () => {
  expect(() => reviewMarkdown("Review", [{ title: "T", summary: "x".repeat(3_000) }], 2_000)).toThrow(
    /The review is 30\d\d characters without any details; allowed: 2000\. Give a higher --limit/,
  );
});
