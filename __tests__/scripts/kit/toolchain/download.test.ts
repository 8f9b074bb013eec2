import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { download, unpackPrograms, WrongChecksum } from "../../../../scripts/kit/toolchain/download";
import { deterministicZip } from "../../../../scripts/kit/files";
import { ArchiveServer } from "../../../support/archive-server";
import { temporaryFolder } from "../../../support/temporary-folder";

const CONTENT = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

let server: ArchiveServer;
let url: string;
beforeAll(async () => {
  const folder = temporaryFolder("archives");
  writeFileSync(join(folder, "tool.zip"), CONTENT);
  server = new ArchiveServer(folder);
  url = await server.start();
});
beforeEach(() => {
  server.asked.length = 0;
  server.faults = {};
});
afterAll(() => server.stop());

const said: string[] = [];
const options = (environment: NodeJS.ProcessEnv = {}) => ({
  environment,
  detail: (text: string) => void said.push(text),
  signal: new AbortController().signal,
});
const archive = (sha256 = SHA256) => ({ url: `${url}/tool.zip`, sha256: [sha256] });
const target = () => join(temporaryFolder("download"), "below", "tool.zip");

test("a file arrives whole, and how far it is is said in megabytes", async () => {
  const path = target();
  await download(archive(), path, options());
  expect(readFileSync(path)).toEqual(CONTENT);
  expect(said.at(-1)).toMatch(/^0\.0 of 0\.0 MB, \d+\.\d MB\/s$/);
});

test("wherever the connection is cut, it is asked again, until the file is whole", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 900, max: CONTENT.length - 1 }), async (cutAfter) => {
      server.asked.length = 0;
      server.faults = { cutAfter };
      const path = target();
      await download(archive(), path, options());
      expect(readFileSync(path)).toEqual(CONTENT);
      expect(server.asked.length).toBeGreaterThan(1);
    }),
    { numRuns: 8 },
  );
});

test("a run goes on with what a killed one has left", async () => {
  const path = join(temporaryFolder("killed"), "tool.zip");
  writeFileSync(path, CONTENT.subarray(0, 4_000));
  await download(archive(), path, options());
  expect(readFileSync(path)).toEqual(CONTENT);
  expect(server.asked).toEqual(["/tool.zip bytes=4000-"]);
});

test("a server that sends the whole file again is taken at its word", async () => {
  server.faults = { ignoresRanges: true };
  const path = join(temporaryFolder("again"), "tool.zip");
  writeFileSync(path, CONTENT.subarray(0, 4_000));
  await download(archive(), path, options());
  expect(readFileSync(path)).toEqual(CONTENT);
});

test("of a file that is longer than the server's nothing is kept", async () => {
  const path = join(temporaryFolder("longer"), "tool.zip");
  writeFileSync(path, Buffer.alloc(9_000));
  await download(archive(), path, options());
  expect(readFileSync(path)).toEqual(CONTENT);
});

test("a wrong checksum is refused with both, and nothing of the file stays", async () => {
  const path = target();
  const refused = download(archive("0".repeat(64)), path, options());
  await expect(refused).rejects.toThrow(WrongChecksum);
  await expect(refused).rejects.toThrow(`has the SHA-256 ${SHA256}, and pinned is ${"0".repeat(64)}`);
  expect(existsSync(path)).toBe(false);
});

test("a server that is gone or refuses is named, with what helps", async () => {
  server.faults = { status: 403 };
  await expect(download(archive(), target(), options())).rejects.toThrow(
    /tool\.zip could not be fetched: it answers 403\. .*HTTPS_PROXY; for a mirror set QUICKTURN_TOOLCHAIN_MIRROR/,
  );
  server.faults = { status: 503 };
  await expect(download(archive(), target(), options())).rejects.toThrow("it answers 503");
  expect(server.asked).toHaveLength(4);
});

test("a mirror has the same paths", async () => {
  const path = target();
  const mirrored = { url: "https://releases.example/tool.zip", sha256: [SHA256] };
  await download(mirrored, path, options({ QUICKTURN_TOOLCHAIN_MIRROR: `${url}/` }));
  expect(server.asked).toEqual(["/tool.zip"]);
});

test("the proxy of the environment is asked", async () => {
  const far = { url: "http://far.example/tool.zip", sha256: [SHA256] };
  const path = target();
  await download(far, path, options({ http_proxy: url })).catch((error: unknown) => error);
  // A proxy for HTTP is asked for a tunnel, or for the whole address.
  expect(server.asked.length + server.tunnels).toBeGreaterThan(0);
});

test("what is unpacked can be executed, and lies inside the folder", async () => {
  const folder = temporaryFolder("unpacked");
  const zip = join(folder, "a.zip");
  writeFileSync(zip, deterministicZip({ tool: Buffer.from("#!/bin/sh\n"), "below/LICENSE": Buffer.from("free") }));
  await unpackPrograms(zip, join(folder, "here"));
  expect(statSync(join(folder, "here/tool")).mode & 0o111).not.toBe(0);
  expect(readFileSync(join(folder, "here/below/LICENSE"), "utf8")).toBe("free");
});
