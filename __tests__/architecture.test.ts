import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
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

describe("what stands in the sources", () => {
  test("modules read no environment, clock or randomness", () => {
    for (const file of files("modules"))
      expect(text(file)).not.toMatch(/process\.env|Date\.now|new Date|Math\.random|fetch\(/);
  });

  test("modules declare no provider, backend, variable or output", () => {
    for (const file of files("modules"))
      expect(text(file)).not.toMatch(/new (AwsProvider|\w*Backend|TerraformVariable|TerraformOutput)\b/);
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

describe("what stands at the top", () => {
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
        ".dependency-cruiser.cjs",
        ".devcontainer",
        ".github",
        ".gitignore",
        ".npmrc",
        ".terraform.lock.hcl",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "RUNBOOK.md",
        "SECURITY.md",
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
