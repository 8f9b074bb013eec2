import { packageId, type ShippedPackage } from "./production-packages";

/**
 * SPDX identifiers of what may ship: they allow use and passing on, and ask at most for a notice, or, MPL, for the
 * changed files.
 */
export const ALLOWED_LICENSES: readonly string[] = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
];

/** Packages whose license has no SPDX identifier, each with what they say and why that suffices. */
export const LICENSE_EXCEPTIONS: Readonly<Record<string, { readonly license: string; readonly reason: string }>> = {
  "jsonify@0.0.1": {
    license: "Public Domain",
    reason: "its readme gives it to the public domain; a part of cdktf's own archive",
  },
};

/** Packages that may not ship, each with its license; empty where all may. */
export function refusedLicenses(packages: readonly ShippedPackage[]): string[] {
  return packages
    .filter((each) => !isAllowed(each))
    .map((each) => `${packageId(each)}: ${each.license ?? "no license named"}`);
}

function isAllowed(each: ShippedPackage): boolean {
  const { license } = each;
  if (license === undefined) return false;
  // Of several to choose from one suffices; anything more intricate is for a person to read.
  const choices = /^\(?([\w.+-]+(?: OR [\w.+-]+)*)\)?$/.exec(license)?.[1]?.split(" OR ") ?? [];
  return (
    choices.some((choice) => ALLOWED_LICENSES.includes(choice)) ||
    LICENSE_EXCEPTIONS[packageId(each)]?.license === license
  );
}
