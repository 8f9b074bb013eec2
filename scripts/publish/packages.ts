import { packageId, type ShippedPackage, packagesIn, type LockedPackages } from "./production-packages";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packageFolders, type PackagedFunction } from "../kit/package-functions";

/**
 * SPDX identifiers of licenses that may ship. They allow use and distribution, and ask for a notice at most, or, in the
 * case of MPL, for the changed files.
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

/** Packages whose license has no SPDX identifier, with their own words and why these suffice. */
export const LICENSE_EXCEPTIONS: Readonly<Record<string, { readonly license: string; readonly reason: string }>> = {
  "jsonify@0.0.1": {
    license: "Public Domain",
    reason: "its readme puts it into the public domain; it is a part of cdktf's own archive",
  },
};

/** Packages that may not ship, each with its license; empty where all may. */
export function listRefusedLicenses(packages: readonly ShippedPackage[]): string[] {
  return packages
    .filter((each) => !isAllowed(each))
    .map((each) => `${packageId(each)}: ${each.license ?? "no license named"}`);
}

function isAllowed(each: ShippedPackage): boolean {
  const { license = "" } = each;
  // One allowed license of several alternatives suffices. A person must read any other expression.
  const choices = /^\(?([\w.+-]+(?: OR [\w.+-]+)*)\)?$/.exec(license)?.[1]?.split(" OR ") ?? [];
  return (
    choices.some((choice) => ALLOWED_LICENSES.includes(choice)) ||
    LICENSE_EXCEPTIONS[packageId(each)]?.license === license
  );
}

type NamedPackage = Pick<ShippedPackage, "name" | "version" | "license">;

/** A package with the texts of its license files. */
interface Notice extends NamedPackage {
  /** Empty where the package has no such file. */
  readonly texts: readonly string[];
}

/** The name of the file with the notices. */
export const NOTICES = "THIRD-PARTY-NOTICES.txt";

/** The notices that licenses ask for beside bundled code, because it has no comments. */
export function formatNotices(notices: readonly Notice[]): string {
  const head = "What comes with this file holds code of these packages, each under its own license.\n";
  const parts = notices.map(({ name, version, license, texts }) => {
    const text = texts.map((each) => each.replaceAll("\r\n", "\n").trim()).join("\n\n");
    return `${name} ${version} (${license ?? "no license named"})\n\n${text || "The package holds no license text."}\n`;
  });
  return [head, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

/** A part of the project that contains packages, such as a function's zip. */
interface BillPart {
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Ids of the packages in it. */
  readonly packages: readonly string[];
}

interface Bill {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Ids of the packages that the project itself depends on, beside those of its parts. */
  readonly dependsOn: readonly string[];
  readonly parts: readonly BillPart[];
  readonly packages: readonly ShippedPackage[];
}

/**
 * A bill of materials in CycloneDX 1.5, as JSON (cyclonedx.org/docs/1.5/json). The optional serial number and time are
 * left out, so that the same release has the same bytes.
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

/** An SPDX identifier, an expression of several, or a license's name. */
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

interface ShippedPackages {
  /** Packages with code in the program. */
  readonly program: readonly ShippedPackage[];
  /** Packages with code in the functions' zips. */
  readonly bundled: readonly ShippedPackage[];
  readonly functions: readonly BillPart[];
}

/**
 * Every package with code in a release; npm installs none beside it.
 * @param program paths of the files that some of the program comes from
 * @throws Error where an installed package, which was bundled, is not the one in the lock file
 */
export function listShippedPackages(
  project: string,
  program: readonly string[],
  functions: readonly PackagedFunction[],
): ShippedPackages {
  const { packages: locked } = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8")) as {
    readonly packages: LockedPackages;
  };
  const folders = [...new Set(functions.flatMap(({ packages }) => packages))].sort();
  const inProgram = packageFolders(program);
  for (const folder of [...folders, ...inProgram]) {
    const { version } = readPackage(project, folder);
    if (version !== locked[folder]?.version)
      throw new Error(
        `${folder} is version ${version}, and package-lock.json says ` +
          `${locked[folder]?.version ?? "nothing of it"}. Install what it says: npm ci`,
      );
  }
  return {
    program: packagesIn(locked, inProgram),
    bundled: packagesIn(locked, folders),
    functions: functions.map(({ name, sha256, packages }) => ({
      name,
      sha256,
      packages: packagesIn(locked, packages).map(packageId),
    })),
  };
}

/** The two bills of materials by file name: of the npm package's program, and of the functions. */
export function formatBills(
  { name, version, license }: Pick<Bill, "name" | "version" | "license">,
  { program, bundled, functions: parts }: ShippedPackages,
): Record<string, string> {
  const npm = { name, version, license, dependsOn: program.map(packageId), parts: [], packages: program };
  const functions = { ...npm, name: `${name}-functions`, dependsOn: [], parts, packages: bundled };
  return { "sbom-npm.cdx.json": formatBill(npm), "sbom-functions.cdx.json": formatBill(functions) };
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

function readPackage(project: string, folder: string): NamedPackage {
  const { name, version, license } = JSON.parse(
    readFileSync(join(project, folder, "package.json"), "utf8"),
  ) as NamedPackage;
  return { name, version, license };
}
