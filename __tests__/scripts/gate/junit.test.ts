import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom";
import fc from "fast-check";
import { junitXml, type JunitCase } from "../../../scripts/gate/junit";
import { anyText } from "../../support/any-text";

const parse = (xml: string) => new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, "text/xml");

test("a suite counts its cases, and each says how it ended", () => {
  const cases: JunitCase[] = [
    { name: "a", outcome: "passed", message: "fine", seconds: 1.25 },
    { name: "b", outcome: "failed", message: "too slow" },
    { name: "c", outcome: "skipped", message: "too few" },
    { name: "d", outcome: "error", message: "no answer" },
  ];
  const document = parse(junitXml("gate", cases));
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

test("whatever a message holds, it is well-formed, and comes back but for what XML has no place for", () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom("passed", "failed", "error", "skipped"), (message, outcome) => {
      const document = parse(junitXml("s", [{ name: message, outcome, message }]));
      // The parser here takes U+0085 and U+2028 for ends of lines, as XML 1.1 does; 1.0 does not.
      const kept = message
        // eslint-disable-next-line no-control-regex -- these are the ones
        .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
        .replaceAll(/[\u0085\u2028]/g, " ");
      return document.getElementsByTagName("testcase")[0]?.getAttribute("name") === kept;
    }),
  );
});
