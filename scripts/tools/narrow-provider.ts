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
import { narrowSchema } from "./narrow-schema";

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
            `The provider gave no schema: ${String(trailers["grpc-message"] ?? headers["grpc-message"] ?? "the connection ended")}`,
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
