import type { Release } from "../../../../stacks/settings";
import { chooseRelease, inEffect, withoutOverridden } from "../../../../scripts/judges/canary/choice";
import { emptyRelease } from "../../../../scripts/judges/canary/release";

const release = (serial: number, change: Partial<Release> = {}): Release => ({
  ...emptyRelease("q-dev"),
  serial,
  writer: "run",
  ...change,
});

test.each<[string, Release | null, Release | null, string]>([
  ["a newer file wins", release(3), release(2), "file"],
  ["the same serial is the state's", release(2), release(2, { writer: "other" }), "state"],
  ["an older file loses", release(1), release(2), "state"],
  ["a file of another deployment is none", release(9, { deployment: "q-prod" }), release(2), "state"],
  ["without a file the state has it", null, release(2), "state"],
  ["a state that an apply without the file left has none", release(2), null, "file"],
  ["without either there is none", null, null, "nothing"],
])("%s", (_, file, state, from) => {
  const chosen = chooseRelease(file, state, "q-dev");
  expect(chosen.from).toBe(from);
  expect(chosen.release).toBe(from === "file" ? file : from === "state" ? state : null);
});

test("where nothing is applied, a file says nothing", () =>
  expect(chooseRelease(release(3), null, null)).toEqual({ release: null, from: "nothing" }));

test("a pin is said with its reason and the ways out of it; without one nothing is", () => {
  const history = [
    {
      at: "2026-11-21T12:00:00.000Z",
      event: "rolled_back",
      worker: 8,
      api: null,
      stable_worker: 7,
      stable_api: null,
      weight: 0,
      reason: "fail: slow",
    },
  ] as const;
  const pinned = release(2, { pinned: { worker: 7, api: null }, history });
  expect(inEffect({ release: pinned, from: "state" })).toBe(
    "Pinned by live.tfvars.json: live_version=7, since 2026-11-21T12:00:00.000Z: fail: slow. A newer version is published and not live; quickturn canary makes it live step by step, quickturn apply --var live_version=null at once.",
  );
  expect(inEffect({ release: release(2), from: "state" })).toBeUndefined();
});

test("a pin that --var overrides is forgotten, and only that", () => {
  const pinned = release(2, { pinned: { worker: 7, api: 3 } });
  expect(withoutOverridden(pinned, ["live_version=null", "memory_size=1"], "me")).toEqual({
    ...pinned,
    pinned: { worker: null, api: 3 },
    serial: 3,
    writer: "me",
  });
  expect(withoutOverridden(pinned, ["memory_size=1"], "me")).toBe(pinned);
});
