import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import {
  connect as connectHttp2,
  constants,
  createServer,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";

/** Files that name types: configurations, their tests, and states. */
const FILES = /\.(tf|tf\.json|tftest\.hcl|tfstate)$/;

/**
 * Every name in the files below the folders that could be a type of the AWS provider's. Folders that do not exist name
 * none; `.terraform` and `node_modules` are left out.
 */
export function typesInUse(folders: readonly string[]): ReadonlySet<string> {
  return new Set(folders.flatMap(readTexts).flatMap((text) => text.match(/\baws_[a-z0-9_]+/g) ?? []));
}

function readTexts(folder: string): string[] {
  return ifThere(() => readdirSync(folder, { withFileTypes: true }), []).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === ".terraform" || entry.name === "node_modules" ? [] : readTexts(path);
    return FILES.test(entry.name) ? [ifThere(() => readFileSync(path, "utf8"), "")] : [];
  });
}

/** Other runs of terraform make and delete files meanwhile. */
function ifThere<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/**
 * Fields of GetProviderSchema's answer that are maps of resource and data source types to their schemas (terraform's
 * tfplugin5.proto and tfplugin6.proto).
 */
const TYPES = new Set([2, 3]);

/** Protobuf's wire type of a field with a length, the only one that the answer's own fields have. */
const DELIMITED = 2;

/** What every message of the answer should be. */
const EXPECTED = "expected GetProviderSchema's answer, as a provider of protocol 5 or 6 gives it";

/**
 * The answer to GetProviderSchema without the types that nobody uses. Of the AWS provider's 2,134 types a stack uses
 * some fifty, and reading the others takes 2.6 of the 2.7 seconds of processor time of terraform's smallest run.
 * @param message protobuf
 * @throws Error where it is another message
 */
export function narrowSchema(message: Buffer, isUsed: (type: string) => boolean): Buffer {
  const kept = readFields(message).filter(({ field, body }) => !TYPES.has(field) || isUsed(readKey(body)));
  return Buffer.concat(kept.map(({ whole }) => whole));
}

/** A map's entry is a message, whose first field is the key. */
function readKey(entry: Buffer): string {
  const key = readFields(entry).find(({ field }) => field === 1);
  if (key === undefined) throw new Error(`A schema has no name; ${EXPECTED}`);
  return key.body.toString("utf8");
}

interface Field {
  readonly field: number;
  readonly body: Buffer;
  /** With its tag and its length. */
  readonly whole: Buffer;
}

function readFields(message: Buffer): Field[] {
  const found: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at);
    const length = readVarint(message, tag.end);
    const end = length.end + length.value;
    if ((tag.value & 7) !== DELIMITED || end > message.length)
      throw new Error(`Byte ${at} of a message begins no field; ${EXPECTED}`);
    found.push({
      field: tag.value >>> 3,
      body: message.subarray(length.end, end),
      whole: message.subarray(at, end),
    });
    at = end;
  }
  return found;
}

/** Seven bits a byte, the lowest first; the highest bit says that there is more. */
function readVarint(message: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from; at < message.length; at++) {
    const byte = message[at]!;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error("A number is cut off in GetProviderSchema's answer");
}

/** A socket in front of a provider's. */
export interface NarrowProvider {
  stop(): Promise<void>;
}

/** Bytes. The provider's answers are megabytes; HTTP/2's own window of 64 KB would cost a round trip each. */
const WINDOW_BYTES = 2 ** 25;

/** A gRPC message follows its compression flag and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5;

const SCHEMA_CALL = /\/Get(Provider)?Schema$/;

/**
 * Stands between terraform and a provider that is kept. It asks the provider for its schema once, and tells terraform
 * only of the types in use. Everything else passes unchanged.
 * @param upstream path of the provider's Unix socket
 * @param socket path of the socket to listen at
 * @param isUsed is called at each run of terraform, because configurations change
 */
export async function narrowProvider(
  upstream: string,
  socket: string,
  isUsed: () => (type: string) => boolean,
): Promise<NarrowProvider> {
  const provider = connectHttp2("http://localhost", {
    createConnection: () => connect(upstream),
    settings: { initialWindowSize: WINDOW_BYTES },
  });
  // When the provider ends, each of its calls reports an error of its own.
  provider.on("error", () => undefined);
  let schema: Promise<Answer> | undefined;
  const readNarrowed = async (headers: IncomingHttpHeaders): Promise<Answer> => {
    schema ??= readAnswer(provider.request(filterHeaders(headers)));
    const answer = await schema.catch((cause: unknown) => {
      schema = undefined;
      throw cause;
    });
    return { ...answer, message: narrowSchema(answer.message, isUsed()) };
  };
  const server = createServer({ settings: { initialWindowSize: WINDOW_BYTES } });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (call, headers) => {
    call.on("error", () => undefined);
    if (SCHEMA_CALL.test(headers[":path"] ?? ""))
      readNarrowed(headers).then(
        (answer) => sendAnswer(call, answer),
        () => call.close(constants.NGHTTP2_INTERNAL_ERROR),
      );
    else relay(call, provider.request(filterHeaders(headers)));
  });
  server.listen(socket);
  await once(server, "listening");
  const stop = async () => {
    for (const session of sessions) session.destroy();
    provider.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return { stop };
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly message: Buffer;
}

const PASSED = /^(:path|:method|te|user-agent|content-type|grpc-.*)$/;
const filterHeaders = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED.test(name)));
const respond = (call: ServerHttp2Stream, headers: IncomingHttpHeaders, trailers: () => IncomingHttpHeaders) => {
  call.respond({ ":status": 200, ...filterHeaders(headers) }, { waitForTrailers: true });
  call.once("wantTrailers", () => call.sendTrailers(filterHeaders(trailers())));
};

/**
 * Passes a call and its answer on. An answer is complete when its trailers have come. The call also ends where the
 * provider ends in the middle of an answer, or drops the call.
 */
function relay(call: ServerHttp2Stream, asked: ClientHttp2Stream): void {
  let trailers: IncomingHttpHeaders | undefined;
  const fail = () => call.close(constants.NGHTTP2_INTERNAL_ERROR);
  const finish = () => {
    if (trailers !== undefined && !call.destroyed) call.end();
  };
  asked.on("trailers", (given: IncomingHttpHeaders) => (trailers = given));
  asked.on("response", (headers, flags) => {
    if (call.destroyed) return;
    // An error without a message comes as headers that end the answer.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      trailers = headers;
      return call.respond({ ":status": 200, ...filterHeaders(headers) }, { endStream: true });
    }
    respond(call, headers, () => trailers ?? {});
    asked.pipe(call, { end: false });
  });
  asked.on("end", finish);
  asked.on("close", () => (trailers === undefined ? fail() : finish()));
  asked.on("error", fail);
  call.on("aborted", () => asked.close(constants.NGHTTP2_CANCEL));
  call.pipe(asked);
}

/** Sends an empty message and reads the whole answer. @throws Error where the provider gives none */
function readAnswer(asked: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let [headers, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}];
    const chunks: Buffer[] = [];
    asked.on("response", (given) => (headers = given));
    asked.on("trailers", (given: IncomingHttpHeaders) => (trailers = given));
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("error", reject);
    asked.on("close", () => {
      if (trailers["grpc-status"] === "0")
        return resolve({ headers, trailers, message: Buffer.concat(chunks).subarray(PREFIX_BYTES) });
      const problem = trailers["grpc-message"] ?? headers["grpc-message"] ?? "the connection ended";
      reject(new Error(`The provider gave no schema: ${String(problem)}`));
    });
    asked.end(Buffer.alloc(PREFIX_BYTES));
  });
}

function sendAnswer(call: ServerHttp2Stream, { headers, trailers, message }: Answer): void {
  if (call.destroyed) return;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  respond(call, headers, () => trailers);
  call.end(Buffer.concat([prefix, message]));
}
