/** One case: passed unless it says otherwise. */
export interface JunitCase {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  /** One line. */
  readonly message: string;
  /** Left out where time is no part of the result. */
  readonly seconds?: number;
}

/** JUnit's XML, as every pipeline reads it: failures, errors and skipped cases with their messages. */
export function junitXml(suite: string, cases: readonly JunitCase[]): string {
  const count = (outcome: JunitCase["outcome"]) => cases.filter((each) => each.outcome === outcome).length;
  const counts =
    `tests="${cases.length}" failures="${count("failed")}" ` +
    `errors="${count("error")}" skipped="${count("skipped")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(suite)}" ${counts}>`,
    ...cases.map((each) => `    ${testcase(suite, each)}`),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testcase(suite: string, { name, outcome, message, seconds }: JunitCase): string {
  const head =
    `<testcase classname="${escaped(suite)}" ` +
    `name="${escaped(name)}"${seconds === undefined ? "" : ` time="${seconds.toFixed(3)}"`}>`;
  const body = {
    passed: `<system-out>${escaped(message)}</system-out>`,
    failed: `<failure message="${escaped(message)}"/>`,
    error: `<error message="${escaped(message)}"/>`,
    skipped: `<skipped message="${escaped(message)}"/>`,
  }[outcome];
  return `${head}${body}</testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** What XML 1.0 has no place for, not even escaped, becomes U+FFFD. */
function escaped(text: string): string {
  return (
    text
      .replaceAll(/\p{Surrogate}/gu, "\ufffd")
      // eslint-disable-next-line no-control-regex -- these are the ones to replace
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll(/[&<>"'\n\r\t]/g, (character: string) => ENTITIES[character] ?? character)
  );
}
