import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { canariesIn, filesBelow } from "./canary-places";

const CANARY = "canary-of-a-prompt-1234567890";

test("a canary is found as it is, in base64 at any offset, and in a zip's files, and is told with its place", () => {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-canary-"));
  try {
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "plain.txt"), `before ${CANARY} after`);
    writeFileSync(join(folder, "clean.txt"), "canary-of-a-prompt");
    writeFileSync(join(folder, "deep", "code.zip"), zipSync({ "index.mjs": Buffer.from(`${"a".repeat(5_000)}${CANARY}`) }));
    const encoded = Object.fromEntries(["", "1", "12", "123"].map((before) => [`${before.length} bytes in`, Buffer.from(`${before}${CANARY}, and more`).toString("base64")]));
    expect(canariesIn({ prompt: CANARY, other: "elsewhere-0123456789" }, { ...filesBelow(folder, "file"), ...encoded })).toEqual([
      "prompt in 0 bytes in", "prompt in 1 bytes in", "prompt in 2 bytes in", "prompt in 3 bytes in", "prompt in file deep/code.zip", "prompt in file plain.txt",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a folder without files shows nothing, and is an error", () => {
  expect(() => filesBelow("/nowhere/at-all", "file")).toThrow("/nowhere/at-all holds no files; expected some to look into.");
});
