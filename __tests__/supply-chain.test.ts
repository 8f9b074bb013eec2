import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolders } from "../scripts/kit/package-functions";
import { ALLOWED_LICENSES } from "../scripts/publish/packages";
import { FETCHED_SETS } from "./support/fetched-sets";
import { PROJECT } from "./support/stack-json";

/**
 * What comes from others, and how it comes. What of it ships, and under which licenses, proof/release/release.test
 * looks at.
 */

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");
const readLock = (folder: string) =>
  JSON.parse(read(join(folder, "package-lock.json"))) as {
    lockfileVersion: number;
    packages: Readonly<Record<string, Locked>>;
  };
const { packages } = readLock("");
const OWN = ["", "handlers"];
const fetched = Object.entries(packages).filter(([folder, { link }]) => !OWN.includes(folder) && link !== true);
const nameOf = (folder: string) => folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);

test.each(["", ...FETCHED_SETS])(
  "every package of the lock file in /%s is locked by the hash of its archive, and no address of one stands there",
  (folder) => {
    const lock = readLock(folder);
    const locked = Object.entries(lock.packages).filter(([name, { link }]) => !OWN.includes(name) && link !== true);
    expect([lock.lockfileVersion, locked.length > 0]).toEqual([3, true]);
    // A part of another's archive has that one's hash.
    expect(
      locked
        .filter(([, { integrity, inBundle }]) => inBundle !== true && !/^sha512-[\w+/]+=*$/.test(integrity ?? ""))
        .map(([name]) => name),
    ).toEqual([]);
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(read(join(folder, "package-lock.json"))).not.toMatch(/https?:\/\/[^"]*(registry|npm)[^"]*\.tgz/);
  },
);

test("what is depended on directly has one version, not a range", () => {
  const roots = [...OWN.map((folder) => packages[folder]), ...FETCHED_SETS.map((set) => readLock(set).packages[""])];
  const ranges = roots
    .flatMap((root) =>
      Object.entries({ ...root?.dependencies, ...root?.devDependencies, ...root?.optionalDependencies }),
    )
    .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(ranges).toEqual([]);
});

test("an installed copy brings no other package: its program has in it what it needs", () => {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    read("package.json"),
  ) as Locked & { peerDependencies: object; peerDependenciesMeta: Readonly<Record<string, { optional?: boolean }>> };
  expect([dependencies, optionalDependencies]).toEqual([undefined, undefined]);
  // For those who import the modules; npm installs no optional peer by itself.
  expect(Object.keys(peerDependencies)).toEqual(["@cdktf/provider-aws", "cdktf", "constructs"]);
  for (const name of Object.keys(peerDependencies)) expect(peerDependenciesMeta[name]).toEqual({ optional: true });
});

/** Packages that would run a script when they are installed; each works without. */
const WITH_INSTALL_SCRIPT: Readonly<Record<string, string>> = {
  "@parcel/watcher": "of cdktf watch, which nobody runs",
  "classic-level": "dynalite keeps its tables in memory instead",
  esbuild: "checks its own executable, which is a package of its own",
  "unrs-resolver": "checks its own binding, which is a package of its own",
};

test("no package runs a script when it is installed, and none needs to", () => {
  expect(read(".npmrc").split("\n")).toContain("ignore-scripts=true");
  expect(
    [
      ...new Set(fetched.filter(([, { hasInstallScript }]) => hasInstallScript).map(([folder]) => nameOf(folder))),
    ].sort(),
  ).toEqual(Object.keys(WITH_INSTALL_SCRIPT).sort());
});

/** Licenses of what only helps to build and test; each with what it asks. */
const LICENSES_OF_TOOLS: Readonly<Record<string, string>> = {
  "AGPL-3.0-or-later": "@cloud-copilot: the tests alone call it, and nothing of it is passed on",
  "CC-BY-4.0": "caniuse-lite: data, to be named where it is passed on",
  "CC0-1.0": "asks nothing",
  Unlicense: "asks nothing",
};

test("every package says under which license it is: one that may ship, or of a tool that does not", () => {
  const choices = (license = "none") => license.replace(/^\(|\)$/g, "").split(" OR ");
  // What the program and the functions were bundled of, says their record.
  const { inputs } = JSON.parse(read("dist/program/current.json")) as { inputs: string[] };
  const { functions } = JSON.parse(read("dist/packaged.json")) as { functions: { packages: string[] }[] };
  const ships = new Set([...packageFolders(inputs), ...functions.flatMap(({ packages }) => packages)]);
  expect(ships.size).toBeGreaterThan(50);
  const refused = fetched.filter(([folder, { license }]) => {
    if (nameOf(folder) === "jsonify") return license !== "Public Domain";
    return !choices(license).some(
      (choice) => ALLOWED_LICENSES.includes(choice) || (!ships.has(folder) && choice in LICENSES_OF_TOOLS),
    );
  });
  expect(refused.map(([folder, { license }]) => `${folder}: ${license}`)).toEqual([]);
});

test("what is passed on does not come near a license that would reach it", () => {
  const agpl = fetched.filter(([, { license }]) => license?.includes("AGPL")).map(([folder]) => nameOf(folder));
  expect(agpl.every((name) => name.startsWith("@cloud-copilot/"))).toBe(true);
  const { status, stdout } = spawnSync(
    "grep",
    ["-rl", "--include=*.ts", "cloud-copilot", "scripts", "stacks", "modules", "handlers"],
    { cwd: PROJECT, encoding: "utf8" },
  );
  expect([status, stdout]).toEqual([1, ""]);
});

test("no dependency is installed and used by nobody, and none is used and not declared", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(PROJECT, "node_modules/knip/bin/knip.js"), "--no-progress"],
    { cwd: PROJECT, encoding: "utf8", env: { ...process.env, FORCE_COLOR: "0" } },
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});
