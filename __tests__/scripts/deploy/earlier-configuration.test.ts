import fc from "fast-check";
import { describeEarlierInput, earlierInput, type Configuration } from "../../../scripts/deploy/earlier-configuration";

const configuration = (
  defaults: Readonly<Record<string, unknown>>,
  profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Configuration => ({
  variable: Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, value === undefined ? {} : { default: value }]),
  ),
  locals: { profiles },
});
const NOW = configuration(
  { profile: "optimized", memory_size: null, timeout: 120, agents: [{ name: "a", kind: "scripted" }], release: null },
  { optimized: { memory_size: 2048 }, baseline: { memory_size: 1024 } },
);
const THEN = configuration(
  { profile: "optimized", memory_size: null, timeout: 60, agents: [], live_version: null },
  { optimized: { memory_size: 512 }, baseline: { memory_size: 1024 } },
);
const ask = (settings: Readonly<Record<string, unknown>>, more: object = {}) =>
  earlierInput({ settings: { profile: "optimized", ...settings }, live: {}, given: [], now: NOW, then: THEN, ...more });

test("a value that somebody gave is kept", () => {
  expect(ask({ memory_size: 3000, timeout: 90, agents: [] }).values).toEqual({
    memory_size: 3000,
    timeout: 90,
    agents: [],
  });
});

test("a value that nobody gave becomes the earlier default, also by profile, and is named", () => {
  const input = ask({ memory_size: 2048, timeout: 120 });
  expect(input.values).toEqual({});
  expect(input.defaults).toEqual([
    { name: "memory_size", now: 2048, then: 512 },
    { name: "timeout", now: 120, then: 60 },
  ]);
  expect(describeEarlierInput(input)).toEqual([
    "Nobody gave these settings, so the defaults of that commit count:\n  memory_size: 2048 -> 512\n  timeout: 120 -> 60",
  ]);
});

test("the profile that is in effect decides what the default was", () => {
  expect(ask({ profile: "baseline", memory_size: 1024 })).toMatchObject({
    values: { profile: "baseline" },
    defaults: [],
  });
  expect(ask({ profile: "baseline", memory_size: 2048 }).values).toEqual({ profile: "baseline", memory_size: 2048 });
});

test("the keys of an object may be in another order", () => {
  expect(ask({ agents: [{ kind: "scripted", name: "a" }] }).values).toEqual({});
});

test("settings that the commit does not have are left out and named, also those that say what is live", () => {
  const then = configuration({ profile: "optimized", live_version: null });
  const input = ask({ timeout: 90 }, { then, live: { live_version: null, canary_weight: 0, release: { serial: 1 } } });
  expect(input).toMatchObject({ values: { live_version: null }, dropped: ["canary_weight", "release", "timeout"] });
  expect(describeEarlierInput(input)).toEqual([
    "Settings that this commit does not have yet, and that are left out: canary_weight, release, timeout.",
  ]);
});

test("the live file decides what is live, not the settings in effect", () => {
  expect(ask({ live_version: 3 }, { live: { live_version: null } }).values).toEqual({ live_version: null });
});

test("a setting that the person gives is not reported as changing, and one that the commit does not have is refused", () => {
  expect(ask({ timeout: 120 }, { given: ["timeout", "cache_enabled"] })).toMatchObject({
    defaults: [],
    refused: ["cache_enabled"],
  });
});

test("only variables of the earlier configuration are given, and the same configuration changes nothing", () => {
  const settings = fc.record({
    profile: fc.constantFrom("optimized", "baseline"),
    memory_size: fc.integer({ min: 128, max: 4096 }),
    timeout: fc.integer({ min: 1, max: 200 }),
  });
  fc.assert(
    fc.property(settings, (given) => {
      expect(Object.keys(ask(given).values).every((name) => name in (THEN.variable ?? {}))).toBe(true);
      expect(ask(given, { then: NOW }).defaults).toEqual([]);
    }),
  );
});
