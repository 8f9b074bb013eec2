import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { deterministicZip } from "../../../scripts/tools/zip";
import { temporaryFolder } from "../../support/temporary-folder";

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
        "--import",
        "tsx",
        "-e",
        `import("./scripts/tools/zip.ts").then(({ deterministicZip }) => process.stdout.write(Buffer.from(deterministicZip({ a: new Uint8Array([1]) })).toString("hex")))`,
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
