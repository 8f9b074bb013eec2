import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { projectCopy } from "../../support/project-copy";
import { PROJECT } from "../../support/stack-json";

/** SHA-256 of each file that synth and package write, by path. */
function written(project: string): Record<string, string> {
  const files = ["cdktf.out", "dist/functions", "dist/maps"].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() &&
          !entry.parentPath.includes(".terraform") &&
          !/tfstate|tfplan|terraform\.lock|cdktf\.log/.test(entry.name),
      )
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(
    files
      .sort()
      .map((file) => [file.slice(project.length), createHash("sha256").update(readFileSync(file)).digest("hex")]),
  );
}

test("a clone in another folder, at another time, in another zone, writes the same bytes", () => {
  const copy = projectCopy();
  execFileSync(process.execPath, ["scripts/bin/quickturn.js", "synth"], {
    cwd: copy,
    stdio: "ignore",
    env: { PATH: process.env["PATH"], TZ: "Asia/Tokyo", HOME: copy, QUICKTURN_STACKS: "all" },
  });
  const here = written(PROJECT);
  expect(Object.keys(here)).toEqual(
    expect.arrayContaining([
      "/cdktf.out/stacks/agent-api/cdk.tf.json",
      "/cdktf.out/stacks/agent-api/assets/api.zip",
      "/dist/functions/worker.zip",
      "/dist/maps/api/index.mjs.map",
    ]),
  );
  expect(written(copy)).toEqual(here);
});
