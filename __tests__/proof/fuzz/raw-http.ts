import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What came back over the wire. */
export type WireAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** Names in lower case. */
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
      readonly ms: number;
    }
  /** The connection was closed or refused before there was a whole answer. */
  | { readonly kind: "closed"; readonly reason: string; readonly ms: number }
  /** Nothing came in time. */
  | { readonly kind: "hang"; readonly ms: number };

/** The values of a header, with commas between; undefined where it is not there. Name in lower case. */
export function headerOf(answer: Extract<WireAnswer, { kind: "answer" }>, name: string): string | undefined {
  const values = answer.headers.filter(([given]) => given === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** The parsed body; undefined where it is no JSON. */
export function jsonOf({ body }: { readonly body: string }): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

export interface RawCall {
  /** As they are: nothing is checked or normalised. */
  readonly bytes: Uint8Array;
  /** Milliseconds until no answer counts as a hang. */
  readonly timeoutMs: number;
  /** Whether the method is HEAD: the answer then has no body, whatever its length says. */
  readonly isHead: boolean;
  /** Closes our half of the connection after the bytes, for a request that is never whole. */
  readonly endsEarly: boolean;
}

/** The most of an answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Sends bytes to the host of an API, each time over a connection of its own, and reads one HTTP answer. Never throws
 * for what the network does.
 */
export function callRaw(url: URL, { bytes, timeoutMs, isHead, endsEarly }: RawCall): Promise<WireAnswer> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = open(url);
    const end = (answer: WireAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ kind: "hang", ms: ms() }), timeoutMs);
    const read = (isWhole: boolean) => parseAnswer(Buffer.concat(chunks), isHead, isWhole);
    // An answer may come before all of a large body is taken, and the connection then breaks while we send.
    const finish = (reason: string) => {
      const answer = read(true);
      end(answer === undefined ? { kind: "closed", reason, ms: ms() } : { kind: "answer", ...answer, ms: ms() });
    };
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES)
        return end({ kind: "closed", reason: `more than ${MAX_ANSWER_BYTES} bytes`, ms: ms() });
      const answer = read(false);
      if (answer !== undefined) end({ kind: "answer", ...answer, ms: ms() });
    });
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.once("close", () => finish("the connection was closed"));
    socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () =>
      endsEarly ? socket.end(bytes) : socket.write(bytes),
    );
  });
}

function open({ protocol, hostname, port }: URL): Socket {
  const secure = protocol === "https:";
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (secure ? 443 : 80) };
  return secure ? connectTls({ ...place, servername: place.host, ALPNProtocols: ["http/1.1"] }) : connectTcp(place);
}

type Parsed = Pick<Extract<WireAnswer, { kind: "answer" }>, "status" | "headers" | "body">;

/** The answer in what has come so far; undefined: not whole yet, or none. @param isOver whether more can come */
export function parseAnswer(given: Buffer, isHead: boolean, isOver: boolean): Parsed | undefined {
  const end = given.indexOf("\r\n\r\n");
  const [first = "", ...lines] = given.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  if (end < 0 || !status) return undefined;
  const rest = given.subarray(end + 4);
  // 100 Continue and its like come before the answer.
  if (status < 200 && status !== 101) return parseAnswer(rest, isHead, isOver);
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(":")).trim().toLowerCase(),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  const value = (name: string) => headers.find(([given]) => given === name)?.[1];
  const body = isHead || status === 204 || status === 304 ? Buffer.alloc(0) : readBody(rest, value, isOver);
  return body && { status, headers, body: body.toString("utf8") };
}

function readBody(rest: Buffer, header: (name: string) => string | undefined, isOver: boolean): Buffer | undefined {
  if (/chunked/i.test(header("transfer-encoding") ?? "")) return dechunked(rest, isOver);
  const length = header("content-length");
  if (length !== undefined)
    return rest.length >= Number(length) || isOver ? rest.subarray(0, Number(length)) : undefined;
  return isOver ? rest : undefined;
}

function dechunked(rest: Buffer, isOver: boolean): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    const size = lineEnd < 0 ? NaN : Number.parseInt(rest.subarray(at, lineEnd).toString("latin1"), 16);
    if (size === 0) return Buffer.concat(parts);
    if (!(size > 0) || lineEnd + 2 + size > rest.length) return isOver ? Buffer.concat(parts) : undefined;
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
