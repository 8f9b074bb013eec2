import { withDeadline } from "../deadline";
import type { ArbiterDefinition } from "../environment";
import { AgentFailure, type Agent, payloadOf } from "./agent";
import { readAnswer, readBody } from "./answers";
import { AnswerError, failing, retrying, retryAfterMs } from "./retries";
import type { Secret } from "./secret";

/** The part of the SDK clients' pooled handler that an agent needs: so its pool and its freeze guard hold here too. */
export interface HttpDoor {
  handle(
    request: HttpDoorRequest,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{ readonly response: HttpDoorResponse }>;
}

/** @see https://github.com/smithy-lang/smithy-typescript/tree/main/packages/node-http-handler */
export interface HttpDoorRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly query: Record<string, string | string[] | null>;
  readonly body?: string;
}

/** `body` is a stream that breaks off with an error where the connection does. Header names are in lower case. */
export interface HttpDoorResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array> & { destroy(): void };
}

/** What an agent behind HTTP needs. */
export interface HttpParts {
  readonly http: HttpDoor;
  /** Sent as the header `Authorization`. Default: no header. */
  readonly secret?: Secret;
  readonly nowMs: () => number;
  readonly random: () => number;
}

interface Reply {
  readonly body: string;
  readonly contentType: string | undefined;
}

/**
 * An agent behind an HTTP endpoint, which answers a POST as JSON, as text or as a stream of events. No redirect is
 * followed: it would carry the prompt elsewhere.
 */
export function httpAgent({ target, instructions }: ArbiterDefinition, parts: HttpParts): Agent {
  const url = new URL(target);
  return {
    async run(input, signal) {
      const body = payloadOf(input, instructions);
      const ask = (authorization?: string) =>
        retrying(() => post(parts.http, requestTo(url, body, authorization), parts.nowMs, signal), {
          signal,
          deadlineMs: input.deadlineMs,
          ...parts,
        });
      const reply = await withSecret(parts.secret, signal, ask).catch(failing("The agent's endpoint", signal));
      signal.throwIfAborted();
      return readAnswer(reply.body, reply.contentType);
    },
  };
}

/** A secret that is refused may have been replaced since it was read: then the new one has one try. */
async function withSecret(
  secret: Secret | undefined,
  signal: AbortSignal,
  ask: (authorization?: string) => Promise<Reply>,
): Promise<Reply> {
  if (!secret) return ask();
  const used = await withDeadline(signal, secret.read());
  try {
    return await ask(used);
  } catch (error) {
    if (!(error instanceof AnswerError && [401, 403].includes(error.status))) throw error;
    const fresh = await withDeadline(signal, secret.readAgain());
    if (fresh === used) throw error;
    return await ask(fresh);
  }
}

async function post(
  http: HttpDoor,
  request: HttpDoorRequest,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<Reply> {
  const { response } = await http.handle(request, { abortSignal: signal });
  const { statusCode, headers, body } = response;
  try {
    if (statusCode < 200 || statusCode > 299)
      throw new AnswerError(statusCode, retryAfterMs(headers["retry-after"], nowMs()));
    if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
      throw new AgentFailure(
        "The agent's endpoint gave an answer without Content-Length or chunks: one that is cut short would look the same.",
      );
    }
    return { body: await readBody(body ?? []), contentType: headers["content-type"] };
  } finally {
    // Read to its end, it is destroyed already, and its socket is back in the pool; else nobody will read the rest.
    body?.destroy();
  }
}

function requestTo(url: URL, body: string, authorization: string | undefined): HttpDoorRequest {
  const { protocol, hostname, port, pathname, search } = url;
  return {
    protocol,
    hostname,
    ...(port !== "" && { port: Number(port) }),
    path: pathname + search,
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream, text/plain",
      ...(authorization !== undefined && { authorization }),
    },
    query: {},
    body,
  };
}
