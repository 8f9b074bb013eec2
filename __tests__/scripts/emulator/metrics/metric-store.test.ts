import { KEPT_SAMPLES, MetricStore } from "../../../../scripts/emulator/metrics/metric-store";

const name = { namespace: "N", metric: "m", dimensions: { A: "1", B: "2" } };

test("values come by period from the start, the end not included, ascending, whatever the order of arrival", () => {
  const store = new MetricStore();
  for (const [atMs, value] of [
    [60_000, 3],
    [119_999, 1],
    [120_000, 5],
    [59_999, 9],
    [180_000, 7],
    [300_000, 8],
  ] as const)
    store.record({ ...name, atMs, value });
  expect([...store.byPeriod(name, 60_000, 300_000, 60_000)]).toEqual([
    [60_000, [1, 3]],
    [120_000, [5]],
    [180_000, [7]],
  ]);
  expect([...store.byPeriod(name, 60_000, 300_000, 240_000)]).toEqual([[60_000, [1, 3, 5, 7]]]);
});

test("a metric is told by all its dimensions, in any order, and by no fewer", () => {
  const store = new MetricStore();
  store.record({ ...name, atMs: 0, value: 1 });
  expect([...store.byPeriod({ ...name, dimensions: { B: "2", A: "1" } }, 0, 1, 1)]).toEqual([[0, [1]]]);
  const others: readonly Record<string, string>[] = [{ A: "1" }, {}, { A: "1", B: "3" }, { A: "1", B: "2", C: "" }];
  for (const dimensions of others) expect(store.byPeriod({ ...name, dimensions }, 0, 1, 1).size).toBe(0);
});

test("a full metric lets the oldest samples go", () => {
  const store = new MetricStore();
  for (let index = 0; index <= KEPT_SAMPLES; index++) store.record({ ...name, atMs: index, value: index });
  const [[, values = []] = []] = [...store.byPeriod(name, 0, KEPT_SAMPLES + 1, KEPT_SAMPLES + 1)];
  expect({ count: values.length, newest: values.at(-1) }).toEqual({
    count: KEPT_SAMPLES * 0.9 + 1,
    newest: KEPT_SAMPLES,
  });
});
