import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { PROJECT } from "./support/stack-json";

const FOLDERS = ["stacks", "modules", "handlers", "scripts"];

function files(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => join(folder, file))
    .sort();
}
const all = FOLDERS.flatMap(files);
const text = (file: string) => readFileSync(join(PROJECT, file), "utf8");

interface Import {
  readonly from: string;
  /** Path below the project, or a package's name. */
  readonly to: string;
}

/** Every import of a file, types and dynamic ones included, followed to the file it means. */
function imports(file: string): Import[] {
  return ts.preProcessFile(text(file), true, true).importedFiles.map(({ fileName }) => {
    if (!fileName.startsWith(".")) return { from: file, to: fileName };
    const path = resolve(PROJECT, dirname(file), fileName.replace(/\.js$/, ""));
    const found = [`${path}.ts`, join(path, "index.ts"), path].find(
      (candidate) => existsSync(candidate) && statSync(candidate).isFile(),
    );
    return { from: file, to: found ? relative(PROJECT, found) : fileName };
  });
}
const every = all.flatMap(imports);
const crossing = (from: string, to: RegExp) =>
  every
    .filter((each) => each.from.startsWith(`${from}/`) && to.test(each.to))
    .map(({ from: file, to: target }) => `${file} -> ${target}`);

describe("what may import what", () => {
  test("the imports are found", () => expect(every.length).toBeGreaterThan(200));

  test("handlers import no framework, no provider, and nothing of the other folders, not even a type", () => {
    expect(crossing("handlers", /^(cdktf|constructs|@cdktf|modules\/|stacks\/|scripts\/)/)).toEqual([]);
  });

  test("modules import neither stacks nor scripts nor handlers, and read no environment, files, clock or network", () => {
    expect(crossing("modules", /^(stacks\/|scripts\/|handlers\/|node:|fs|http)/)).toEqual([]);
    for (const file of files("modules"))
      expect(text(file)).not.toMatch(/process\.env|Date\.now|new Date|Math\.random|fetch\(/);
  });

  test("modules declare no provider, backend, variable or output", () => {
    for (const file of files("modules"))
      expect(text(file)).not.toMatch(/new (AwsProvider|\w*Backend|TerraformVariable|TerraformOutput)\b/);
  });

  test("scripts import no module and no stack, but the contracts", () => {
    expect(crossing("scripts", /^(modules\/|handlers\/|stacks\/(?!settings\/|outputs\.ts))/)).toEqual([]);
  });

  test("stacks take of the handlers only the contract", () => {
    expect(crossing("stacks", /^(handlers\/(?!environment\.ts)|scripts\/)/)).toEqual([]);
  });

  test("the contracts import nothing of other folders", () => {
    expect(imports("handlers/environment.ts")).toEqual([]);
    expect(imports("stacks/contract/outputs.ts")).toEqual([]);
    expect(
      files("stacks/settings")
        .flatMap(imports)
        .filter(({ to }) => !to.startsWith("stacks/settings/")),
    ).toEqual([]);
  });

  test("providers' resources come one by one: the barrel costs seconds and gigabytes", () => {
    expect(every.filter(({ to }) => to === "@cdktf/provider-aws")).toEqual([]);
  });

  test("judges decide and do nothing: they import neither tools nor Node's own modules", () => {
    expect(crossing("scripts/judges", /^(node:|scripts\/(?!judges\/))/)).toEqual([]);
  });

  test("only the command line prints, exits or reads the environment; at synth only the app does", () => {
    const may = new Set(["scripts/cli.ts", "scripts/kit/context.ts", "stacks/app.ts", "handlers/runtime/process.ts"]); // a function's log is what it prints
    const offenders = all.filter(
      (file) => !may.has(file) && /process\.(stdout|exit\b|exitCode)|console\.\w+\(/.test(text(file)),
    );
    expect(offenders).toEqual([]);
    const readers = all.filter((file) => /process\.env\b/.test(text(file)));
    // The handlers' entry points read theirs once, cold.
    expect(
      readers.filter(
        (file) =>
          ![
            "scripts/cli.ts",
            "stacks/app.ts",
            "handlers/api.ts",
            "handlers/authorizer.ts",
            "handlers/sweeper.ts",
            "handlers/worker.ts",
          ].includes(file),
      ),
    ).toEqual([]);
  });
});

describe("what stands where", () => {
  test("the top level holds what every repository has, and the four folders", () => {
    const listed = readdirSync(PROJECT).filter(
      (name) =>
        ![
          "node_modules",
          "cdktf.out",
          "dist",
          ".git",
          ".quickturn",
          "coverage",
          "cdktf.log",
          "audit.json",
          "environments",
          "quickturn.json",
        ].includes(name) && !/\.tfstate|^live\..*tfvars\.json$/.test(name),
    );
    expect(listed.sort()).toEqual(
      [
        ".ci",
        ".github",
        ".gitignore",
        ".npmrc",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "RUNBOOK.md",
        "THREATS.md",
        "__tests__",
        "bench",
        "biome.json",
        "cdktf.json",
        "docs",
        "eslint.config.mjs",
        "handlers",
        "jest.config.js",
        "knip.jsonc",
        "modules",
        "openapi.json",
        "package-lock.json",
        "package.json",
        "scripts",
        "stacks",
        "tsconfig.json",
      ]
        .filter((name) => name !== ".github" || existsSync(join(PROJECT, name)))
        .sort(),
    );
  });

  test("the lock file names no download address, and no file names a registry's host or a path of a machine", () => {
    expect(readFileSync(join(PROJECT, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "http/);
    for (const file of all) expect(text(file)).not.toMatch(/registry\.npmjs|\/opt\/(?!bin)|\/root\/|\/home\/\w/);
  });
});
