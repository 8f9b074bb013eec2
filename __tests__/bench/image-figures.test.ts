import { compareImages } from "../../bench/image-figures";

const MIB = 1024 ** 2;
const compare = (oursMiB: number) =>
  compareImages({
    naive: { bytes: 50 * MIB, coldStartMs: [400, 600, 500] },
    buildToolBytes: 25 * MIB,
    uncached: { bytes: 2 * MIB, coldStartMs: [300, 310, 290] },
    ours: { bytes: oursMiB * MIB, coldStartMs: [250, 240, 260] },
    baseBytes: 50 * MIB,
  });

test("ours is compared with the naive one above the base and with it, and by the medians of the cold starts", () => {
  const { figures, charts } = compare(10);
  expect(figures.map(({ measured }) => measured)).toEqual([
    "50.0 MiB / 10.0 MiB: 80.0 % less",
    "25.0 MiB / 10.0 MiB: 60.0 % less",
    "100.0 MiB / 60.0 MiB: 40.0 % less",
    "500 ms / 250 ms: 50.0 % less",
    "300 ms / 250 ms: 16.7 % less",
  ]);
  expect(charts.map(({ series }) => series[0]!.values)).toEqual([
    [50, 2, 10],
    [500, 300, 250],
  ]);
});

test("40 % smaller holds, less does not; nothing else is a bound", () => {
  expect(compare(30).figures.map(({ holds }) => holds)).toEqual([true, undefined, undefined, undefined, undefined]);
  expect(compare(30.1).figures[0]).toMatchObject({ holds: false, mustReach: ">= 40 % smaller" });
  expect(compare(30.1).text).toContain("MISS image above its base, one naive stage / ours");
});
