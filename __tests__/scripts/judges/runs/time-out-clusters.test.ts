import { findClusters } from "../../../../scripts/judges/runs/time-out-clusters";
import { normalQuantile } from "../../../../scripts/judges/statistics/normal-quantile";
import { seededRandom } from "../../../../scripts/judges/statistics/seeded-random";

const smooth = (count: number, medianMs: number, deviation: number) =>
  Array.from({ length: count }, (_, index) => medianMs * Math.exp(deviation * normalQuantile((index + 0.5) / count)));
const sorted = (values: readonly number[]) => Float64Array.from(values).sort();

test("runs that end at a round time-out are found, and how many there would be without", () => {
  const [found, ...others] = findClusters(
    sorted([...smooth(300, 8_000, 0.6), ...Array.from({ length: 12 }, (_, index) => 60_004 + index * 11)]),
  );
  expect(others).toEqual([]);
  expect(found).toMatchObject({ atMs: 60_000, kind: "round", count: 12 });
  expect(found!.expected).toBeLessThan(1);
});

test("the largest value is one where it is repeated, whatever it is", () => {
  expect(findClusters(sorted([...smooth(100, 8_000, 0.3), 77_770, 77_774, 77_790, 77_800]))).toEqual([
    { atMs: 77_800, kind: "largest", count: 4, expected: 0 },
  ]);
});

test("smooth durations have none, wherever their middle is", () => {
  for (const medianMs of [1_000, 5_000, 29_000, 30_000, 60_000, 120_000, 300_000])
    for (const deviation of [0.15, 0.3, 0.8])
      expect(findClusters(sorted(smooth(2_000, medianMs, deviation)))).toEqual([]);
});

test("chance alone makes one in few of a hundred sets", () => {
  const random = seededRandom(9);
  const sets = Array.from({ length: 100 }, () =>
    findClusters(sorted(Array.from({ length: 300 }, () => 25_000 * Math.exp(0.5 * normalQuantile(random() + 1e-12))))),
  );
  expect(sets.filter((clusters) => clusters.length > 0).length).toBeLessThanOrEqual(10);
});

test("two runs are no cluster, and no runs have none", () => {
  expect(findClusters([60_000, 60_100])).toEqual([]);
  expect(findClusters([])).toEqual([]);
});
