import { mergeResults, type BenchRecord } from "../../../../bench/results";

const record = (seconds: number): BenchRecord => ({
  measuredOn: "2026-11-22",
  machine: "2 CPUs",
  seconds,
  method: "",
  figures: [],
  charts: [],
  data: {},
});

test("newer records take the place of older ones, the others stay, in the order of the names, unknown ones last", () => {
  const merged = mergeResults(
    { zeta: record(1), wake: record(1), agents: record(1) },
    { wake: record(2), cost: record(2) },
    ["agents", "cost", "wake"],
  );
  expect(Object.entries(merged).map(([name, { seconds }]) => [name, seconds])).toEqual([
    ["agents", 1],
    ["cost", 2],
    ["wake", 2],
    ["zeta", 1],
  ]);
});
