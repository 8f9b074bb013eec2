import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { readReportLines, splitLines } from "../../../scripts/tools/report-lines";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("report-lines");

async function lines(chunks: readonly Buffer[]): Promise<string[]> {
  const found: string[] = [];
  await splitLines(
    (async function* () {
      yield* chunks;
    })(),
    (line, number) => (found[number - 1] = line),
  );
  return found;
}

test("lines are the same wherever the chunks are cut, in letters of several bytes too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "ü", "€", "😀", "\n", "\r\n", "line")),
      fc.array(fc.nat(60)),
      async (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(""));
        const sorted = [
          0,
          ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((left, right) => left - right),
          bytes.length,
        ];
        const chunks = sorted
          .slice(1)
          .map((end, index) => bytes.subarray(sorted[index], end))
          .filter((chunk) => chunk.length > 0);
        const expected = pieces
          .join("")
          .split("\n")
          .map((line) => line.replace(/\r$/, ""));
        if (expected[expected.length - 1] === "") expected.pop();
        expect(await lines(chunks)).toEqual(expected);
      },
    ),
  );
});

test("UTF-16, which PowerShell writes, is read", async () => {
  expect(await lines([Buffer.from("\ufeffone\r\ntwo", "utf16le")])).toEqual(["\ufeffone", "two"]);
});

test("a line without an end is refused before it fills the memory", async () => {
  const long = Buffer.alloc(9 * 1_024 * 1_024, "x");
  await expect(lines([long, long])).rejects.toThrow("line 1 is longer than 16777216 characters");
});

test("a file and a zipped file give the same", async () => {
  writeFileSync(join(folder, "a.log"), "one\ntwo\n");
  writeFileSync(join(folder, "a.log.gz"), gzipSync("one\ntwo\n"));
  for (const name of ["a.log", "a.log.gz"]) {
    const found: string[] = [];
    expect(await readReportLines(join(folder, name), (line) => found.push(line))).toBe(2);
    expect(found).toEqual(["one", "two"]);
  }
});

test("what cannot be read is named, with the reason and what to give", async () => {
  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "broken.gz"), "no gzip");
  await expect(readReportLines(join(folder, "missing.log"), () => undefined)).rejects.toThrow(
    /missing\.log cannot be read: ENOENT.*Give a file of log lines, or - for standard input\./,
  );
  await expect(readReportLines(join(folder, "missing.gz"), () => undefined)).rejects.toThrow(
    /missing\.gz cannot be read: ENOENT/,
  );
  await expect(readReportLines(join(folder, "folder"), () => undefined)).rejects.toThrow(
    /folder cannot be read: EISDIR/,
  );
  await expect(readReportLines(join(folder, "broken.gz"), () => undefined)).rejects.toThrow(
    /broken\.gz cannot be read: incorrect header check/,
  );
});

test("an interrupt ends the reading", async () => {
  const aborted = AbortSignal.abort();
  await expect(readReportLines(join(folder, "a.log"), () => undefined, aborted)).rejects.toMatchObject({
    name: "AbortError",
  });
});
