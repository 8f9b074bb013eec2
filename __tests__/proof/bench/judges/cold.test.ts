import { coldVerdict, type ColdMeasurement, type ColdBudget } from "../../../../bench/cold-figures";

const BUDGET: ColdBudget = {
  measured: "here",
  sizes: {},
  times: { status: { ratio: 1.6, ms: 100 }, worker: { ratio: 3, ms: 100 } },
};

/** A round: bare node and ours. */
const round = (number: number, bareMs: number, oursMs: number, call = "status", protocol = "TLS"): ColdMeasurement[] =>
  [
    ["bare", bareMs],
    ["ours", oursMs],
  ].map(([variant, ms]) => ({
    protocol,
    call,
    variant: String(variant),
    round: number,
    ms: Number(ms),
    cpuMs: Number(ms) / 2,
  }));

test("each round is compared with its own bare node: a busy machine makes both slow", () => {
  const { rows } = coldVerdict([...round(1, 100, 160), ...round(2, 1_000, 1_500), ...round(3, 100, 170)], BUDGET);
  expect(rows).toEqual([
    { protocol: "TLS", call: "status", variant: "bare", ms: 100, cpuMs: 50, ratio: 1, cpuRatio: 1 },
    { protocol: "TLS", call: "status", variant: "ours", ms: 170, cpuMs: 85, ratio: 1.6, cpuRatio: 1.6 },
  ]);
});

test("up to 1.7 times a bare node holds, more misses; the worker has no such bound", () => {
  const ours = (oursMs: number, call?: string) => coldVerdict(round(1, 100, oursMs, call), BUDGET).figures[0];
  expect(ours(170)).toEqual({
    compares: "cold status over TLS, spawn to first answer / bare node ()",
    measured: "1.70x (170 ms)",
    mustReach: "<= 1.7x",
    holds: true,
    limit: "1x, bare node",
  });
  expect(ours(171)?.holds).toBe(false);
  expect(ours(250, "worker")).not.toHaveProperty("holds");
});

test("the other variants stand beside it", () => {
  const other: ColdMeasurement = {
    protocol: "TLS",
    call: "status",
    variant: "unbundled",
    round: 1,
    ms: 440,
    cpuMs: 200,
  };
  expect(coldVerdict([...round(1, 100, 160), other], BUDGET).figures[0]?.compares).toBe(
    "cold status over TLS, spawn to first answer / bare node (unbundled 4.40x)",
  );
});

test("over its budget a call misses, and the cause says which; over HTTP it has none", () => {
  const over = coldVerdict(round(1, 100, 169), BUDGET).figures.at(-1);
  expect(over).toMatchObject({
    measured: "1 of 1 over",
    holds: false,
    cause: expect.stringContaining("A cold status, as a multiple of a bare node: 1.69x; allowed: 1.68x") as string,
  });
  expect(coldVerdict(round(1, 100, 300, "status", "HTTP"), BUDGET).figures.at(-1)).toMatchObject({
    measured: "0 of 0 over",
    holds: true,
  });
});

test("where the system tells no processor time, nothing is held against the budget", () => {
  const untold = round(1, 100, 900).map((each) => ({ ...each, cpuMs: NaN }));
  expect(coldVerdict(untold, BUDGET).problems).toEqual([]);
});

test("the chart has a bar for each variant of each call, and a gap where there was none", () => {
  const { charts } = coldVerdict(
    [...round(1, 100, 160), { protocol: "TLS", call: "worker", variant: "bare", round: 1, ms: 90, cpuMs: 40 }],
    BUDGET,
  );
  expect(charts).toMatchObject([
    {
      kind: "bars",
      unit: "ms",
      categories: ["status, TLS", "worker, TLS"],
      series: [
        { name: "bare", values: [100, 90] },
        { name: "ours", values: [160, null] },
      ],
    },
  ]);
});
