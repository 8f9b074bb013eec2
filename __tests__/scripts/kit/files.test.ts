import { statSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  writeFolder,
  writePrivately,
  writeReport,
  writeAtomically,
  ownFile,
  deterministicZip,
} from "../../../scripts/kit/files";
import { UsageError } from "../../../scripts/kit/context";
import { temporaryFolder } from "../../support/temporary-folder";
import { execFileSync } from "node:child_process";
import { PROJECT } from "../../support/stack-json";
import { unzipSync } from "fflate";

describe("files", () => {
  const folder = temporaryFolder("files");
  const path = (name: string) => join(folder, name);
  const mode = (name: string) => (statSync(path(name)).mode & 0o777).toString(8);

  test("a report that cannot be written names the path that was given, and why", () => {
    writeFileSync(path("file"), "");
    const write = () => writeReport(path("file/page.html"), "x");
    expect(write).toThrow(UsageError);
    expect(write).toThrow(/file\/page\.html cannot be written \(E[A-Z]+\); allowed: a path where you may write\.$/);
  });

  test("what holds values is its owner's alone, while a report and its folder follow the user's umask", () => {
    const before = process.umask(0o027);
    try {
      writePrivately();
      // Each command of a process asks for it.
      writePrivately();
      writeReport(path("reports/review.md"), "x");
      writeFolder(path("release"), { "notes.md": Buffer.from("x") });
      writeAtomically(path("values/kept.json"), "{}");
    } finally {
      process.umask(before);
    }
    expect(
      Object.fromEntries(
        ["reports", "reports/review.md", "release", "release/notes.md", "values", "values/kept.json"].map((name) => [
          name,
          mode(name),
        ]),
      ),
    ).toEqual({
      reports: "750",
      "reports/review.md": "640",
      release: "750",
      "release/notes.md": "640",
      values: "700",
      "values/kept.json": "600",
    });
  });
});

describe("own file", () => {
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
    const script = `
      const { ownFile } = require("./scripts/kit/files.ts");
      const folder = ${JSON.stringify(folder)};
      require("node:fs").writeFileSync(folder + "/" + ownFile(folder, "a"), "secret");
      console.log(require("node:fs").readdirSync(folder).length)`;
    expect(
      execFileSync(process.execPath, ["--require", "tsx/cjs", "-e", script], { cwd: PROJECT, encoding: "utf8" }),
    ).toBe("1\n");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("zip", () => {
  const text = (value: string) => new TextEncoder().encode(value);

  test("the same files make the same bytes, in whatever order they are given", () => {
    const one = deterministicZip({ "a.mjs": text("a".repeat(1_000)), "b.mjs": text("b") });
    const other = deterministicZip({ "b.mjs": text("b"), "a.mjs": text("a".repeat(1_000)) });
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true);
    expect(Object.keys(unzipSync(one))).toEqual(["a.mjs", "b.mjs"]);
  });

  test("the time zone does not matter", () => {
    const zip = (zone: string) =>
      execFileSync(
        process.execPath,
        [
          "--require",
          "tsx/cjs",
          "-e",
          `const zip = require("./scripts/kit/files.ts").deterministicZip({ a: new Uint8Array([1]) });
           process.stdout.write(Buffer.from(zip).toString("hex"));`,
        ],
        { cwd: join(__dirname, "../../.."), env: { PATH: process.env["PATH"], TZ: zone }, encoding: "utf8" },
      );
    const inUtc = zip("UTC");
    expect(inUtc.length).toBeGreaterThan(100);
    expect(zip("Asia/Tokyo")).toBe(inUtc);
  });

  test("files come out readable by all and writable by their owner, as Lambda needs them", () => {
    const path = join(temporaryFolder("zip"), "a.zip");
    writeFileSync(path, deterministicZip({ "index.mjs": text("x") }));
    const script =
      "import sys, zipfile; print([oct(i.external_attr >> 16) for i in zipfile.ZipFile(sys.argv[1]).infolist()])";
    expect(execFileSync("python3", ["-c", script, path], { encoding: "utf8" }).trim()).toBe("['0o100644']");
  });
});
