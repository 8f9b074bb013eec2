import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageId, packagesIn, type LockedPackages } from "../../../scripts/publish/production-packages";
import { ALLOWED_LICENSES, LICENSE_EXCEPTIONS, listRefusedLicenses } from "../../../scripts/publish/packages";
import { addManifest, findChangelogEntry, refuseEndingSuppressions } from "../../../scripts/publish/release";
import { PROJECT } from "../../support/stack-json";

/** What a release checks before it builds. The build itself is tested in proof/release/release.test. */

describe("changelog entry", () => {
  const CHANGELOG = `# Changelog

## 1.10.0 (2026-03-01)

Ten.

### Details

More.

## [1.1.0] - 2026-02-01

Eleven.

## 1.0.0 (unreleased)

One.

## 0.9.0

`;

  test.each([
    ["1.10.0", "Ten.\n\n### Details\n\nMore.", false],
    ["1.1.0", "Eleven.", false],
    ["1.0.0", "One.", true],
  ])("the section of %s ends where the next one begins", (version, text, unreleased) => {
    expect(findChangelogEntry(CHANGELOG, version)).toEqual({ text, unreleased });
  });

  test("a version that is only the beginning of another has no section, and the error names the sections", () => {
    expect(() => findChangelogEntry(CHANGELOG, "1.1")).toThrow(
      'CHANGELOG.md has no section "## 1.1", the version in package.json; it has: ' +
        "1.10.0 (2026-03-01), [1.1.0] - 2026-02-01, 1.0.0 (unreleased), 0.9.0. Write what",
    );
    expect(() => findChangelogEntry("# Changelog\n", "1.1")).toThrow("it has: none.");
  });

  test("an empty section is refused", () => {
    expect(() => findChangelogEntry(CHANGELOG, "0.9.0")).toThrow(
      'The section "## 0.9.0" of CHANGELOG.md is empty. Write what this version changes for operators.',
    );
  });
});

describe("ending suppressions", () => {
  const until = (day: string) => ({
    rule: "function-is-in-a-network",
    type: "aws_lambda_function",
    reason: "A reason.",
    until: day,
  });

  test("a suppression that has ended, or ends within 180 days of the release, is refused by name", () => {
    const [ended, near, far] = ["2026-12-31", "2027-06-30", "2027-07-01"].map(until);
    expect(() => refuseEndingSuppressions("2027-01-01", [ended!, near!, far!])).toThrow(
      /within 180 days of the release of 2027-01-01, .*\n .*until 2026-12-31: .*\n .*until 2027-06-30: .*\nDecide/,
    );
    expect(() => refuseEndingSuppressions("2027-01-01", [far!])).not.toThrow();
  });
});

describe("licenses", () => {
  const licensed = (license: string | undefined) => [
    { name: "x", version: "1.0.0", license, integrity: undefined, dependsOn: [] },
  ];

  test.each([...ALLOWED_LICENSES, "(MIT OR GPL-3.0-or-later)", "GPL-2.0-only OR Apache-2.0"])(
    "%s may ship",
    (license) => {
      expect(listRefusedLicenses(licensed(license))).toEqual([]);
    },
  );

  test.each([
    "GPL-3.0-only",
    "AGPL-3.0-or-later",
    "LGPL-2.1",
    "SSPL-1.0",
    "BUSL-1.1",
    "UNLICENSED",
    "SEE LICENSE IN LICENSE",
    "mit",
    "MIT AND GPL-3.0-only",
    "(MIT AND (GPL-3.0-only OR ISC))",
    "GPL-2.0-only OR AGPL-3.0-only",
    "Public Domain",
    "",
  ])("%j is refused", (license) => {
    expect(listRefusedLicenses(licensed(license))).toEqual([`x@1.0.0: ${license}`]);
  });

  test("a package that names no license is refused", () => {
    expect(listRefusedLicenses(licensed(undefined))).toEqual(["x@1.0.0: no license named"]);
  });

  test("every exception is a locked package with its own words", () => {
    const { packages } = JSON.parse(readFileSync(join(PROJECT, "package-lock.json"), "utf8")) as {
      packages: LockedPackages;
    };
    const installed = new Map(
      packagesIn(
        packages,
        Object.keys(packages).filter((folder) => folder.endsWith("/jsonify")),
      ).map((each) => [packageId(each), each.license]),
    );
    for (const [id, { license }] of Object.entries(LICENSE_EXCEPTIONS))
      expect([id, installed.get(id)]).toEqual([id, license]);
    expect(listRefusedLicenses([{ ...licensed("Public Domain")[0]!, name: "jsonify", version: "0.0.1" }])).toEqual([]);
    expect(listRefusedLicenses([{ ...licensed("Public Domain")[0]!, name: "jsonify", version: "0.0.2" }])).toEqual([
      "jsonify@0.0.2: Public Domain",
    ]);
  });
});

describe("manifest", () => {
  const source = (changed: readonly string[], unreleased: boolean) => ({
    name: "x",
    version: "1.0.0",
    tree: { commit: "abc", changed },
    entry: { unreleased },
    functions: [{ name: "api", sha256: "aa" }],
  });

  test("the working tree is dirty where files differ from the commit, and the changelog's state is named", () => {
    expect(addManifest(source([], false), {}).release).toMatchObject({
      commit: "abc",
      workingTree: "clean",
      changelog: "released",
    });
    expect(addManifest(source(["README.md"], true), {}).release).toMatchObject({
      workingTree: "dirty",
      changelog: "unreleased",
    });
  });

  test("files are in order of their names, with sizes and checksums, functions by their names", () => {
    const { release, files } = addManifest(source([], false), { b: "bb", a: new Uint8Array(), B: "" });
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect(release.files).toEqual([
      { name: "B", bytes: 0, sha256: empty },
      { name: "a", bytes: 0, sha256: empty },
      { name: "b", bytes: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
    ]);
    expect(release.functions).toEqual({ api: "aa" });
    const sums = Buffer.from(files["SHA256SUMS"]!).toString().trim().split("\n");
    expect(sums[0]).toBe(`${empty}  B`);
    expect(sums.map((line) => line.slice(66))).toEqual(["B", "a", "b", "release.json"]);
  });
});
