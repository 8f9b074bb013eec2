import { RULES } from "../../../scripts/review/rules";
import { addDays, isDay, readSuppressions, suppresses, SUPPRESSIONS } from "../../../scripts/review/suppressions";

const GOOD = {
  rule: "table-can-be-restored",
  resource: "aws_dynamodb_table.cache",
  reason: "It can be filled again.",
  until: "2027-01-31",
};
const read = (...suppressions: unknown[]) => readSuppressions({ suppressions }, "audit.json", RULES);
const problems = (entry: object) => {
  try {
    read(entry);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("a suppression by address, by type or of a part is read unchanged", () => {
  const entries = [
    GOOD,
    { rule: "function-is-in-a-network", type: "aws_lambda_function", reason: "r", until: "2027-01-31" },
    { ...GOOD, part: "x" },
  ];
  expect(read(...entries)).toEqual(entries);
});

test.each([
  [
    { ...GOOD, rule: "no-such-rule" },
    /1: rule is "no-such-rule"; allowed: the id of a rule, as quickturn audit --all prints it/,
  ],
  [
    { ...GOOD, type: "aws_dynamodb_table" },
    /resource is "aws_dynamodb_table\.cache" and type is "aws_dynamodb_table"; allowed: one of them/,
  ],
  [{ ...GOOD, resource: undefined }, /allowed: one of them/],
  [
    { ...GOOD, resource: "aws_sqs_queue.q" },
    /table-can-be-restored does not look at aws_sqs_queue; allowed: aws_dynamodb_table/,
  ],
  [{ ...GOOD, reason: " " }, /reason is " "; allowed: a sentence/],
  [{ ...GOOD, until: "2027-02-30" }, /until is "2027-02-30"; allowed: a day as YYYY-MM-DD/],
  [{ ...GOOD, because: "x" }, /because is not known; allowed: rule, resource, type, part, reason, until/],
  [{ ...GOOD, part: 1 }, /part is 1; allowed: a text/],
])("%j is refused, with what is allowed", (entry, message) => expect(problems(entry)).toMatch(message));

test("all problems are listed at once, and a file without a list is refused", () => {
  expect(problems({ rule: "x" }).split("\n")).toHaveLength(5);
  expect(() => readSuppressions([], "mine.json", RULES)).toThrow(
    /^mine\.json has no list of suppressions; allowed: \{"suppressions": /,
  );
});

test("a suppression holds for an address with or without its index, and only for its part", () => {
  const row = { rule: "table-can-be-restored", address: "aws_dynamodb_table.cache[0]", type: "aws_dynamodb_table" };
  expect([
    suppresses(GOOD, row),
    suppresses({ ...GOOD, resource: row.address }, row),
    suppresses({ ...GOOD, resource: "aws_dynamodb_table.other" }, row),
    suppresses({ ...GOOD, part: "p" }, row),
    suppresses({ ...GOOD, part: "p" }, { ...row, part: "p" }),
  ]).toEqual([true, true, false, false, true]);
});

test.each([
  ["2027-02-28", true],
  ["2028-02-29", true],
  ["2027-02-29", false],
  ["27-02-28", false],
  [20270228, false],
])("%j is a day: %j", (text, expected) => expect(isDay(text)).toBe(expected));

test.each([
  ["2027-01-01", 90, "2027-04-01"],
  ["2028-03-01", -1, "2028-02-29"],
  ["2027-12-31", 1, "2028-01-01"],
])("%s and %d days is %s", (day, days, expected) => expect(addDays(day, days)).toBe(expected));

test("the project's suppressions are readable and unique, and hold for a year at most", () => {
  expect(() => read(...SUPPRESSIONS)).not.toThrow();
  for (const { until } of SUPPRESSIONS) expect(until <= "2027-11-21").toBe(true);
  expect(
    new Set(SUPPRESSIONS.map((entry) => JSON.stringify([entry.rule, entry.resource, entry.type, entry.part]))).size,
  ).toBe(SUPPRESSIONS.length);
});
