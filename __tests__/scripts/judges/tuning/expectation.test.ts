import { drawnTimes, expectedTimes, weighed } from "../../../../scripts/judges/tuning/expectation";
import { sizeFigures } from "../../../../scripts/judges/tuning/size";
import { seededRandom } from "../../../../scripts/judges/statistics/seeded-random";
import { drawRuns, SHAPES } from "../../../support/tuning-data";

const sizesOf = (name: string, runsEach: number, seed = 11) => {
  const runs = drawRuns(SHAPES.find((shape) => shape.name === name)!, runsEach, seededRandom(seed));
  const memories = [...new Set(runs.map(({ memoryMiB }) => memoryMiB))];
  return weighed(
    memories.map((memoryMiB) => ({
      memoryMiB,
      time: sizeFigures(
        memoryMiB,
        runs.filter((run) => run.memoryMiB === memoryMiB),
        { resamples: 200, random: seededRandom(1) },
      ).time!,
    })),
  );
};

test("what only waits is flat, and has one time", () => {
  const { model, timesMs } = expectedTimes(sizesOf("waits for agents (8 s)", 40));
  expect(model).toBe("flat");
  expect(new Set(timesMs).size).toBe(1);
  expect(timesMs[0]).toBeGreaterThan(7_600);
  expect(timesMs[0]).toBeLessThan(8_400);
});

test("what waits and computes is told apart, closer than a size's own mean is", () => {
  const { model, curve } = expectedTimes(sizesOf("waits 4 s, computes 1 s", 40));
  expect(model).toBe("curve");
  expect(Math.abs(curve.waitMs - 4_000)).toBeLessThan(200);
  expect(Math.abs(curve.workMs - 1_000)).toBeLessThan(100);
});

test("what the curve does not fit keeps its measured means, as long as they fall", () => {
  const { model, timesMs } = expectedTimes(sizesOf("thrashes where memory is short", 60));
  expect(model).toBe("falling");
  expect([...timesMs].sort((left, right) => right - left)).toEqual(timesMs);
});

test("means that are drawn anew get the same model's times", () => {
  const sizes = sizesOf("waits for agents (8 s)", 40);
  expect(new Set(drawnTimes(sizes, "flat", 3)).size).toBe(1);
  expect(drawnTimes(sizes, "curve", 3)[0]).not.toBe(drawnTimes(sizes, "curve", 4)[0]);
});

test("sizes whose runs are all equal have an error too, so that none weighs without end", () => {
  const time = sizesOf("waits for agents (8 s)", 10)[0]!.time;
  const equal = { ...time, drawn: time.drawn.map(() => time.meanMs) };
  expect(
    weighed([
      { memoryMiB: 128, time: equal },
      { memoryMiB: 256, time: equal },
    ]).map(({ errorShare }) => errorShare),
  ).toEqual([0.001, 0.001]);
});
