import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { packageFolders, packageFunctions } from "../../../scripts/kit/package-functions";
import { coldFiles } from "../../support/cold-budget";
import { SILENT_CONTEXT } from "../../support/module-stacks";
import { projectCopy } from "../../support/project-copy";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

/**
 * `sha256sum` of the zips. After a wanted change of the handlers or their packages, write it anew: see CONTRIBUTING.
 */
const GOLDEN = readFileSync(join(__dirname, "functions.sha256"), "utf8");
const FUNCTIONS = ["api", "worker", "sweeper", "authorizer"];
const zip = (name: string) => readFileSync(join(PROJECT, "dist/functions", `${name}.zip`));

test("the zips are the golden ones, byte for byte, on every machine", () => {
  const sums = FUNCTIONS.map(
    (name) => `${createHash("sha256").update(zip(name)).digest("hex")}  dist/functions/${name}.zip`,
  );
  expect(`${sums.join("\n")}\n`).toBe(GOLDEN);
});

test("the zip of the authorizer holds no client of AWS at all: every caller waits for its cold start", () => {
  const files = unzipSync(zip("authorizer"));
  expect(Object.keys(files)).toEqual(["index.mjs"]);
  expect(Buffer.from(files["index.mjs"]!).toString()).not.toContain("amazonaws.com");
});

describe.each(FUNCTIONS.filter((name) => name !== "authorizer"))("the zip of %s", (name) => {
  const files = unzipSync(zip(name));
  const entry = Buffer.from(files["index.mjs"] ?? []).toString();

  test("holds an entry, packages for later, chunks, and no source map", () => {
    expect(Object.keys(files)).toContain("index.mjs");
    expect(Object.keys(files).every((file) => /^(index|client-[a-z0-9-]+|chunk-[A-Z0-9]+)\.mjs$/.test(file))).toBe(
      true,
    );
    expect(Object.values(files).filter((content) => Buffer.from(content).includes("sourceMappingURL"))).toHaveLength(0);
  });

  test("is minified, and names no path of the machine that made it", () => {
    expect(entry.length / entry.split("\n").length).toBeGreaterThan(500);
    expect(Object.values(files).filter((content) => Buffer.from(content).includes(PROJECT))).toHaveLength(0);
  });

  test("a cold start reads no client of the SDK: those that it has are files of their own, loaded on demand", () => {
    const text = Object.fromEntries(
      Object.entries(files).map(([name, content]) => [name, Buffer.from(content).toString()]),
    );
    expect(coldFiles(text)).toEqual(["index.mjs"]);
    expect(entry).not.toMatch(/com\.amazonaws\.|"middleware-endpoint-discovery"/);
    const later = [...entry.matchAll(/import\("\.\/(client-[a-z0-9-]+\.mjs)"\)/g)].map(([, file]) => file);
    expect([...new Set(later)].sort()).toEqual(
      Object.keys(files)
        .filter((file) => file.startsWith("client-"))
        .sort(),
    );
  });

  test("imports none of Node's own modules, because an import of node:http would load its WebSocket client", () => {
    for (const content of Object.values(files))
      expect(Buffer.from(content).toString()).not.toMatch(/(?:from|import)\s*"node:|Dynamic require of/);
  });
});

test("the source maps stand apart, and explain the entry", () => {
  const map = JSON.parse(readFileSync(join(PROJECT, "dist/maps/api/index.mjs.map"), "utf8")) as { sources: string[] };
  expect(map.sources.some((source) => source.endsWith("handlers/api.ts"))).toBe(true);
});

describe("a copy that npm installed, which has no lock file", () => {
  const installed = (...names: string[]): string => {
    const folder = temporaryFolder("installed");
    mkdirSync(join(folder, "dist/functions"), { recursive: true });
    for (const name of names)
      cpSync(join(PROJECT, "dist/functions", `${name}.zip`), join(folder, "dist/functions", `${name}.zip`));
    return folder;
  };
  const packaged = (projectDirectory: string) =>
    packageFunctions({
      projectDirectory,
      progress: { step: (_title, work) => work(() => undefined), note: () => undefined },
    });

  test("takes the zips that came along, as they are", async () => {
    const folder = installed(...FUNCTIONS);
    const { text, json } = await packaged(folder);
    // What sha256sum --check reads.
    expect(`${text}\n`).toBe(GOLDEN);
    expect(json.functions[0]?.files).toHaveProperty(["index.mjs"]);
    for (const name of FUNCTIONS)
      expect(readFileSync(join(folder, "dist/functions", `${name}.zip`)).equals(zip(name))).toBe(true);
  });

  test("is told which zip is missing", async () => {
    await expect(packaged(installed("api", "worker"))).rejects.toThrow(
      /functions\/sweeper\.zip is missing, .*package-lock\.json, .*Install quickturn again, or work in a clone.*$/,
    );
  });
});

describe("packaged again", () => {
  const packaged = async (project: string) =>
    (await packageFunctions({ ...SILENT_CONTEXT, projectDirectory: project })).json.functions;
  const written = (project: string, file: string) => statSync(join(project, file)).mtimeMs;

  test("nothing is made anew while no source has changed, and what is missing or somebody else's is", async () => {
    const project = projectCopy();
    const [worker, api] = ["dist/functions/worker.zip", "dist/functions/api.zip"] as const;
    const first = await packaged(project);
    const before = written(project, worker);
    expect(await packaged(project)).toEqual(first);
    expect(written(project, worker)).toBe(before);
    writeFileSync(join(project, api), "somebody else's");
    expect(await packaged(project)).toEqual(first);
    expect(
      createHash("sha256")
        .update(readFileSync(join(project, api)))
        .digest("hex"),
    ).toBe(first.find(({ name }) => name === "api")?.sha256);
  });

  test("a changed source, another package, or a record that was cut makes them again", async () => {
    const project = projectCopy();
    const sums = async () => Object.fromEntries((await packaged(project)).map(({ name, sha256 }) => [name, sha256]));
    const first = await sums();
    const source = join(project, "handlers/sweeper.ts");
    writeFileSync(source, `${readFileSync(source, "utf8")}\nconsole.log("changed");\n`);
    const changed = await sums();
    expect(Object.keys(first).filter((name) => first[name] !== changed[name])).toEqual(["sweeper"]);
    writeFileSync(join(project, "dist/packaged.json"), '{"sources":');
    expect(await sums()).toEqual(changed);
  });
});

test("a file belongs to the package of the innermost node_modules, with its scope; the project's own to none", () => {
  expect(
    packageFolders([
      "node_modules/b/index.js",
      "handlers/api.ts",
      "node_modules/@s/a/dist/node_modules.js",
      "node_modules/b/lib/x.js",
      "node_modules/b/node_modules/@s/c/x.mjs",
      "handlers/node_modules/d/index.js",
    ]),
  ).toEqual(["handlers/node_modules/d", "node_modules/@s/a", "node_modules/b", "node_modules/b/node_modules/@s/c"]);
});
