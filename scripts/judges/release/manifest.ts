/** What `release.json` holds. */
export interface Release {
  readonly name: string;
  readonly version: string;
  /** Hash of the commit that it is made from. */
  readonly commit: string;
  /** Dirty: files were not as the commit has them, and nobody can make it again. */
  readonly workingTree: "clean" | "dirty";
  /** Whether the changelog's heading still calls the version unreleased. */
  readonly changelog: "released" | "unreleased";
  /** SHA-256 of each function's zip, in hexadecimal; Lambda shows the same in base64. */
  readonly functions: Readonly<Record<string, string>>;
  readonly files: readonly ReleaseFile[];
}

export interface ReleaseFile {
  readonly name: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** What a release is made from. */
export interface ReleaseSource {
  readonly name: string;
  readonly version: string;
  readonly tree: { readonly commit: string; readonly changed: readonly string[] };
  readonly entry: { readonly unreleased: boolean };
}

/** The manifest, with the files in order of their names. */
export function releaseManifest(
  { name, version, tree, entry }: ReleaseSource,
  functions: readonly { readonly name: string; readonly sha256: string }[],
  files: readonly ReleaseFile[],
): Release {
  return {
    name,
    version,
    commit: tree.commit,
    workingTree: tree.changed.length === 0 ? "clean" : "dirty",
    changelog: entry.unreleased ? "unreleased" : "released",
    functions: Object.fromEntries(functions.map((each) => [each.name, each.sha256])),
    files: [...files].sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

/** As `sha256sum` writes them, and `sha256sum --check` reads them. */
export function checksums(files: readonly Pick<ReleaseFile, "name" | "sha256">[]): string {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}
