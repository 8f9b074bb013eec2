import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageId, productionPackages, type LockedPackages } from "../../../scripts/publish/production-packages";
import { formatChecksums, createManifest } from "../../../scripts/publish/manifest";
import { ALLOWED_LICENSES, LICENSE_EXCEPTIONS, listRefusedLicenses } from "../../../scripts/publish/packages";
import { findChangelogEntry, listEndingSuppressions } from "../../../scripts/publish/release";
import { PROJECT } from "../../support/stack-json";

/** What a release decides before it builds anything; the build itself is tested in proof/release/release.test. */

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
  ])("the section of %s ends where the next begins", (version, text, unreleased) => {
    expect(findChangelogEntry(CHANGELOG, version)).toEqual({ text, unreleased });
  });

  test("a version that is only the beginning of another's has no section, and those that are there are named", () => {
    expect(() => findChangelogEntry(CHANGELOG, "1.1")).toThrow(
      'CHANGELOG.md has no section "## 1.1", the version in package.json; it has: 1.10.0 (2026-03-01), [1.1.0] - 2026-02-01, 1.0.0 (unreleased), 0.9.0. Write what this version changes for operators.',
    );
    expect(() => findChangelogEntry("# Changelog\n", "1.1")).toThrow("it has: none.");
  });

  test("a section with nothing in it is refused", () => {
    expect(() => findChangelogEntry(CHANGELOG, "0.9.0")).toThrow(
      'CHANGELOG.md has nothing in the section "## 0.9.0". Write what this version changes for operators.',
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

  test("a suppression that ends within 180 days of the release, or has ended, is to be reviewed before it", () => {
    const [ended, near, far] = ["2026-12-31", "2027-06-30", "2027-07-01"].map(until);
    expect(listEndingSuppressions("2027-01-01", [ended!, near!, far!])).toEqual([ended, near]);
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
  ])("%j is refused, by name", (license) => {
    expect(listRefusedLicenses(licensed(license))).toEqual([`x@1.0.0: ${license}`]);
  });

  test("a package that names no license is refused", () => {
    expect(listRefusedLicenses(licensed(undefined))).toEqual(["x@1.0.0: no license named"]);
  });

  test("every exception is of a package that is installed, and says what that says", () => {
    const { packages } = JSON.parse(readFileSync(join(PROJECT, "package-lock.json"), "utf8")) as {
      packages: LockedPackages;
    };
    const installed = new Map(productionPackages(packages).map((each) => [packageId(each), each.license]));
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
  });
  const file = (name: string) => ({ name, bytes: 1, sha256: "00" });

  test("files that are not as the commit has them make it dirty, and it says what the changelog says", () => {
    expect(createManifest(source([], false), [], [])).toMatchObject({
      commit: "abc",
      workingTree: "clean",
      changelog: "released",
    });
    expect(createManifest(source(["README.md"], true), [], [])).toMatchObject({
      workingTree: "dirty",
      changelog: "unreleased",
    });
  });

  test("files are in order of their names, functions go by name", () => {
    const manifest = createManifest(
      source([], false),
      [{ name: "api", sha256: "aa" }],
      [file("b"), file("a"), file("B")],
    );
    expect(manifest.files.map(({ name }) => name)).toEqual(["B", "a", "b"]);
    expect(manifest.functions).toEqual({ api: "aa" });
  });

  test("a checksum's line is as sha256sum writes it", () => {
    expect(
      formatChecksums([
        { name: "a.zip", sha256: "aa" },
        { name: "b", sha256: "bb" },
      ]),
    ).toBe("aa  a.zip\nbb  b\n");
  });
});
