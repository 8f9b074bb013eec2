import { allHold, type BenchFigure } from "../../../../bench/results";

const figure = (holds?: boolean): BenchFigure => ({
  compares: "a / b",
  measured: "1x",
  ...(holds !== undefined && { holds }),
});

test("figures without a bound, and those within it, hold", () => {
  expect(allHold([figure(), figure(true)])).toBe(true);
});

test("one figure beyond its bound is enough", () => {
  expect(allHold([figure(), figure(true), figure(false)])).toBe(false);
});
