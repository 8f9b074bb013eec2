import {
  packageId,
  type ShippedPackage,
  directPackages,
  packagesIn,
  productionPackages,
  type LockedPackages,
} from "./production-packages";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PackagedFunction } from "../kit/package-functions";

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
export function listRefusedLicenses(packages: readonly ShippedPackage[]): string[] {
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

/** A package's own words about its license. */
export interface Notice {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
  /** Content of its license files; empty where it has none. */
  readonly texts: readonly string[];
}

/** What licenses ask to be passed on with the functions' code, whose bundles hold no comments. */
export function formatNotices(notices: readonly Notice[]): string {
  const head = "The functions' zips hold code of these packages, each under its own license.\n";
  return [head, ...notices.map(formatNotice)].join(`\n${"-".repeat(80)}\n\n`);
}

function formatNotice({ name, version, license, texts }: Notice): string {
  const said = texts.map((text) => text.replaceAll("\r\n", "\n").trim()).join("\n\n");
  return `${name} ${version} (${license ?? "no license named"})\n\n${said || "The package holds no license text."}\n`;
}

/** Something of the project's own that packages go into, such as a function's zip. */
export interface BillPart {
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** What is in it, by package id. */
  readonly packages: readonly string[];
}

export interface Bill {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** What the whole depends on, by package id; nothing where parts stand between. */
  readonly dependsOn: readonly string[];
  readonly parts: readonly BillPart[];
  readonly packages: readonly ShippedPackage[];
}

/**
 * A bill of materials as CycloneDX 1.5 has it, in JSON (cyclonedx.org/docs/1.5/json). The serial number and the time,
 * which that allows to be missing, are left out: the same release has the same bytes.
 */
export function formatBill({ name, version, license, dependsOn, parts, packages }: Bill): string {
  const root = `${name}@${version}`;
  const partRef = (part: BillPart) => `${root}#${part.name}`;
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      lifecycles: [{ phase: "build" }],
      component: {
        "bom-ref": root,
        type: "application",
        name,
        version,
        licenses: formatLicenses(license),
        purl: formatPurl({ name, version }),
      },
    },
    components: [
      ...parts.map((part) => ({
        "bom-ref": partRef(part),
        type: "application",
        name: part.name,
        version,
        hashes: [{ alg: "SHA-256", content: part.sha256 }],
        licenses: formatLicenses(license),
      })),
      ...packages.map(formatComponent),
    ],
    dependencies: [
      { ref: root, dependsOn: [...parts.map(partRef), ...dependsOn] },
      ...parts.map((part) => ({ ref: partRef(part), dependsOn: part.packages })),
      ...packages.map((each) => ({ ref: packageId(each), dependsOn: each.dependsOn })),
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function formatComponent(each: ShippedPackage) {
  const { name, version, license, integrity } = each;
  return {
    "bom-ref": packageId(each),
    type: "library",
    name,
    version,
    ...formatHashes(integrity),
    ...(license !== undefined && { licenses: formatLicenses(license) }),
    purl: formatPurl(each),
  };
}

/** An identifier, an expression of several, or, where a package has its own words, these. */
function formatLicenses(license: string) {
  if (/^\(.*\)$| (OR|AND|WITH) /.test(license)) return [{ expression: license }];
  return [{ license: /\s/.test(license) ? { name: license } : { id: license } }];
}

function formatHashes(integrity: string | undefined) {
  const base64 = /^sha512-([A-Za-z0-9+/]+=*)/.exec(integrity ?? "")?.[1];
  if (base64 === undefined) return {};
  const hexadecimal = [...atob(base64)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return { hashes: [{ alg: "SHA-512", content: hexadecimal }] };
}

/** A package URL (github.com/package-url/purl-spec, type npm): the scope's @ is encoded. */
function formatPurl({ name, version }: Pick<ShippedPackage, "name" | "version">): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

export interface ShippedPackages {
  /** What npm installs with the project's. */
  readonly installed: readonly ShippedPackage[];
  /** What has code in the functions' zips. */
  readonly bundled: readonly ShippedPackage[];
  /** Of the bundled ones those of each function, by its name. */
  readonly byFunction: Readonly<Record<string, readonly ShippedPackage[]>>;
  /** Ids of those that the project names itself. */
  readonly direct: readonly string[];
}

/**
 * Everything of others that a release holds or brings along.
 * @throws Error where what is installed, and so was bundled, is not what the lock file says
 */
export function listShippedPackages(project: string, functions: readonly PackagedFunction[]): ShippedPackages {
  const { packages: locked } = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8")) as {
    readonly packages: LockedPackages;
  };
  const folders = [...new Set(functions.flatMap(({ packages }) => packages))].sort();
  for (const folder of folders) {
    const { version } = readPackage(project, folder);
    if (version !== locked[folder]?.version)
      throw new Error(
        `${folder} is version ${version}, and package-lock.json says ` +
          `${locked[folder]?.version ?? "nothing of it"}. Install what it says: npm ci`,
      );
  }
  return {
    installed: productionPackages(locked),
    bundled: packagesIn(locked, folders),
    byFunction: Object.fromEntries(functions.map(({ name, packages }) => [name, packagesIn(locked, packages)])),
    direct: directPackages(locked),
  };
}

/** The two bills of materials by file name: what is installed, and what the functions hold. */
export function formatBills(
  project: { readonly name: string; readonly version: string; readonly license: string },
  shipped: ShippedPackages,
  functions: readonly PackagedFunction[],
): Record<string, string> {
  const { name, version, license } = project;
  const parts = functions.map((each) => ({
    name: each.name,
    sha256: each.sha256,
    packages: (shipped.byFunction[each.name] ?? []).map(packageId),
  }));
  return {
    "sbom-npm.cdx.json": formatBill({
      name,
      version,
      license,
      dependsOn: shipped.direct,
      parts: [],
      packages: shipped.installed,
    }),
    "sbom-functions.cdx.json": formatBill({
      name: `${name}-functions`,
      version,
      license,
      dependsOn: [],
      parts,
      packages: shipped.bundled,
    }),
  };
}

/** The license texts of packages, by their folders, in order of name and version. */
export function readNotices(project: string, folders: readonly string[]): Notice[] {
  const all = [...new Set(folders)].map((folder) => {
    const files = readdirSync(join(project, folder))
      .filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
      .sort();
    return {
      ...readPackage(project, folder),
      texts: files.map((file) => readFileSync(join(project, folder, file), "utf8")),
    };
  });
  const byId = new Map(all.map((each) => [packageId(each), each]));
  return [...byId].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}

function readPackage(
  project: string,
  folder: string,
): { readonly name: string; readonly version: string; readonly license: string | undefined } {
  const { name, version, license } = JSON.parse(readFileSync(join(project, folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  return { name, version, license };
}
