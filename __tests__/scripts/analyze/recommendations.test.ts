import fc from "fast-check";
import type { RunAnalysis } from "../../../scripts/analyze/analysis";
import { findCauses } from "../../../scripts/analyze/causes";
import { recommend } from "../../../scripts/analyze/recommendations";
import type { RunReport } from "../../../scripts/analyze/report-line";
import { SETTINGS, type NumberSetting, type Setting } from "../../../stacks/contract/settings";
import { analysisOf, runsOf, spread } from "../../support/runs";

const recommendFor = (analysis: RunAnalysis, settings: readonly Setting[] = SETTINGS) =>
  recommend(analysis, findCauses(analysis), settings);
const recommended = (runs: readonly Partial<RunReport>[]) => recommendFor(analysisOf(runs));
const values = (runs: readonly Partial<RunReport>[]) =>
  Object.fromEntries(recommended(runs).settings.map(({ setting, value, certainty }) => [setting, [value, certainty]]));
const memory = (sizeMiB: number, usedMiB: number, count = 200) =>
  values(runsOf(spread(count, 3_000), { memorySizeMiB: sizeMiB, maxMemoryUsedMiB: usedMiB }))["memory_size"];

test("memory leaves 30 % free; where all of it was used, twice the size is assumed", () => {
  expect(memory(512, 420)).toEqual([768, "high"]); // 420 / 0.7 = 600
  expect(memory(512, 508)).toEqual([1_536, "high"]); // 512 x 2 / 0.7 = 1463
  expect(memory(10_240, 10_200)).toBeUndefined();
});

test("memory that is well used stays, and a smaller size is a hypothesis that keeps one vCPU", () => {
  expect(memory(1_024, 500)).toBeUndefined();
  expect(memory(1_024, 100)).toBeUndefined();
  expect(memory(3_072, 400)).toEqual([1_792, "hypothesis"]);
  expect(memory(3_072, 400, 50)).toBeUndefined();
  expect(memory(10_240, 3_000)).toEqual([4_352, "hypothesis"]);
});

test("the time-out is doubled where it ended runs, up to Lambda's limit", () => {
  expect(values([...runsOf(spread(200, 3_000)), { status: "timeout", durationMs: 120_000 }])["timeout"]).toEqual([
    240,
    "moderate",
  ]);
  expect(
    values([...runsOf(spread(200, 3_000)), { status: "timeout", durationMs: 900_000 }])["timeout"],
  ).toBeUndefined();
});

test("the alarm's threshold is the upper bound of P99, or as a hypothesis a fifth above the longest run", () => {
  const [value, certainty] = values(runsOf(spread(1_000, 3_000)))["alarm_duration_threshold"]!;
  const p99 = analysisOf(runsOf(spread(1_000, 3_000))).percentiles[3]!;
  expect([value, certainty]).toEqual([Math.ceil(p99.highMs! / 1_000) * 1_000, "moderate"]);
  expect(values(runsOf([9_000, 10_000]))["alarm_duration_threshold"]).toEqual([12_000, "hypothesis"]);
});

test("provisioned concurrency is recommended for cold starts that are a noticeable part of the wait", () => {
  const cold = (initDurationMs: number) =>
    values(
      spread(200, 3_000).map((durationMs, index) => ({ durationMs, ...(index % 2 === 0 ? { initDurationMs } : {}) })),
    )["provisioned_concurrent_executions"];
  expect(cold(1_500)).toEqual([2, "moderate"]);
  expect(cold(100)).toBeUndefined();
});

test("the heartbeat is recommended for connections that died while idle, and parallel agents are a hypothesis", () => {
  expect(
    values([...runsOf(spread(200, 8_000, 0.5)), ...runsOf([120_010, 120_500, 121_000, 120_700])])["heartbeat_enabled"],
  ).toEqual([true, "moderate"]);
  expect(values(runsOf(spread(50, 200_000)))["max_parallel_agents"]).toEqual([0, "hypothesis"]);
});

test("lines of the front door give its own settings, and lines of several functions give none", () => {
  const runs = runsOf(spread(50, 300), {
    memorySizeMiB: 512,
    maxMemoryUsedMiB: 500,
    functionName: "quickturn-dev-api",
  });
  expect(values(runs)).toEqual({ api_memory_size: [1_536, "high"] });
  expect(recommended([...runs, { functionName: "quickturn-dev-worker" }])).toEqual({
    settings: [],
    withheld: [
      "The lines are of several functions (quickturn-dev-api, quickturn-dev-worker): analyze one of them at a time.",
    ],
  });
});

test("a value outside of the table's limits is withheld with the reason, and a setting outside of the table throws", () => {
  const analysis = analysisOf(runsOf(spread(50, 3_000), { memorySizeMiB: 512, maxMemoryUsedMiB: 500 }));
  const narrow = SETTINGS.map((setting: Setting) =>
    setting.name === "memory_size" ? { ...(setting as NumberSetting), maximum: 1_024 } : setting,
  );
  expect(recommendFor(analysis, narrow).withheld).toEqual([
    "memory_size would be 1536; allowed: from 128 to 1024 MiB.",
  ]);
  expect(() => recommendFor(analysis, [])).toThrow("There is no setting memory_size to recommend; known: ");
});

test("for any runs each value is allowed by the table, in its order, and memory is above the used memory", () => {
  const run = fc.record({
    durationMs: fc.integer({ min: 1, max: 900_000 }),
    memorySizeMiB: fc.constantFrom(128, 512, 1_769, 10_240),
    maxMemoryUsedMiB: fc.integer({ min: 30, max: 128 }),
    factor: fc.constantFrom(1, 4),
    initDurationMs: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
    status: fc.constantFrom("success" as const, "timeout" as const),
  });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 150 }), (runs) => {
      const { settings, withheld } = recommended(runs);
      expect(withheld).toEqual([]);
      const positions = settings.map(({ setting }) => SETTINGS.findIndex(({ name }) => name === setting));
      expect(positions).toEqual([...positions].sort((left, right) => left - right));
      for (const { setting, value } of settings) {
        const limits = SETTINGS.find(({ name }) => name === setting) as Setting;
        if (limits.type === "number")
          expect(
            Number.isInteger(value) && (value as number) >= limits.minimum && (value as number) <= limits.maximum,
          ).toBe(true);
        if (setting === "memory_size")
          expect(value).toBeGreaterThan(Math.max(...runs.map(({ maxMemoryUsedMiB }) => maxMemoryUsedMiB)));
      }
    }),
    { numRuns: 60 },
  );
});
