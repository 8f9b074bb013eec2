import { splitRuns } from "../../../../scripts/judges/runs/splits";
import { samplesOf } from "../../../support/runs";

test("runs are split by what tells at least two of them apart, and by nothing else", () => {
  const splits = splitRuns(
    samplesOf([{ durationMs: 100, initDurationMs: 5 }, { durationMs: 10 }, { durationMs: 30 }]),
    20,
    null,
  );
  expect(splits).toEqual([
    {
      by: "start",
      key: "cold",
      count: 1,
      meanMs: 100,
      p50Ms: 100,
      p95Ms: 100,
      maxMs: 100,
      overThresholdPercent: 100,
      slowModePercent: null,
    },
    {
      by: "start",
      key: "warm",
      count: 2,
      meanMs: 20,
      p50Ms: 20,
      p95Ms: 29,
      maxMs: 30,
      overThresholdPercent: 50,
      slowModePercent: null,
    },
  ]);
  expect(splitRuns(samplesOf([{}, {}]), 20, null)).toEqual([]);
});

test("versions, sizes and functions are split, numbers in their order, and lines that do not say are left out", () => {
  const splits = splitRuns(
    samplesOf([
      { version: "10" },
      { version: "9", memorySizeMiB: 512 },
      {},
      { functionName: "b" },
      { functionName: "a" },
    ]),
    20,
    1_000,
  );
  expect(splits.map(({ by, key, count }) => `${by} ${key} ${count}`)).toEqual([
    "memory_size 512 1",
    "memory_size 1792 4",
    "version 9 1",
    "version 10 1",
    "function a 1",
    "function b 1",
  ]);
  expect(splits[0]!.slowModePercent).toBe(100);
});

test("of more than twelve, the most frequent are shown", () => {
  const runs = Array.from({ length: 20 }, (_, version) =>
    Array.from({ length: version + 1 }, () => ({ version: String(version) })),
  ).flat();
  expect(splitRuns(samplesOf(runs), 20, null).map(({ key }) => key)).toEqual(
    Array.from({ length: 12 }, (_, index) => String(index + 8)),
  );
});
