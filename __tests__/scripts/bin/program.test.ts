import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { projectCopy } from "../../support/project-copy";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

/** The program as node runs it: built from the sources, and never older than they are. */
const quickturn = (project: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(project, "scripts/bin/quickturn.js"), ...args], {
    cwd: project,
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
const current = (project: string) =>
  JSON.parse(readFileSync(join(project, "dist/program/current.json"), "utf8")) as {
    entries: Record<string, string>;
    files: string[];
  };

test("a Node.js that is too old is one sentence and an exit code, before anything else is read", () => {
  const pretended = join(temporaryFolder("node"), "old.js");
  writeFileSync(pretended, 'Object.defineProperty(process.versions, "node", { value: "18.20.8" });');
  const program = join(PROJECT, "scripts/bin/quickturn.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", pretended, program, "--help"], {
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 64,
    stdout: "",
    stderr: "Quickturn needs Node.js 20.19 or newer, and this is 18.20.8. Get one: https://nodejs.org\n",
  });
});

test("a source that has changed is what runs next, and nothing is built while none has", () => {
  const project = projectCopy();
  expect(quickturn(project, "--help")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/every\s+optimization\s+is\s+a\s+variable/) as unknown,
  });
  const before = readFileSync(join(project, "dist/program/current.json"));
  const source = join(project, "scripts/cli.ts");
  writeFileSync(source, readFileSync(source, "utf8").replace("every optimization is a variable.", "changed."));
  expect(quickturn(project, "--help").stdout).toContain("changed.");
  expect(readFileSync(join(project, "dist/program/current.json")).equals(before)).toBe(false);
  const after = current(project);
  expect(quickturn(project, "--help").status).toBe(0);
  expect(current(project)).toEqual(after);
});

test("two that build at once both run, and what nobody has used for a day goes", async () => {
  const project = projectCopy();
  rmSync(join(project, "dist/program"), { recursive: true });
  mkdirSync(join(project, "dist/program"));
  const old = join(project, "dist/program/old-AAAAAAAA.mjs");
  writeFileSync(old, "");
  utimesSync(old, new Date(0), new Date(0));
  const script = `
    const { execFile } = require("node:child_process");
    for (let i = 0; i < 3; i += 1)
      execFile(process.execPath, ["scripts/bin/quickturn.js", "--help"], (error, stdout) => {
        if (error || !stdout.includes("Usage")) process.exitCode = 1;
      });`;
  execFileSync(process.execPath, ["-e", script], { cwd: project });
  expect(existsSync(old)).toBe(false);
  expect(readdirSync(join(project, "dist/program")).sort()).toEqual([...current(project).files, "current.json"].sort());
});

test("the same sources give the same files on every machine, which name none of its folders", () => {
  const [one, other] = [projectCopy(), projectCopy()];
  for (const project of [one, other]) {
    rmSync(join(project, "dist/program"), { recursive: true });
    expect(quickturn(project, "--help").status).toBe(0);
  }
  expect(current(other)).toEqual(current(one));
  for (const file of current(one).files) {
    const content = readFileSync(join(one, "dist/program", file), "utf8");
    expect([file, content === readFileSync(join(other, "dist/program", file), "utf8"), content.includes(one)]).toEqual([
      file,
      true,
      false,
    ]);
  }
});

test("sources that cannot be built are said with their place, and so are packages that are missing", () => {
  const project = projectCopy();
  const source = join(project, "scripts/cli.ts");
  writeFileSync(source, "const = 1;");
  expect(quickturn(project, "--help")).toMatchObject({
    status: 1,
    stdout: "",
    stderr: expect.stringMatching(/^The sources cannot be built\. .*\nscripts\/cli\.ts:1:6: ERROR: /) as unknown,
  });
  rmSync(join(project, "node_modules"));
  expect(quickturn(project, "--help")).toMatchObject({
    status: 1,
    stderr: `The packages are not installed in ${project}. Install them: npm ci\n`,
  });
});

test("an installed copy has the program alone, and runs it without building", () => {
  const folder = join(temporaryFolder("installed"), "node_modules/quickturn");
  for (const name of ["scripts/bin", "dist/program", "package.json"])
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  const home = temporaryFolder("home");
  const ran = spawnSync(process.execPath, [join(folder, "scripts/bin/quickturn.js"), "cost", "--profile", "baseline"], {
    cwd: home,
    encoding: "utf8",
  });
  expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining("baseline") as unknown });
  const quickturnThere = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, "scripts/bin/quickturn.js"), ...args], { cwd: home, encoding: "utf8" });
  const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string };
  expect(quickturnThere("--version")).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  const usage = ["cost", "--usage", "none.json"];
  expect(quickturnThere(...usage).stderr).not.toContain("    at ");
  // Sources are not there: their lines are told by the maps that came along.
  expect(quickturnThere("--debug", ...usage).stderr).toMatch(/\n {4}at .*scripts\/[^]*\nCaused by: Error: ENOENT/);
});

test("a crash names the lines of the sources", () => {
  const project = projectCopy();
  const source = join(project, "scripts/cost/cost.ts");
  writeFileSync(
    source,
    readFileSync(source, "utf8").replace(
      /export async function cost\([^]*?\{\n/,
      (head) => `${head}  (undefined as unknown as { x(): void }).x();\n`,
    ),
  );
  const line =
    readFileSync(source, "utf8")
      .split("\n")
      .findIndex((each) => each.includes("undefined as unknown")) + 1;
  const { status, stderr } = quickturn(project, "cost");
  expect([status, stderr]).toEqual([
    70,
    expect.stringMatching(
      new RegExp(`TypeError: .*\\n    at (?:Module\\.)?cost \\(scripts/cost/cost\\.ts:${line}:\\d+\\)`),
    ),
  ]);
});
