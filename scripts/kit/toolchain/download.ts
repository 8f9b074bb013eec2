import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { rootCertificates } from "node:tls";
import { EnvHttpProxyAgent, request } from "undici";
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
  const { statusCode, headers, body } = await request(url, {
    dispatcher: proxyAgent(environment),
    signal,
    ...(have > 0 && { headers: { range: `bytes=${have}-` } }),
  }).catch((cause: unknown) => {
    throw new CutShort("no answer", { cause });
  });
  const goesOn = statusCode === 206 && String(headers["content-range"]).startsWith(`bytes ${have}-`);
  if (statusCode !== 200 && !goesOn) {
    await body.dump();
    // The file is longer than what the server has: it is of another one.
    if (statusCode === 416) rmSync(path, { force: true });
    throw statusCode === 416 || statusCode >= 500
      ? new CutShort(`it answers ${statusCode}`)
      : new Error(`it answers ${statusCode}`);
  }
  const start = goesOn ? have : 0;
  const total = start + Number(headers["content-length"] ?? 0);
  const count = countBytes(start, total, detail);
  const file = createWriteStream(path, { flags: goesOn ? "a" : "w" });
  await pipeline(Readable.from(count(body)), file).catch((cause: NodeJS.ErrnoException) => {
    throw isOfDisk(cause) ? cause : new CutShort("the connection was cut", { cause });
  });
  if (sizeOf(path) < total) throw new CutShort("the connection was cut");
}

/** Passes chunks on, and says how many megabytes of how many have come, and how fast. */
function countBytes(start: number, total: number, detail: (text: string) => void) {
  const begun = performance.now();
  return async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let received = 0;
    for await (const chunk of body) {
      received += chunk.length;
      const rate = received / MEGABYTE / Math.max((performance.now() - begun) / 1_000, 0.001);
      const done = ((start + received) / MEGABYTE).toFixed(1);
      detail(`${done} of ${total > start ? (total / MEGABYTE).toFixed(1) : "?"} MB, ${rate.toFixed(1)} MB/s`);
      yield chunk;
    }
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
