import { findCauses } from "../../../scripts/analyze/causes";
import type { RunReport } from "../../../scripts/analyze/report-line";
import { analysisOf, runsOf, spread } from "../../support/runs";

const causes = (runs: readonly Partial<RunReport>[]) => findCauses(analysisOf(runs));
const found = (runs: readonly Partial<RunReport>[]) => causes(runs).map(({ id, strength }) => `${id} ${strength}`);

test("runs with nothing wrong have no cause", () => expect(found(runsOf(spread(200, 3_000)))).toEqual([]));

test("memory near its size is named with the size, strong where the usual run is near it or the worst is at its end", () => {
  const [cause] = causes(runsOf(spread(50, 3_000), { memorySizeMiB: 2_000, maxMemoryUsedMiB: 1_610 }));
  expect(cause).toMatchObject({
    id: "memory_pressure",
    name: "Memory of 2000 MB is nearly used up",
    strength: "strong",
  });
  expect(cause!.evidence).toContain("50 of the 50 runs with 2000 MB used 80 % of it or more: at most 1610 MB (80.5 %)");
  const one = [
    ...runsOf(spread(50, 3_000), { memorySizeMiB: 2_000 }),
    { memorySizeMiB: 2_000, maxMemoryUsedMiB: 1_700 },
  ];
  expect(found(one)).toEqual(["memory_pressure moderate"]);
  expect(found([...one, { memorySizeMiB: 2_000, maxMemoryUsedMiB: 1_950 }])).toEqual(["memory_pressure strong"]);
});

test("less than one vCPU and long runs are a hypothesis, and say that the lines do not show CPU", () => {
  const [cause] = causes(
    runsOf(spread(50, 20_000), { memorySizeMiB: 1_024 }).map((run) => ({ ...run, maxMemoryUsedMiB: 500 })),
  );
  expect(cause).toMatchObject({ id: "cpu_share", strength: "hypothesis" });
  expect(cause!.evidence).toContain(
    "1024 MB are 0.58 of a vCPU (1,769 MB are one), and the P50 is 20.00 s. REPORT lines do not show CPU",
  );
  expect(found(runsOf(spread(50, 20_000), { memorySizeMiB: 1_769 }))).toEqual([]);
});

test("the function's own time-outs and errors are strong and come first", () => {
  expect(
    found([
      ...runsOf(spread(60, 3_000)),
      ...runsOf([30_000, 30_001, 30_002, 30_003], { status: "timeout" }),
      { status: "error", errorType: "Runtime.ExitError" },
    ]),
  ).toEqual(["function_timeout strong", "errors strong"]);
});

test("a cluster at a round time is a time-out of something that is waited for", () => {
  const [cause] = causes([
    ...runsOf(spread(200, 8_000, 0.5)),
    ...runsOf([30_010, 30_020, 30_030, 30_040, 30_050, 30_060, 30_070]),
  ]);
  expect(cause).toMatchObject({ id: "dependency_timeout", strength: "moderate" });
  expect(cause!.evidence).toMatch(
    /^\d+ runs ended within 0\.5 % before and 1\.5 % after 30 s, where \d+\.\d would be expected/,
  );
});

test("a crowd at two minutes is a connection that died while idle, be it a cluster or a narrow mode", () => {
  expect(found([...runsOf(spread(200, 8_000, 0.5)), ...runsOf([120_010, 120_500, 121_000, 120_700])])).toEqual([
    "stale_connection moderate",
  ]);
  const mode = causes([...runsOf(spread(200, 2_000)), ...runsOf(spread(60, 125_500, 0.03))]).find(
    ({ id }) => id === "stale_connection",
  );
  expect(mode!.evidence).toContain("A mode at 125.5 s holds 23.1 % of the runs, and is narrow");
});

test("cold starts are a cause above 20 %, and a strong one above 40 %", () => {
  const mixed = (cold: number) =>
    spread(100, 3_000).map((durationMs, index) => ({
      durationMs,
      ...(index % 100 < cold ? { initDurationMs: 700 } : {}),
    }));
  expect(found(mixed(20))).toEqual([]);
  expect(found(mixed(30))).toEqual(["cold_starts moderate"]);
  expect(found(mixed(50))).toEqual(["cold_starts strong"]);
  expect(causes(mixed(30))[0]!.evidence).toContain(
    "30.0 % of the runs started their environment (above 20 %): 700 ms of init",
  );
});

describe("two modes", () => {
  const [fast, slow] = [spread(100, 3_000), spread(50, 30_000)];
  test("are two kinds of request where nothing tells them apart", () => {
    const [cause] = causes(runsOf([...fast, ...slow]));
    expect(cause).toMatchObject({
      id: "two_kinds",
      name: "Two kinds of request: a fast path and a complex path",
      strength: "moderate",
    });
    expect(cause!.evidence).toContain("66.7 % of the runs around 3.000 s and 33.3 % around 30.00 s");
  });

  test.each([
    ["version", { version: "1" }, { version: "2" }],
    ["memory size", { memorySizeMiB: 2_048 }, { memorySizeMiB: 1_792 }],
    ["cold or warm start", {}, { initDurationMs: 10 }],
    ["function", { functionName: "a" }, { functionName: "b" }],
  ] as const)("are explained by the %s that they differ by", (what, one, other) => {
    const [first] = causes([...runsOf(fast, one), ...runsOf(slow, other)]);
    expect(first).toMatchObject({ id: "what_differs", name: `The two modes differ by ${what}`, strength: "strong" });
    expect(found([...runsOf(fast, one), ...runsOf(slow, other)])).not.toContain("two_kinds moderate");
  });

  test("are not explained by versions that are in both", () => {
    const runs = runsOf([...fast, ...slow]).map((run, index) => ({ ...run, version: String(index % 2) }));
    expect(found(runs)).toEqual(["two_kinds moderate"]);
  });
});

test("a median that two parallel phases cannot take makes agents in a row a hypothesis", () => {
  expect(found(runsOf(spread(50, 200_000)))).toEqual(["sequential_agents hypothesis"]);
  expect(found(runsOf(spread(50, 100_000)))).toEqual([]);
});
