import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { ResourceChange } from "../../scripts/kit/plan-changes";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { pipelineEnvironment, runProgram, type Ended } from "../support/command-line";
import { PROJECT } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * The npm package in an empty folder. What npm packs is unpacked where npm puts it, and the packages that it needs are
 * linked beside it: to fetch them takes a registry.
 */

let project: string;
let archive: string;
let emulator: Emulator;

const path = (...names: string[]) => join(project, ...names);
const quickturn = (args: readonly string[], folder = project): Promise<Ended> =>
  runProgram(process.execPath, [path("node_modules/quickturn/scripts/bin/quickturn.js"), ...args], {
    project: folder,
    environment: pipelineEnvironment(project, emulator.endpoint),
  });

/** As `npm ci` does it: what was there is gone. */
function install(): void {
  rmSync(path("node_modules"), { recursive: true, force: true });
  mkdirSync(path("node_modules/quickturn"), { recursive: true });
  execFileSync("tar", ["-xzf", archive, "--strip-components=1", "-C", path("node_modules/quickturn")]);
  for (const name of readdirSync(join(PROJECT, "node_modules")).filter(
    (each) => each !== "quickturn" && each !== ".bin",
  ))
    symlinkSync(join(PROJECT, "node_modules", name), path("node_modules", name));
}

beforeAll(async () => {
  project = temporaryFolder("packed");
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
      cwd: PROJECT,
      encoding: "utf8",
    }),
  ) as { filename: string }[];
  archive = path(packed?.filename ?? "");
  emulator = await startEmulator({ directory: project, env: process.env });
  install();
});
afterAll(() => emulator?.stop());

test("synthesizes and applies into the folder that it is installed in, and nothing of that is lost when it is installed again", async () => {
  expect(await quickturn(["synth"])).toMatchObject({ code: 0, stdout: "cdktf.out/stacks/agent-api\n" });
  expect(existsSync(path("cdktf.out/stacks/agent-api/assets/worker.zip"))).toBe(true);
  expect(await quickturn(["apply", "--stack", "state", "--auto-approve"])).toMatchObject({ code: 0 });
  const state = readFileSync(path("terraform.state.tfstate"), "utf8");
  install();
  const { stdout } = await quickturn(["--json", "plan", "--stack", "state"]);
  expect((JSON.parse(stdout) as { changes: ResourceChange[] }).changes).toEqual([]);
  expect(readFileSync(path("terraform.state.tfstate"), "utf8")).toBe(state);
  expect(
    readdirSync(path("node_modules/quickturn")).filter((name) => name.includes("tfstate") || name === "cdktf.out"),
  ).toEqual([]);
});

test("below node_modules nothing is kept: it is refused, with the reason", async () => {
  expect(await quickturn(["plan"], path("node_modules/quickturn"))).toMatchObject({
    code: 64,
    stderr: expect.stringContaining(
      "is below node_modules: the next npm ci would delete what is kept there",
    ) as unknown,
  });
});
