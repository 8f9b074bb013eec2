import fc from "fast-check";
import { gateMarkdown, type GateRow } from "../../../scripts/gate/rows";
import { anyText } from "../../support/any-text";

const row = (more: Partial<GateRow> = {}): GateRow => ({
  what: "Errors",
  value: "7.5 %",
  bound: "<= 1 %",
  samples: "40",
  verdict: "fail",
  reason: "too many",
  ...more,
});

test("a headline, a sentence, and a line each, with failures in bold", () => {
  expect(gateMarkdown("verify: fail", "1 fail, 1 pass.", [row(), row({ verdict: "pass", what: "Cost" })])).toBe(
    [
      "## verify: fail",
      "",
      "1 fail, 1 pass.",
      "",
      "| verdict | what | value | bound | samples | why |",
      "| --- | --- | --- | --- | --- | --- |",
      "| **fail** | Errors | 7.5 % | &lt;= 1 % | 40 | too many |",
      "| pass | Cost | 7.5 % | &lt;= 1 % | 40 | too many |",
      "",
    ].join("\n"),
  );
});

test("nothing in a cell ends it, is a link, a mention or HTML", () => {
  const text = gateMarkdown("h", "s", [row({ reason: "a | b\n<img src=x> [l](u) `c` *d* @all #1 \\" })]);
  expect(text.split("\n").at(-2)).toBe(
    "| **fail** | Errors | 7.5 % | &lt;= 1 % | 40 | a \\| b &lt;img src=x&gt; \\[l\\](u) \\`c\\` \\*d\\* \\@all \\#1 \\\\ |",
  );
});

test("whatever is in it, there are six cells in a line", () => {
  fc.assert(
    fc.property(anyText, (reason) => {
      const line = gateMarkdown("h", "s", [row({ reason })])
        .split("\n")
        .at(-2)!;
      return line.replaceAll(/\\./gs, "").split("|").length === 8;
    }),
  );
});
