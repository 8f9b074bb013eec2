import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { packageFolders } from "../../../scripts/kit/package-functions";
import { release } from "../../../scripts/publish/release";
import { SUPPRESSIONS } from "../../../scripts/review/suppressions";
import type { CommandContext } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";
import { projectCopy } from "../../support/project-copy";
import { temporaryFolder } from "../../support/temporary-folder";

/** npm keeps logs at home. */
const ENVIRONMENT = {
  PATH: process.env["PATH"],
  HOME: temporaryFolder("home"),
  npm_config_offline: "true",
  npm_config_update_notifier: "false",
};
/** One author and one time, so that two clones are of one commit. */
const GIT = {
  ...ENVIRONMENT,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

/** A clone of the project, committed as it is, with the command that makes a release. */
function clone(change: (folder: string) => void = () => undefined): string {
  const folder = projectCopy();
  for (const name of ["CHANGELOG.md", "RUNBOOK.md", "LICENSE", ".gitignore", "__tests__", "bench"])
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  edit(folder, "package.json", (text) =>
    text.replace(/"files": \[(?![^\]]*"dist\/functions")/, '"files": [\n    "dist/functions",'),
  );
  change(folder);
  git(folder, "init", "--quiet");
  // A link to the packages instead of a folder of them, which .gitignore means.
  writeFileSync(join(folder, ".git/info/exclude"), "node_modules\n");
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message", "All");
  return folder;
}
const git = (folder: string, ...args: string[]) =>
  execFileSync("git", args, { cwd: folder, env: GIT, encoding: "utf8" });
function edit(folder: string, file: string, change: (text: string) => string): void {
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), "utf8")));
}

const context = (projectDirectory: string): CommandContext => ({
  projectDirectory,
  environment: ENVIRONMENT,
  signal: new AbortController().signal,
  progress: { step: (_title, work) => work(() => undefined), note: () => undefined },
});

const first = clone();
const out = join(first, "dist/release");
const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const file = (name: string) => readFileSync(join(out, name));
const json = <T>(name: string) => JSON.parse(file(name).toString()) as T;
const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string };
const NAMES = [
  "SHA256SUMS",
  `quickturn-${version}.tgz`,
  `quickturn-terraform-${version}.zip`,
  "release-notes.md",
  "release.json",
  "sbom-functions.cdx.json",
  "sbom-npm.cdx.json",
];
let printed: string;

interface Bill {
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly {
    readonly "bom-ref": string;
    readonly name: string;
    readonly version: string;
    readonly licenses: readonly { readonly license: { readonly id?: string } }[];
    readonly hashes?: readonly { readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
const reached = (bill: Bill, ref: string): string[] =>
  bill.dependencies.find((each) => each.ref === ref)?.dependsOn.slice() ?? [];

beforeAll(() => {
  printed = execFileSync(process.execPath, ["--import", "tsx", "__tests__/proof/cli.ts", "release"], {
    cwd: first,
    env: { ...ENVIRONMENT, TZ: "Asia/Tokyo" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
});

test("a release is two archives, two bills of materials, notes, a manifest and checksums, which sha256sum confirms", () => {
  expect(readdirSync(out).sort()).toEqual(NAMES);
  const checked = execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: out, encoding: "utf8" });
  expect(checked.trim().split("\n").sort()).toEqual(
    NAMES.filter((name) => name !== "SHA256SUMS").map((name) => `${name}: OK`),
  );
});

test("the command shows each file with its size and sum, and how to publish, and leaves the tree as it was", () => {
  for (const name of NAMES.slice(1).filter((each) => each !== "release.json")) {
    expect(printed).toMatch(
      new RegExp(`^ {2}${name.replaceAll(".", "\\.")} +${file(name).length} {2}${sha256(file(name))}$`, "m"),
    );
  }
  expect(printed).toContain(`npm publish ./dist/release/quickturn-${version}.tgz`);
  expect(git(first, "status", "--porcelain")).toBe("");
  expect(readdirSync(join(first, "dist/functions")).sort()).toEqual([
    "api.zip",
    "authorizer.zip",
    "sweeper.zip",
    "worker.zip",
  ]);
});

test("the manifest names the commit, and the functions by the sums of their zips", () => {
  const sum = (name: string) => sha256(readFileSync(join(first, "dist/functions", `${name}.zip`)));
  expect(json("release.json")).toMatchObject({
    name: "quickturn",
    version,
    commit: git(first, "rev-parse", "HEAD").trim(),
    workingTree: "clean",
    functions: { api: sum("api"), sweeper: sum("sweeper"), worker: sum("worker") },
  });
});

test("another clone, elsewhere, in another zone, with another umask, gives the same bytes", async () => {
  const second = join(temporaryFolder("clone"), "other");
  cpSync(first, second, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/another-name\/(dist|cdktf\.out)$/.test(path),
  });
  const before = process.umask(0o002);
  try {
    await release(context(second));
  } finally {
    process.umask(before);
  }
  const sums = (folder: string) => readFileSync(join(folder, "dist/release/SHA256SUMS"), "utf8");
  expect(sums(second)).toBe(sums(first));
});

test("a release on a day after which a suppression of the audit's own soon ends is refused, with its rule", async () => {
  const { rule, until } = SUPPRESSIONS[0]!;
  await expect(release(context(first), { date: until })).rejects.toThrow(
    new RegExp(
      `end within 180 days of the release of ${until}, and only a release renews them:\\n  ${rule}, until ${until}: `,
    ),
  );
  await expect(release(context(first), { date: "soon" })).rejects.toThrow(
    '--date is "soon"; allowed: a day as YYYY-MM-DD.',
  );
});

test("nothing says when or where it was made", () => {
  for (const name of NAMES.filter((each) => /\.(json|md)$|SUMS/.test(each))) {
    expect([
      name,
      file(name).includes(first),
      /\d\d:\d\d:\d\d|"timestamp"|"serialNumber"/.exec(file(name).toString())?.[0],
    ]).toEqual([name, false, undefined]);
  }
});

test("the notes are the changelog's section of the version, without its heading", () => {
  const changelog = readFileSync(join(PROJECT, "CHANGELOG.md"), "utf8");
  const notes = file("release-notes.md").toString();
  expect(changelog).toContain(notes.trim());
  expect(notes.length).toBeGreaterThan(200);
  expect(notes).not.toMatch(/^## /m);
});

test("the Terraform archive holds the modules with the functions that the manifest names, and the licenses of what is in them", () => {
  const files = unzipSync(file(`quickturn-terraform-${version}.zip`));
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining([
      "THIRD-PARTY-NOTICES.txt",
      "agent-api/LICENSE",
      "agent-api/README.md",
      "agent-api/main.tf.json",
      "agent-api/assets/api.zip",
      "terraform-aws-agent-api/THIRD-PARTY-NOTICES.txt",
      "terraform-aws-agent-api/assets/api.zip",
      "terraform-aws-agent-api/functions.tf",
    ]),
  );
  const { functions } = json<{ functions: Record<string, string> }>("release.json");
  for (const [name, sum] of Object.entries(functions)) expect(sha256(files[`agent-api/assets/${name}.zip`]!)).toBe(sum);
  expect(Buffer.from(files["THIRD-PARTY-NOTICES.txt"]!).toString()).toMatch(
    /^lru-cache [\d.]+ \(BlueOak-1\.0\.0\)\n\n[\s\S]+Blue Oak Model License/m,
  );
});

test("the functions' bill of materials is what the bundler put into each: the worker's Bedrock client is not in the front door", () => {
  const bill = json<Bill>("sbom-functions.cdx.json");
  const names = bill.components.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      "api",
      "worker",
      "sweeper",
      "lru-cache",
      "cockatiel",
      "@smithy/signature-v4",
      "@smithy/core",
    ]),
  );
  expect(names.filter((name) => /^(cdktf|constructs|esbuild|tsx|typescript|commander)$/.test(name))).toEqual([]);
  const has = (part: string, name: string) =>
    reached(bill, `quickturn-functions@${version}#${part}`).some((ref) => ref.startsWith(`${name}@`));
  expect([
    has("worker", "@aws-sdk/client-bedrock-runtime"),
    has("api", "@aws-sdk/client-bedrock-runtime"),
    has("api", "@smithy/signature-v4"),
  ]).toEqual([true, false, true]);
});

test.each(["sbom-npm.cdx.json", "sbom-functions.cdx.json"])(
  "%s: every component has a license, every reference leads to a component, and no reference is there twice",
  (name) => {
    const bill = json<Bill>(name);
    const refs = bill.components.map((each) => each["bom-ref"]);
    expect(bill.components.filter(({ licenses }) => (licenses ?? []).length === 0)).toEqual([]);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual([]);
    expect(refs.length).toBeGreaterThan(30);
  },
);

test("the npm package's bill of materials, and its notices, are what the bundler put into the program", () => {
  const { inputs } = JSON.parse(readFileSync(join(first, "dist/program/current.json"), "utf8")) as { inputs: string[] };
  const bill = json<Bill>("sbom-npm.cdx.json").components.map((each) => each["bom-ref"]);
  const ids = packageFolders(inputs).map((folder) => {
    const { name, version: of } = JSON.parse(readFileSync(join(PROJECT, folder, "package.json"), "utf8")) as Named;
    return `${name}@${of}`;
  });
  expect(bill.sort()).toEqual([...new Set(ids)].sort());
  expect(bill).toEqual(
    expect.arrayContaining(["@cdktf/provider-aws@20.1.0", "cdktf@0.21.0", "constructs@10.7.2", "echarts@6.1.0"]),
  );
  const notices = packedFile("dist/program/THIRD-PARTY-NOTICES.txt");
  for (const id of bill) expect(notices).toContain(`\n${id.replace(/@(?=[^@]+$)/, " ")} (`);
});
interface Named {
  readonly name: string;
  readonly version: string;
}
const packedFile = (name: string) =>
  execFileSync("tar", ["-xzOf", join(out, `quickturn-${version}.tgz`), `package/${name}`], { encoding: "utf8" });

/** What an installed copy may take on disk. npm brings 683 MB where the packages come beside it. */
const INSTALLED_MEGABYTES = 250;

test("what npm installs of the archive, offline, is small, and synthesizes the same stack with the functions that came along", () => {
  const home = temporaryFolder("installed");
  writeFileSync(join(home, "package.json"), "{}");
  execFileSync("npm", ["install", join(out, `quickturn-${version}.tgz`)], { cwd: home, env: ENVIRONMENT });
  const installed = join(home, "node_modules");
  expect(readdirSync(installed).filter((name) => !name.startsWith("."))).toEqual(["quickturn"]);
  const [megabytes] = execFileSync("du", ["-sm", installed], { encoding: "utf8" }).split("\t");
  expect(Number(megabytes)).toBeLessThanOrEqual(INSTALLED_MEGABYTES);
  execFileSync(process.execPath, [join(installed, "quickturn/scripts/bin/quickturn.js"), "synth"], {
    cwd: home,
    env: ENVIRONMENT,
    stdio: "ignore",
  });
  const made = (name: string) => readFileSync(join(home, "cdktf.out/stacks/agent-api", name));
  expect(packedFile("dist/functions/THIRD-PARTY-NOTICES.txt")).toContain("Blue Oak Model License");
  const { functions } = json<{ functions: Record<string, string> }>("release.json");
  for (const [name, sum] of Object.entries(functions)) expect(sha256(made(`assets/${name}.zip`))).toBe(sum);
  execFileSync(process.execPath, ["scripts/bin/app.js"], { cwd: first, env: ENVIRONMENT });
  expect(made("cdk.tf.json").equals(readFileSync(join(first, "cdktf.out/stacks/agent-api/cdk.tf.json")))).toBe(true);
});

/** What is read before anything is built, and no repository. */
function unversioned(change: (text: string) => string): string {
  const folder = temporaryFolder("unversioned");
  for (const name of ["package.json", "CHANGELOG.md"]) cpSync(join(PROJECT, name), join(folder, name));
  edit(folder, "package.json", change);
  return folder;
}

describe("what is refused", () => {
  test("files that differ from the commit, by name", async () => {
    const folder = clone();
    edit(folder, "README.md", (text) => `${text}\nmore\n`);
    writeFileSync(join(folder, "stacks/new.ts"), "export {};\n");
    await expect(release(context(folder))).rejects.toThrow(
      /^A release is of a commit, and 2 files differ from [0-9a-f]{12}:\n {2}README\.md\n {2}stacks\/new\.ts\nCommit them, or give --allow-dirty/,
    );
  });

  test("a version without a section in the changelog, with the sections that are there", async () => {
    const folder = unversioned((text) => text.replace(`"version": "${version}"`, '"version": "9.9.9"'));
    await expect(release(context(folder))).rejects.toThrow(
      `CHANGELOG.md has no section "## 9.9.9", the version in package.json; it has: ${version}`,
    );
  });

  test.each(["", '"version": "next",', '"version": "1.2",'])("package.json with %j for a version", async (line) => {
    const folder = unversioned((text) => text.replace(`"version": "${version}",`, line));
    await expect(release(context(folder))).rejects.toThrow(
      /^package\.json has the version (undefined|"next"|"1\.2"); allowed: such as 1\.2\.3 or 1\.2\.3-rc\.1\./,
    );
  });

  test("a tag that is not the version's", async () => {
    await expect(release(context(first), { tag: "v9.9.9" })).rejects.toThrow(
      `The tag is "v9.9.9", and package.json has the version ${version}; allowed: v${version}.`,
    );
  });

  test("a folder that git does not know", async () => {
    await expect(release(context(unversioned((text) => text)))).rejects.toThrow(/is no git repository with a commit/);
  });

  test("a package in a function, or one that is installed, under a license that is not allowed", async () => {
    const folder = clone((project) =>
      edit(project, "package-lock.json", (text) => {
        const lock = JSON.parse(text) as { packages: Record<string, { license?: string }> };
        lock.packages["handlers/node_modules/lru-cache"]!.license = "GPL-3.0-only";
        delete lock.packages["node_modules/commander"]!.license;
        return JSON.stringify(lock, null, 2);
      }),
    );
    await expect(release(context(folder))).rejects.toThrow(
      /would ship under a license that is not allowed:\n {2}commander@[\d.]+: no license named\n {2}lru-cache@[\d.]+: GPL-3\.0-only\nTake another package/,
    );
  });

  test("installed packages that are not those of the lock file", async () => {
    const folder = clone((project) =>
      edit(project, "package-lock.json", (text) =>
        text.replace(/("handlers\/node_modules\/lru-cache": \{\s*"version": )"[\d.]+"/, '$1"1.0.0"'),
      ),
    );
    await expect(release(context(folder))).rejects.toThrow(
      /^handlers\/node_modules\/lru-cache is version [\d.]+, and package-lock\.json says 1\.0\.0\. Install what it says: npm ci/,
    );
  });

  test("a package.json that leaves the functions out of the npm package; that it is not committed is allowed", async () => {
    const folder = clone();
    edit(folder, "package.json", (text) => text.replace('"dist/functions",', ""));
    await expect(release(context(folder), { allowDirty: true })).rejects.toThrow(
      /^The npm package leaves out dist\/functions\/api\.zip, .*Add "dist\/functions" and "dist\/program" to "files" in package\.json\./,
    );
  });
});
