import { KPIS, SETTINGS } from "../../../../stacks/settings";
import { GATE_SETTINGS, numberOf, settingOf, unmet } from "../../../../scripts/judges/gate/settings";

test("the gate reads settings that there are, every target and every condition among them", () => {
  const names: readonly string[] = SETTINGS.map(({ name }) => name);
  expect(GATE_SETTINGS.filter((name) => !names.includes(name))).toEqual([]);
  expect(GATE_SETTINGS).toEqual(
    expect.arrayContaining(
      KPIS.flatMap(({ targetSetting, when }) => [targetSetting, settingOf(when)].flatMap((name) => name ?? [])),
    ),
  );
});

test("saved evidence holds no agent, prompt, address or account", () =>
  expect(GATE_SETTINGS.filter((name) => /agent|arbiter|email|arn|secret|key|domain/.test(name))).toEqual([]));

test("a number is a number or null; anything else is named, with what to do", () => {
  expect([numberOf({ a: 5 }, "a"), numberOf({ a: null }, "a")]).toEqual([5, null]);
  expect(() => numberOf({ a: "5" }, "a")).toThrow(
    'The setting a is "5"; allowed: a number or null. Apply this release first',
  );
  expect(() => numberOf({}, "a")).toThrow("The setting a is missing; allowed: a number or null.");
});

test.each([
  [{ isTrue: "a" }, true, undefined],
  [{ isTrue: "a" }, false, "a is false"],
  [{ isTrue: "a" }, undefined, "a is missing"],
  [{ isPositive: "a" }, 1, undefined],
  [{ isPositive: "a" }, 0, "a is 0"],
  [{ isPositive: "a" }, -1, "a is -1"],
  [{ of: "a", is: "jwt" }, "jwt", undefined],
  [{ of: "a", is: "jwt" }, "iam", 'a is "iam"'],
  [{ isGiven: "a" }, 0, undefined],
  [{ isGiven: "a" }, null, "a is null"],
] as const)("%j of %j: %s", (condition, a, expected) => expect(unmet(condition, { a })).toBe(expected));

test("no condition holds always", () => expect(unmet(undefined, {})).toBeUndefined());
