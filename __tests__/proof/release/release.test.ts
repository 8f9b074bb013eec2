import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
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

test("the npm package's bill of materials lists what npm itself finds where the lock file holds nothing but production packages", () => {
  const folder = temporaryFolder("npm-sbom");
  const pruned = (file: string) =>
    JSON.parse(readFileSync(join(first, file), "utf8")) as Record<string, unknown> & {
      packages: Record<string, Record<string, unknown>>;
    };
  const [manifest, lock] = [pruned("package.json"), pruned("package-lock.json")];
  for (const root of [manifest, lock.packages[""]!]) {
    delete root["devDependencies"];
    delete root["workspaces"];
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).filter(
      ([path, { dev }]) => dev !== true && !/^handlers|^node_modules\/@quickturn\//.test(path),
    ),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
  const npm = JSON.parse(
    execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
      cwd: folder,
      env: ENVIRONMENT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as Bill;
  const refs = (bill: Bill) => bill.components.map((each) => each["bom-ref"]).sort();
  expect(refs(json<Bill>("sbom-npm.cdx.json"))).toEqual(refs(npm));
  expect(refs(npm)).toEqual(expect.arrayContaining(["cdktf@0.21.0", "constructs@10.7.2"]));
});

test("an installed copy, without lock file and without the functions' packages, synthesizes the same stack with the functions that came along", () => {
  const home = temporaryFolder("installed");
  const modulesFolder = join(home, "node_modules");
  mkdirSync(modulesFolder);
  execFileSync("tar", ["--extract", "--file", join(out, `quickturn-${version}.tgz`), "--directory", modulesFolder]);
  execFileSync("mv", [join(modulesFolder, "package"), join(modulesFolder, "quickturn")]);
  // What npm would install beside it: the dependencies of the package, and not the workspace's.
  const { dependencies } = JSON.parse(readFileSync(join(modulesFolder, "quickturn/package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(modulesFolder, name, ".."), { recursive: true });
    symlinkSync(join(PROJECT, "node_modules", name), join(modulesFolder, name));
  }
  execFileSync(process.execPath, [join(modulesFolder, "quickturn/scripts/bin/quickturn.js"), "synth"], {
    cwd: home,
    env: ENVIRONMENT,
    stdio: "ignore",
  });
  const made = (name: string) => readFileSync(join(home, "cdktf.out/stacks/agent-api", name));
  expect(readFileSync(join(modulesFolder, "quickturn/dist/functions/THIRD-PARTY-NOTICES.txt"), "utf8")).toContain(
    "Blue Oak Model License",
  );
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
