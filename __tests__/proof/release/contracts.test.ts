import { readFileSync } from "node:fs";
import { join } from "node:path";
import { presentModules, releases, writeRelease, type Release } from "../../support/releases";
import { PROJECT } from "../../support/stack-json";

/**
 * Names are contracts: what a release had, this one has, or CHANGELOG says that it is gone.
 * `proof/release/upgrades.test.ts` plans it.
 */
const today = presentModules();
const changelog = readFileSync(join(PROJECT, "CHANGELOG.md"), "utf8");
const recorded = releases();

/** Those that are neither there nor named in a line of the CHANGELOG that begins with `- Removed:`. */
const lost = (before: readonly string[], now: readonly string[], log = changelog): string[] => {
  const removed = log
    .split("\n")
    .filter((line) => line.startsWith("- Removed:"))
    .join("\n");
  return before.filter((name) => !now.includes(name) && !removed.includes(`\`${name}\``));
};

test("there is a release to compare with", () => {
  expect(recorded.map(({ version }) => version)).toContain("0.1.0");
});

describe.each(
  recorded.flatMap(({ version, modules }) =>
    Object.entries(modules).map(([module, names]) => ({ version, module, names })),
  ),
)("of $version, the module $module", ({ module, names }) => {
  test("has every resource under its address", () => {
    expect(names.resources.length).toBeGreaterThan(0);
    expect(lost(names.resources, today[module]?.resources ?? [])).toEqual([]);
  });

  test("takes every variable and gives every output", () => {
    expect(lost(names.variables, today[module]?.variables ?? [])).toEqual([]);
    expect(lost(names.outputs, today[module]?.outputs ?? [])).toEqual([]);
  });

  test("asks for nothing that it did not ask for", () => {
    expect(today[module]?.required.filter((name) => !names.required.includes(name))).toEqual([]);
  });
});

test("a name that is gone is found, until the CHANGELOG says that it was removed", () => {
  expect(lost(["memory_size", "colour"], ["memory_size"], "colour is nicer now")).toEqual(["colour"]);
  expect(lost(["memory_size", "colour"], ["memory_size"], "- Removed: `colour`")).toEqual([]);
});

test("a release that is recorded is not overwritten", () => {
  expect(() => writeRelease({ ...(recorded[0] as Release) })).toThrow(
    /0\.1\.0 is there already\. A release is recorded once; to record it anew, delete the folder first\./,
  );
});
