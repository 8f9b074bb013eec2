import { execFileSync } from "node:child_process";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownFile } from "../../../scripts/tools/own-file";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

test("a process has its own, the same each time, which no other process has", () => {
  const folder = temporaryFolder("own");
  expect(ownFile(folder, "a.tfplan")).toBe(ownFile(folder, "a.tfplan"));
  expect(ownFile(folder, "a.tfplan")).toMatch(new RegExp(`^run-${process.pid}-a\\.tfplan$`));
});

test("what a dead process has left goes after an hour; what stands there otherwise stays", () => {
  const folder = temporaryFolder("own");
  // No process has so high an id: Linux ends at 4,194,304.
  for (const name of ["run-9999991-a.tfplan", "run-9999992-a.tfplan", "run-1-a.tfplan", "quickturn.tfplan"])
    writeFileSync(join(folder, name), "");
  for (const name of ["run-9999991-a.tfplan", "run-1-a.tfplan", "quickturn.tfplan"])
    utimesSync(join(folder, name), new Date(0), new Date(0));
  ownFile(folder, "b.tfplan");
  expect(readdirSync(folder).sort()).toEqual(["quickturn.tfplan", "run-1-a.tfplan", "run-9999992-a.tfplan"]);
});

test("it goes with the process", () => {
  const folder = temporaryFolder("own");
  const script = `const { ownFile } = require("./scripts/tools/own-file.ts"); require("node:fs").writeFileSync(${JSON.stringify(folder)} + "/" + ownFile(${JSON.stringify(folder)}, "a"), "secret"); console.log(require("node:fs").readdirSync(${JSON.stringify(folder)}).length)`;
  expect(
    execFileSync(process.execPath, ["--require", "tsx/cjs", "-e", script], { cwd: PROJECT, encoding: "utf8" }),
  ).toBe("1\n");
  expect(readdirSync(folder)).toEqual([]);
});
