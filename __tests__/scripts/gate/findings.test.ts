import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom";
import fc from "fast-check";
import { writeJunit, writeMarkdown, type FindingRow, type Findings } from "../../../scripts/gate/findings";
import { anyText } from "../../support/any-text";

const row = (more: Partial<FindingRow> = {}): FindingRow => ({
  name: "errors",
  what: "Errors",
  value: "7.5 %",
  bound: "<= 1 %",
  samples: "40",
  verdict: "fail",
  reason: "too many",
  message: "too many",
  ...more,
});
const findings = (rows: readonly FindingRow[], more: Partial<Findings> = {}): Findings => ({
  command: "gate",
  report: { verdict: "fail" },
  sentence: "1 fail, 1 pass.",
  rows,
  ...more,
});

describe("Markdown", () => {
  test("a headline, a sentence, and a line each, with failures in bold", () => {
    expect(writeMarkdown(findings([row(), row({ verdict: "pass", what: "Cost" })]))).toBe(
      [
        "## gate: fail",
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

  test("no text ends its cell, or becomes a link, a mention or HTML", () => {
    const text = writeMarkdown(findings([row({ reason: "a | b\n<img src=x> [l](u) `c` *d* @all #1 \\" })]));
    expect(text.split("\n").at(-2)).toBe(
      "| **fail** | Errors | 7.5 % | &lt;= 1 % | 40 | a \\| b &lt;img src=x&gt; \\[l\\](u) \\`c\\` \\*d\\* \\@all \\#1 \\\\ |",
    );
  });

  test("every line has six cells, whatever its text", () => {
    fc.assert(
      fc.property(anyText, (reason) => {
        const line = writeMarkdown(findings([row({ reason })]))
          .split("\n")
          .at(-2)!;
        return line.replaceAll(/\\./gs, "").split("|").length === 8;
      }),
    );
  });
});

describe("JUnit", () => {
  const parse = (xml: string) => new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, "text/xml");

  test("a suite counts its cases, and each says how it ended", () => {
    const cases = [
      row({ name: "a", verdict: "pass", message: "fine", seconds: 1.25 }),
      row({ name: "b", verdict: "fail", message: "too slow" }),
      row({ name: "c", verdict: "inconclusive", message: "too few" }),
      row({ name: "d", verdict: "error", message: "no answer" }),
    ];
    const document = parse(writeJunit(findings(cases)));
    const suite = document.getElementsByTagName("testsuite")[0]!;
    expect(["tests", "failures", "errors", "skipped"].map((name) => suite.getAttribute(name))).toEqual([
      "4",
      "1",
      "1",
      "1",
    ]);
    const found = Array.from(document.getElementsByTagName("testcase")).map((each) => [
      each.getAttribute("name"),
      each.getAttribute("time"),
      each.firstChild?.nodeName,
      (each.firstChild as typeof each | null)?.getAttribute("message") ?? each.textContent,
    ]);
    expect(found).toEqual([
      ["a", "1.250", "system-out", "fine"],
      ["b", null, "failure", "too slow"],
      ["c", null, "skipped", "too few"],
      ["d", null, "error", "no answer"],
    ]);
  });

  test("any message makes well-formed XML and is read back unchanged, but for characters that XML forbids", () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom("pass", "fail", "error", "shown"), (message, verdict) => {
        const document = parse(writeJunit(findings([row({ name: message, verdict, message })])));
        // The parser here takes U+0085 and U+2028 for ends of lines, as XML 1.1 does; 1.0 does not.
        const kept = message
          // eslint-disable-next-line no-control-regex -- these are the ones
          .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
          .replaceAll(/[\u0085\u2028]/g, " ");
        return document.getElementsByTagName("testcase")[0]?.getAttribute("name") === kept;
      }),
    );
  });
});
