import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packNpm } from "../../../scripts/publish/npm-package";
import { temporaryFolder } from "../../support/temporary-folder";

const ENV = { PATH: process.env["PATH"], HOME: temporaryFolder("home") };
const FILES = {
  "package.json": '{ "name": "@s/small", "version": "1.2.3", "files": ["lib", "dist/made"] }',
  "lib/run.js": "run",
  "lib/secret.js": "secret",
  "dist/made/x.zip": "zip",
  "other.txt": "other",
};
const GIVEN = ["package.json", "lib/run.js", "dist/made/x.zip", "other.txt"];

function folder(mode: number, year: number): string {
  const made = temporaryFolder("package");
  for (const [name, text] of Object.entries({ ...FILES, ".gitignore": "dist/\n" })) {
    const path = join(made, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, name === "lib/run.js" ? mode | 0o100 : mode);
    utimesSync(path, new Date(year, 0), new Date(year, 0));
  }
  return made;
}

test("npm takes the given files that package.json names, even from a folder that git ignores", async () => {
  const { name, files, content } = await packNpm(folder(0o600, 2026), GIVEN, {
    env: ENV,
    added: { "dist/made/NOTICES.txt": "notices" },
  });
  expect(name).toBe("s-small-1.2.3.tgz");
  expect(files).toEqual(["dist/made/NOTICES.txt", "dist/made/x.zip", "lib/run.js", "package.json"]);
  const path = join(temporaryFolder("archive"), name);
  writeFileSync(path, content);
  const listed = execFileSync("tar", ["--list", "--verbose", "--file", path], {
    encoding: "utf8",
    env: { ...ENV, TZ: "UTC" },
  });
  expect(listed).toMatch(/^-rwxr-xr-x .* package\/lib\/run\.js$/m);
  expect(listed).toMatch(/^-rw-r--r-- .* package\/dist\/made\/x\.zip$/m);
  expect(
    execFileSync("tar", ["--extract", "--to-stdout", "--file", path, "package/dist/made/NOTICES.txt"], {
      encoding: "utf8",
    }),
  ).toBe("notices");
});

test("files with other times and modes give the same bytes", async () => {
  const [one, other] = await Promise.all([
    packNpm(folder(0o600, 2026), GIVEN, { env: ENV }),
    packNpm(folder(0o664, 1999), [...GIVEN].reverse(), { env: ENV }),
  ]);
  expect(Buffer.from(one.content).equals(Buffer.from(other.content))).toBe(true);
});

test("a refusal of npm is an error with npm's words", async () => {
  const made = folder(0o600, 2026);
  writeFileSync(join(made, "package.json"), '{ "name": "no version" }');
  await expect(packNpm(made, GIVEN, { env: ENV })).rejects.toThrow(/npm pack ended with code 1:[\s\S]*Invalid/i);
});
