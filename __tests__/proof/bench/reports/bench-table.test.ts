import { benchTable, figuresText, verdictOf } from "../../../../bench/report";

const GOOD = { compares: "one / all", measured: "6.98x", mustReach: ">= 6.9x", limit: "7x", holds: true };
const MISSED = { compares: "a|b", measured: "9 min", mustReach: "<= 8 min", holds: false, cause: "it waits" };

test("a figure holds, is missed, or has no bound", () => {
  expect([GOOD, MISSED, { compares: "c", measured: "1" }].map(verdictOf)).toEqual(["ok", "MISS", ""]);
});

test("at a terminal each figure is a line with its bound and its limit, and a miss has its cause below it", () => {
  expect(figuresText("Once.", [GOOD, MISSED, { compares: "c", measured: "1" }])).toBe(
    [
      "Once.",
      "  ok   6.98x   one / all; must reach >= 6.9x; limit 7x",
      "  MISS 9 min   a|b; must reach <= 8 min",
      "              it waits",
      "           1   c",
    ].join("\n"),
  );
});

test("the table has a row a figure, and how and when each benchmark was measured", () => {
  const record = {
    measuredOn: "2026-11-22",
    machine: "2 CPUs",
    seconds: 61.4,
    method: "Medians.",
    figures: [GOOD, MISSED],
    charts: [],
    data: {},
  };
  expect(benchTable({ agents: record })).toBe(
    [
      "| benchmark | what is compared | measured | must reach | limit |  |",
      "| --- | --- | --- | --- | --- | --- |",
      "| `agents` | one / all | 6.98x | >= 6.9x | 7x | ok |",
      "|  | a\\|b | 9 min | <= 8 min |  | MISS: it waits |",
      "",
      "- `agents`, 2026-11-22, 2 CPUs, 61 s: Medians.",
    ].join("\n"),
  );
  expect(benchTable({})).toBe("Nothing was measured yet.");
});
