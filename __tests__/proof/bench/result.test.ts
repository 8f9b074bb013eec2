import { benchResult } from "../../../bench/results";

const told = { method: "once", charts: [], text: "text", data: { ms: 7 } };

test("a benchmark whose bounds hold exits 0, and programs are given its data", () => {
  const result = benchResult("pool", {
    ...told,
    figures: [{ compares: "a / b", measured: "3x", mustReach: ">= 2x", holds: true }],
  });
  expect(result).toMatchObject({ exitCode: 0, json: { bench: "pool", holds: true, ms: 7 } });
});

test("a missed bound exits 1", () => {
  expect(
    benchResult("pool", {
      ...told,
      figures: [{ compares: "a / b", measured: "1x", mustReach: ">= 2x", holds: false }],
    }),
  ).toMatchObject({ exitCode: 1, json: { holds: false } });
});
