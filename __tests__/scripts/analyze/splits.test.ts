import { splitRuns, findClusters } from "../../../scripts/analyze/splits";
import { samplesOf } from "../../support/runs";
import { normalQuantile } from "../../../scripts/kit/quantiles";
import { seededRandom } from "../../../scripts/kit/random";

describe("splits", () => {
  test("runs are split only by properties of which they have two values", () => {
    const splits = splitRuns(
      samplesOf([{ durationMs: 100, initDurationMs: 5 }, { durationMs: 10 }, { durationMs: 30 }]),
      { thresholdMs: 20, splitMs: null },
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
    expect(splitRuns(samplesOf([{}, {}]), { thresholdMs: 20, splitMs: null })).toEqual([]);
  });

  test("runs are split by size, version and function, numbers are in order, and runs without the property are left out", () => {
    const splits = splitRuns(
      samplesOf([
        { version: "10" },
        { version: "9", memorySizeMiB: 512 },
        {},
        { functionName: "b" },
        { functionName: "a" },
      ]),
      { thresholdMs: 20, splitMs: 1_000 },
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

  test("of more than twelve keys the most frequent are kept", () => {
    const runs = Array.from({ length: 20 }, (_, version) =>
      Array.from({ length: version + 1 }, () => ({ version: String(version) })),
    ).flat();
    expect(splitRuns(samplesOf(runs), { thresholdMs: 20, splitMs: null }).map(({ key }) => key)).toEqual(
      Array.from({ length: 12 }, (_, index) => String(index + 8)),
    );
  });
});

describe("clusters", () => {
  const smooth = (count: number, medianMs: number, deviation: number) =>
    Array.from({ length: count }, (_, index) => medianMs * Math.exp(deviation * normalQuantile((index + 0.5) / count)));
  const sorted = (values: readonly number[]) => Float64Array.from(values).sort();

  test("runs that end at a round time are a cluster, with the number that chance would give", () => {
    const [found, ...others] = findClusters(
      sorted([...smooth(300, 8_000, 0.6), ...Array.from({ length: 12 }, (_, index) => 60_004 + index * 11)]),
    );
    expect(others).toEqual([]);
    expect(found).toMatchObject({ atMs: 60_000, kind: "round", count: 12 });
    expect(found!.expected).toBeLessThan(1);
  });

  test("runs that end at the largest value are a cluster, even where it is not round", () => {
    expect(findClusters(sorted([...smooth(100, 8_000, 0.3), 77_770, 77_774, 77_790, 77_800]))).toEqual([
      { atMs: 77_800, kind: "largest", count: 4, expected: 0 },
    ]);
  });

  test("smooth durations have no cluster for any median", () => {
    for (const medianMs of [1_000, 5_000, 29_000, 30_000, 60_000, 120_000, 300_000])
      for (const deviation of [0.15, 0.3, 0.8])
        expect(findClusters(sorted(smooth(2_000, medianMs, deviation)))).toEqual([]);
  });

  test("chance alone makes clusters in at most 10 of 100 sets", () => {
    const random = seededRandom(9);
    const sets = Array.from({ length: 100 }, () =>
      findClusters(
        sorted(Array.from({ length: 300 }, () => 25_000 * Math.exp(0.5 * normalQuantile(random() + 1e-12)))),
      ),
    );
    expect(sets.filter((clusters) => clusters.length > 0).length).toBeLessThanOrEqual(10);
  });

  test("two runs are no cluster, and no runs have none", () => {
    expect(findClusters([60_000, 60_100])).toEqual([]);
    expect(findClusters([])).toEqual([]);
  });
});
