/** A package with code in what a release brings along: in its program or in its functions. */
export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** As the package says it, mostly an SPDX identifier; undefined where it says nothing. */
  readonly license: string | undefined;
  /** Of its archive, as the lock file has it: `sha512-` and base64; undefined where that is part of another one. */
  readonly integrity: string | undefined;
  /** What it depends on, by {@link packageId}. */
  readonly dependsOn: readonly string[];
}

/** An entry below `packages` of a package-lock.json, version 3, as far as it is read here. */
export interface LockedPackage {
  /** Only where the folder has another name, as an alias or a workspace has. */
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  /** A workspace. */
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** `name@version`: how a release tells packages apart. */
export function packageId({ name, version }: Pick<ShippedPackage, "name" | "version">): string {
  return `${name}@${version}`;
}

/**
 * Packages by their folders, in order of name and version: only what they depend on among themselves counts.
 * @throws Error where the lock file does not know a folder
 */
export function packagesIn(locked: LockedPackages, folders: readonly string[]): ShippedPackage[] {
  const missing = folders.filter((folder) => locked[folder] === undefined);
  if (missing.length > 0)
    throw new Error(`package-lock.json does not know ${missing.join(", ")}; install what it knows: npm ci`);
  const packages = folders.map((folder) => shipped(locked, folder));
  const ids = new Set(packages.map(packageId));
  return merged(packages.map((each) => ({ ...each, dependsOn: each.dependsOn.filter((id) => ids.has(id)) })));
}

function shipped(locked: LockedPackages, folder: string): ShippedPackage {
  const { license, integrity } = locked[folder]!;
  return {
    ...nameAndVersion(locked, folder),
    license,
    integrity,
    dependsOn: dependencies(locked, folder).map((each) => packageId(nameAndVersion(locked, each))),
  };
}

function nameAndVersion(locked: LockedPackages, folder: string): Pick<ShippedPackage, "name" | "version"> {
  const { name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length), version } =
    locked[folder]!;
  if (version === undefined)
    throw new Error(`package-lock.json has no version for ${folder}; write it anew: npm install --package-lock-only`);
  return { name, version };
}

function dependencies(locked: LockedPackages, folder: string): string[] {
  const {
    dependencies: needed = {},
    optionalDependencies: optional = {},
    peerDependencies: peers = {},
  } = locked[folder] ?? {};
  const folders = Object.keys({ ...needed, ...optional, ...peers }).map((name) => {
    const found = resolve(locked, folder, name);
    // An optional peer, or one for another platform that the lock file leaves out, may be missing.
    if (found === undefined && needed[name] !== undefined && optional[name] === undefined)
      throw new Error(
        `package-lock.json has no ${name} for ${folder}; write it anew: npm install ` + "--package-lock-only",
      );
    return found;
  });
  return folders.filter((found) => found !== undefined).filter((found) => locked[found]?.link !== true);
}

/** The nearest `node_modules` upwards that has it. */
function resolve(locked: LockedPackages, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const candidate = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (locked[candidate] !== undefined) return candidate;
    if (folder === "") return undefined;
  }
}

/** The same package in several folders is one; what it depends on there may differ. */
function merged(packages: readonly ShippedPackage[]): ShippedPackage[] {
  const byId = new Map<string, ShippedPackage>();
  for (const each of packages) {
    const before = byId.get(packageId(each));
    byId.set(packageId(each), {
      ...each,
      integrity: each.integrity ?? before?.integrity,
      dependsOn: [...new Set([...(before?.dependsOn ?? []), ...each.dependsOn])].sort(),
    });
  }
  return [...byId].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each);
}
