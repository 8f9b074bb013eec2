import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { rootCertificates } from "node:tls";
import { EnvHttpProxyAgent, stream } from "undici";
import { openPromise } from "yauzl";
import { isOfDisk } from "./cache";
import { mirrored, type Archive } from "./pins";

export interface DownloadOptions {
  /** The user's environment: its proxies, certificates and mirror are used. */
  readonly environment: NodeJS.ProcessEnv;
  /** Given how far it is. */
  readonly detail: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What arrived is not what is pinned. Nothing of it is kept. */
export class WrongChecksum extends Error {
  override readonly name = "WrongChecksum";
}

/** Attempts without a further byte before a download is given up. */
const FRUITLESS_ATTEMPTS = 3;
const MEGABYTE = 1_000_000;

/**
 * Fetches an archive to a file. What a cut connection or a killed run has left in the file is kept, and the rest is
 * asked for.
 * @throws WrongChecksum where its SHA-256 is none of the pinned ones
 */
export async function download(archive: Archive, path: string, options: DownloadOptions): Promise<void> {
  const url = mirrored(archive.url, options.environment);
  mkdirSync(dirname(path), { recursive: true });
  for (let fruitless = 0; ; ) {
    const before = sizeOf(path);
    try {
      await fetchRest(url, path, options);
      break;
    } catch (error) {
      options.signal.throwIfAborted();
      if (isOfDisk(error)) {
        rmSync(path, { force: true });
        throw error;
      }
      fruitless = sizeOf(path) > before ? 0 : fruitless + 1;
      if (!(error instanceof CutShort) || fruitless >= FRUITLESS_ATTEMPTS) throw explain(error, url);
    }
  }
  const found = await hashFile(path);
  if (archive.sha256.includes(found)) return;
  rmSync(path, { force: true });
  throw new WrongChecksum(
    `${url} has the SHA-256 ${found}, and pinned is ${archive.sha256.join(" or ")}. Nothing of it was kept. Either ` +
      "the server, a proxy or QUICKTURN_TOOLCHAIN_MIRROR gives another file than the one that was pinned.",
  );
}

/** The connection ended before the file did: to be tried again. */
class CutShort extends Error {}

async function fetchRest(url: string, path: string, { environment, detail, signal }: DownloadOptions): Promise<void> {
  const have = sizeOf(path);
  let [refusal, total] = ["no answer", 0];
  const options = { dispatcher: proxyAgent(environment), method: "GET", signal } as const;
  await stream(
    url,
    { ...options, ...(have > 0 && { headers: { range: `bytes=${have}-` } }) },
    ({ statusCode, headers }) => {
      const goesOn = statusCode === 206 && String(headers["content-range"]).startsWith(`bytes ${have}-`);
      refusal = statusCode === 200 || goesOn ? "" : `it answers ${statusCode}`;
      if (refusal !== "") return new Writable({ write: (_chunk, _encoding, done) => done() });
      const start = goesOn ? have : 0;
      total = start + Number(headers["content-length"] ?? 0);
      return writeFile(path, { flags: goesOn ? "a" : "w", count: countBytes(start, total, detail) });
    },
  ).catch((cause: Error) => {
    throw isOfDisk(cause) ? cause : new CutShort(refusal || "the connection was cut", { cause });
  });
  // The file is longer than what the server has: it is of another one.
  if (refusal.endsWith("416")) rmSync(path, { force: true });
  if (/ (416|5..)$/.test(refusal)) throw new CutShort(refusal);
  if (refusal !== "") throw new Error(refusal);
  if (sizeOf(path) < total) throw new CutShort("the connection was cut");
}

/** Writes each chunk before the next one is taken, so that what has come is kept where the connection is cut. */
function writeFile(path: string, { flags, count }: { flags: "a" | "w"; count: (bytes: number) => void }): Writable {
  const file = openSync(path, flags);
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
        count(chunk.length);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      closeSync(file);
      done(error);
    },
  });
}

/** Says how many megabytes of how many have come, and how fast. */
function countBytes(start: number, total: number, detail: (text: string) => void): (bytes: number) => void {
  const begun = performance.now();
  let received = 0;
  return (bytes) => {
    received += bytes;
    const rate = received / MEGABYTE / Math.max((performance.now() - begun) / 1_000, 0.001);
    const done = ((start + received) / MEGABYTE).toFixed(1);
    detail(`${done} of ${total > start ? (total / MEGABYTE).toFixed(1) : "?"} MB, ${rate.toFixed(1)} MB/s`);
  };
}

/** Goes by the proxy and the certificates that the environment names, as curl and pip do. */
function proxyAgent(environment: NodeJS.ProcessEnv): EnvHttpProxyAgent {
  const named = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const certificates = environment["SSL_CERT_FILE"] || environment["NODE_EXTRA_CA_CERTS"];
  const ca =
    certificates && existsSync(certificates) ? [...rootCertificates, readFileSync(certificates, "utf8")] : undefined;
  return new EnvHttpProxyAgent({
    httpProxy: named("HTTP_PROXY"),
    httpsProxy: named("HTTPS_PROXY"),
    noProxy: named("NO_PROXY"),
    ...(ca && { connect: { ca }, requestTls: { ca } }),
  });
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function explain(error: unknown, url: string): Error {
  const causes = (reason: unknown): string[] =>
    reason instanceof Error ? [reason.message, ...causes(reason.cause)] : [];
  return new Error(
    `${url} could not be fetched: ${causes(error).filter(Boolean).join(": ")}. What has come so far is kept, and the ` +
      "next run goes on from there. Behind a proxy set HTTPS_PROXY; for a mirror set QUICKTURN_TOOLCHAIN_MIRROR.",
    { cause: error },
  );
}

/** Unpacks a zip of programs: its files may be executed. */
export async function unpackPrograms(zip: string, folder: string): Promise<void> {
  const archive = await openPromise(zip);
  for await (const entry of archive.eachEntry()) {
    if (entry.fileName.endsWith("/")) continue;
    // The library refuses names that lead out of the folder.
    const path = join(folder, entry.fileName);
    mkdirSync(dirname(path), { recursive: true });
    await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(path, { mode: 0o755 }));
  }
}
