import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ALLOWED_LICENSES, LICENSE_EXCEPTIONS, listRefusedLicenses } from "../../../scripts/publish/packages";
import { packageId, productionPackages, type LockedPackages } from "../../../scripts/kit/production-packages";
import { PROJECT } from "../../support/stack-json";

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
