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

/** What names types: configurations, their tests, and states. */
const FILES = /\.(tf|tf\.json|tftest\.hcl|tfstate)$/;

/**
 * Every name below folders that could be a type of the AWS provider's; what lies in `.terraform` is left out. Folders
 * that are not there name none.
 */
export function typesInUse(folders: readonly string[]): ReadonlySet<string> {
  return new Set(folders.flatMap(textsBelow).flatMap((text) => text.match(/\baws_[a-z0-9_]+/g) ?? []));
}

function textsBelow(folder: string): string[] {
  return entries(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === ".terraform" || entry.name === "node_modules" ? [] : textsBelow(path);
    return FILES.test(entry.name) ? [textOf(path)] : [];
  });
}

/** Runs of terraform come and go, and their files with them. */
function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Fields of GetProviderSchema's answer that are maps of resource and data source types to their schemas (terraform's
 * tfplugin5.proto and tfplugin6.proto).
 */
const TYPES = new Set([2, 3]);

/** Length-delimited, the only kind that the answer's own fields are of. */
const DELIMITED = 2;

/**
 * The answer to GetProviderSchema without the types that nobody uses. Of the AWS provider's 2,134 types a stack uses
 * some fifty, and to read the others is 2.6 of the 2.7 seconds of processor time of terraform's smallest run.
 * @param message protobuf
 * @throws Error where it is none
 */
export function narrowSchema(message: Buffer, isUsed: (type: string) => boolean): Buffer {
  const kept: Buffer[] = [];
  for (const { field, body, whole } of fields(message)) {
    if (!TYPES.has(field) || isUsed(keyOf(body))) kept.push(whole);
  }
  return Buffer.concat(kept);
}

/** A map's entry is a message, whose first field is the key. */
function keyOf(entry: Buffer): string {
  for (const { field, body } of fields(entry)) {
    if (field === 1) return body.toString("utf8");
  }
  throw new Error(
    "A schema has no name; expected GetProviderSchema's answer, as a provider of protocol 5 or 6 gives it",
  );
}

function* fields(
  message: Buffer,
): Generator<{ readonly field: number; readonly body: Buffer; readonly whole: Buffer }> {
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at);
    const length = varint(message, tag.end);
    const end = length.end + length.value;
    if ((tag.value & 7) !== DELIMITED || end > message.length)
      throw new Error(
        `Byte ${at} begins no field of GetProviderSchema's answer, as a provider of protocol 5 or 6 gives it`,
      );
    yield { field: tag.value >>> 3, body: message.subarray(length.end, end), whole: message.subarray(at, end) };
    at = end;
  }
}

/** Seven bits a byte, the lowest first; the highest bit says that there is more. */
function varint(message: Buffer, from: number): { readonly value: number; readonly end: number } {
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
 * Stands between terraform and a provider that is kept, asks it for its schema once, and tells terraform of the types
 * in use alone. Everything else passes as it is.
 * @param upstream path of the provider's Unix socket
 * @param socket path of the one to listen at
 * @param isUsed asked anew at each run of terraform: configurations change
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
  // A provider that ends takes its calls with it, and each of them says so.
  provider.on("error", () => undefined);
  let schema: Promise<Answer> | undefined;
  const narrowed = async (headers: IncomingHttpHeaders): Promise<Answer> => {
    schema ??= askedOnce(provider.request(passedOn(headers)));
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
      narrowed(headers).then(
        (answer) => give(call, answer),
        () => call.close(constants.NGHTTP2_INTERNAL_ERROR),
      );
    else relay(call, provider.request(passedOn(headers)));
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
const passedOn = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED.test(name)));
const respond = (call: ServerHttp2Stream, headers: IncomingHttpHeaders, trailers: () => IncomingHttpHeaders) => {
  call.respond({ ":status": 200, ...passedOn(headers) }, { waitForTrailers: true });
  call.once("wantTrailers", () => call.sendTrailers(passedOn(trailers())));
};

/**
 * An answer is whole when its trailers have come. A provider that ends in the middle, or lets a call go without a word,
 * must leave nobody waiting.
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
    // An error alone comes as headers that end the answer.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      trailers = headers;
      return call.respond({ ":status": 200, ...passedOn(headers) }, { endStream: true });
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

/** The whole answer to a request that says nothing. @throws Error where the provider gives none */
function askedOnce(asked: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let [headers, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}];
    const chunks: Buffer[] = [];
    asked.on("response", (given) => (headers = given));
    asked.on("trailers", (given: IncomingHttpHeaders) => (trailers = given));
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("error", reject);
    asked.on("close", () => {
      const status = trailers["grpc-status"];
      if (status === "0") resolve({ headers, trailers, message: Buffer.concat(chunks).subarray(PREFIX_BYTES) });
      else
        reject(
          new Error(
            "The provider gave no schema: " +
              String(trailers["grpc-message"] ?? headers["grpc-message"] ?? "the connection ended"),
          ),
        );
    });
    asked.end(Buffer.alloc(PREFIX_BYTES));
  });
}

function give(call: ServerHttp2Stream, { headers, trailers, message }: Answer): void {
  if (call.destroyed) return;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  respond(call, headers, () => trailers);
  call.end(Buffer.concat([prefix, message]));
}
