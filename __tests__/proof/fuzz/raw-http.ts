import { request, type IncomingMessage } from "node:http";
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
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
  /** The connection was closed or refused before there was a whole answer, or the answer was not HTTP. */
  | { readonly kind: "closed"; readonly reason: string; readonly ms: number }
  /** Nothing came in time. */
  | { readonly kind: "hang"; readonly ms: number };

/** The values of a header, with commas between; undefined where it is not there. Name in lower case. */
export function headerOf(answer: Extract<WireAnswer, { kind: "answer" }>, name: string): string | undefined {
  const values = answer.headers.filter(([given]) => given === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** The parsed body; undefined where it is not JSON. */
export function jsonOf({ body }: { readonly body: string }): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

export interface RawCall {
  /** Sent unchanged: nothing is checked or normalised. */
  readonly bytes: Uint8Array;
  /** Milliseconds after which a missing answer counts as a hang. */
  readonly timeoutMs: number;
  /** Whether the method is HEAD: the answer then has no body, whatever its length says. */
  readonly isHead: boolean;
  /** Closes our half of the connection after the bytes, for a request that is never whole. */
  readonly endsEarly: boolean;
}

/**
 * Sends bytes to the host of an API, each time over a connection of its own, and reads one HTTP answer. Never throws
 * for what the network does.
 */
export function callRaw(url: URL, { bytes, timeoutMs, isHead, endsEarly }: RawCall): Promise<WireAnswer> {
  const started = performance.now();
  return new Promise((resolve) => {
    let reason: string | undefined;
    const socket = open(url);
    // Node.js reads the answer as that of a request of its own, which is written nowhere.
    const wire = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const reader = request({ method: isHead ? "HEAD" : "GET", createConnection: () => wire });
    const end = (answer: { kind: "hang" } | { kind: "closed"; reason: string } | Omit<Answered, "ms">) => {
      clearTimeout(timer);
      socket.destroy();
      wire.destroy();
      resolve({ ...answer, ms: Math.round(performance.now() - started) });
    };
    const timer = setTimeout(() => end({ kind: "hang" }), timeoutMs);
    const fail = (error: NodeJS.ErrnoException) =>
      end({ kind: "closed", reason: reason ?? error.code ?? error.message });
    const answer = (response: IncomingMessage, body: string) =>
      end({ kind: "answer", status: response.statusCode ?? 0, headers: headersOf(response), body });
    reader.once("response", (response) => void text(response).then((body) => answer(response, body), fail));
    reader.once("upgrade", (response) => answer(response, ""));
    reader.on("error", fail);
    reader.end();
    // An answer may come before all of a large body is taken, and the connection then breaks while we send.
    socket.once("error", (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
    socket.on("data", (chunk) => wire.push(chunk));
    socket.once("close", () => wire.push(null));
    socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () =>
      endsEarly ? socket.end(bytes) : socket.write(bytes),
    );
  });
}

type Answered = Extract<WireAnswer, { kind: "answer" }>;

const headersOf = ({ rawHeaders }: IncomingMessage): [string, string][] =>
  rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ""] as [string, string]] : [],
  );

function open({ protocol, hostname, port }: URL): Socket {
  const secure = protocol === "https:";
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (secure ? 443 : 80) };
  return secure ? connectTls({ ...place, servername: place.host, ALPNProtocols: ["http/1.1"] }) : connectTcp(place);
}
