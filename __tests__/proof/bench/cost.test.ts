import { benchCost } from "../../../bench/cost";
import { SILENT } from "../../../scripts/kit/context";

test("the cost model's bills of both profiles are told for three volumes, with and without the models' tokens, and a chart draws them", async () => {
  const { exitCode, figures, charts } = await benchCost({
    projectDirectory: ".",
    environment: {},
    progress: SILENT,
    signal: new AbortController().signal,
  });
  expect(exitCode).toBe(0);
  expect(figures.map(({ compares }) => compares.split(" (")[0])).toEqual(
    ["10,000", "100,000", "1,000,000"].flatMap((requests) => [
      `${requests} requests a month, all but the models' tokens`,
      `${requests} requests a month, with tokens`,
    ]),
  );
  const [baseline, optimized] = charts[0]!.series.map(({ values }) => values);
  const [, middle] = figures.filter(({ compares }) => !compares.includes("with tokens"));
  expect(middle!.compares).toContain(`($${baseline![1]!.toFixed(2)} / $${optimized![1]!.toFixed(2)})`);
  expect(Number.parseFloat(middle!.measured)).toBeCloseTo((optimized![1]! / baseline![1]! - 1) * 100, 0);
});
