import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fetchPackages, type PackageSet } from "../../../../scripts/kit/toolchain/npm-packages";
import { temporaryFolder } from "../../../support/temporary-folder";

/** A registry on loopback with one package, which npm itself packed. */
let registry: Server;
let archive: Buffer;
let asked: string[] = [];

beforeAll(async () => {
  const folder = temporaryFolder("package");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "small", version: "1.0.0" }));
  writeFileSync(join(folder, "index.js"), "module.exports = 42;\n");
  execFileSync("npm", ["pack"], { cwd: folder, stdio: "ignore" });
  archive = readFileSync(join(folder, "small-1.0.0.tgz"));
  registry = createServer(({ url = "" }, response) => {
    asked.push(url);
    const dist = { tarball: `${address()}/small/-/small-1.0.0.tgz`, integrity: integrityOf(archive) };
    const versions = { "1.0.0": { name: "small", version: "1.0.0", dist } };
    response.end(url.endsWith(".tgz") ? archive : JSON.stringify({ name: "small", versions }));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
});
afterAll(() => registry.close());
beforeEach(() => (asked = []));

const address = () => `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
const integrityOf = (content: Uint8Array) => `sha512-${createHash("sha512").update(content).digest("base64")}`;
const setOf = (integrity: string): PackageSet => {
  const root = { name: "set", dependencies: { small: "1.0.0" } };
  const packages = { "": root, "node_modules/small": { version: "1.0.0", integrity } };
  return { title: "Small", megabytes: 1, lock: { name: "set", lockfileVersion: 3, packages } as PackageSet["lock"] };
};

/** A user without anything in the cache. */
function newUser() {
  const cache = temporaryFolder("cache");
  const env = { PATH: process.env["PATH"], HOME: cache, XDG_CACHE_HOME: cache, npm_config_registry: address() };
  const notes: string[] = [];
  const fetch = (set: PackageSet, more = {}) =>
    fetchPackages(set, (text) => void notes.push(text), { ...env, ...more });
  return { fetch, notes, kept: () => readdirSync(join(cache, "quickturn")) };
}

test("a set is fetched once, and what, how much and where to is told before", async () => {
  const { fetch, notes, kept } = newUser();
  const set = setOf(integrityOf(archive));
  const packages = await fetch(set);
  expect(readFileSync(join(packages, "small/index.js"), "utf8")).toBe("module.exports = 42;\n");
  expect(notes).toEqual([`Fetching Small (1 MB, once) with npm to ${join(packages, "..")}`]);
  expect(asked).toContain("/small/-/small-1.0.0.tgz");
  asked = [];
  expect(await fetch(set, { QUICKTURN_OFFLINE: "1" })).toBe(packages);
  expect([asked, notes.length, kept()]).toEqual([[], 1, [expect.stringMatching(/^set-[0-9a-f]{12}$/)]]);
});

test("two that fetch at once both have it, and nothing else stays", async () => {
  const { fetch, kept } = newUser();
  const set = setOf(integrityOf(archive));
  const [one, other] = await Promise.all([fetch(set), fetch(set)]);
  expect([one, kept().length]).toEqual([other, 1]);
});

test("an archive that is not the lock file's is refused, and nothing of it stays", async () => {
  const { fetch, kept } = newUser();
  await expect(fetch(setOf(integrityOf(Buffer.from("another"))))).rejects.toThrow("EINTEGRITY");
  expect(kept()).toEqual([]);
});

test("without a network that is said, and nothing is asked for", async () => {
  const { fetch } = newUser();
  await expect(fetch(setOf(integrityOf(archive)), { QUICKTURN_OFFLINE: "1" })).rejects.toThrow(
    /^Small is not in .*quickturn\/set-[0-9a-f]{12}, and QUICKTURN_OFFLINE=1 forbids to fetch it\.$/,
  );
  expect(asked).toEqual([]);
});
