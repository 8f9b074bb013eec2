import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonLog, mixedRuns, slowRuns, textLog } from "../../support/published-runs";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("million-lines");

test("a million lines are read as they come: they take less than 300 MB", async () => {
  const path = join(folder, "million.log");
  const out = createWriteStream(path);
  const [text, json] = [textLog(slowRuns(), 512), jsonLog(mixedRuns(), 1_024)].map((log) =>
    log.split("\n").filter((line) => /REPORT RequestId|platform\.report/.test(line)),
  );
  const block = Buffer.from(
    `${Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? text![index % 44] : json![index % 151])).join("\n")}\n`,
  );
  for (let written = 0; written < 1_000; written++) if (!out.write(block)) await once(out, "drain");
  out.end();
  await once(out, "finish");
  const script = join(folder, "measure.ts");
  writeFileSync(
    script,
    `
    import { analyze } from ${JSON.stringify(join(PROJECT, "scripts/analyze/analyze"))};
    import { SILENT } from ${JSON.stringify(join(PROJECT, "scripts/kit/context"))};
    analyze({ projectDirectory: ".", environment: {}, progress: SILENT, signal: new AbortController().signal }, { files: [${JSON.stringify(path)}] }).then(({ json }) => {
      console.log(JSON.stringify({ runs: (json as { analysis: { count: number } }).analysis.count, mebibytes: process.resourceUsage().maxRSS / 1024 }));
    });`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", script], {
    encoding: "utf8",
    cwd: PROJECT,
  });
  expect(stderr.replaceAll(/^.*[Ww]arning.*$/gm, "").trim()).toBe("");
  const measured = JSON.parse(stdout) as { runs: number; mebibytes: number };
  expect(measured.runs).toBe(1_000_000);
  expect(measured.mebibytes).toBeLessThan(300);
});
