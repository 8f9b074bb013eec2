import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  directPackages,
  packageId,
  packagesIn,
  productionPackages,
  type LockedPackages,
  type ShippedPackage,
} from "../judges/release/production-packages";
import { billOfMaterials } from "../reports/bill-of-materials";
import type { Notice } from "../reports/third-party-notices";
import type { PackagedFunction } from "./package";

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
export function shippedPackages(project: string, functions: readonly PackagedFunction[]): ShippedPackages {
  const { packages: locked } = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8")) as {
    readonly packages: LockedPackages;
  };
  const folders = [...new Set(functions.flatMap(({ packages }) => packages))].sort();
  for (const folder of folders) {
    const { version } = installed(project, folder);
    if (version !== locked[folder]?.version)
      throw new Error(
        `${folder} is version ${version}, and package-lock.json says ${locked[folder]?.version ?? "nothing of it"}. Install what it says: npm ci`,
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
export function bills(
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
    "sbom-npm.cdx.json": billOfMaterials({
      name,
      version,
      license,
      dependsOn: shipped.direct,
      parts: [],
      packages: shipped.installed,
    }),
    "sbom-functions.cdx.json": billOfMaterials({
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
export function notices(project: string, folders: readonly string[]): Notice[] {
  const all = [...new Set(folders)].map((folder) => {
    const files = readdirSync(join(project, folder))
      .filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
      .sort();
    return {
      ...installed(project, folder),
      texts: files.map((file) => readFileSync(join(project, folder, file), "utf8")),
    };
  });
  const byId = new Map(all.map((each) => [packageId(each), each]));
  return [...byId].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}

function installed(
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
