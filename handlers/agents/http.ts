import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDeadline } from "../deadline";
import type { ArbiterDefinition } from "../environment";
import type { ReadCache } from "../requests/read-cache";
import { AgentFailure, type Agent, makePayload } from "./agent";
import { readAnswer, readBody } from "./answers";
import { AnswerError, makeCallFailure, parseRetryAfter, rethrowFailure, retry } from "./retries";

/** The part of the SDK's request handler that an agent needs. Through it the agent uses the pool of sockets. */
export interface HttpDoor {
  handle(
    request: HttpDoorRequest,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{ readonly response: HttpDoorResponse }>;
}

/** @see https://github.com/smithy-lang/smithy-typescript/tree/main/packages/node-http-handler */
interface HttpDoorRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly query: Record<string, string | string[] | null>;
  readonly body?: string;
}

/** `body` ends with an error if the connection breaks. Header names are in lower case. */
interface HttpDoorResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array> & { destroy(): void };
}

/** What an agent with an HTTP endpoint needs. */
interface HttpParts {
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
 * An agent with an HTTP endpoint, which answers a POST with JSON, text or a stream of events. Redirects are not
 * followed, because they would carry the prompt elsewhere.
 */
export function httpAgent({ target, instructions }: ArbiterDefinition, parts: HttpParts): Agent {
  const url = new URL(target);
  return {
    async run(input, signal) {
      const body = makePayload(input, instructions);
      const ask = (authorization?: string) =>
        retry(() => post(parts, makeRequest(url, body, authorization), signal), {
          signal,
          deadlineMs: input.deadlineMs,
          ...parts,
        });
      const reply = await askWithSecret(parts.secret, signal, ask).catch(
        rethrowFailure("The agent's endpoint", signal),
      );
      signal.throwIfAborted();
      return readAnswer(reply.body, reply.contentType);
    },
  };
}

/** Asks with the secret. A refused secret may have been replaced since it was read, so the new one gets one try. */
async function askWithSecret(
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

async function post({ http, nowMs }: HttpParts, request: HttpDoorRequest, signal: AbortSignal): Promise<Reply> {
  const { response } = await http.handle(request, { abortSignal: signal });
  const { statusCode, headers, body } = response;
  try {
    if (statusCode < 200 || statusCode > 299)
      throw new AnswerError(statusCode, parseRetryAfter(headers["retry-after"], nowMs()));
    if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
      throw new AgentFailure(
        "The agent's endpoint gave an answer without Content-Length or chunks: " +
          "an answer that is cut short would look the same.",
      );
    }
    return { body: await readBody(body ?? []), contentType: headers["content-type"] };
  } finally {
    // A body that was read to its end is destroyed already; of another one, nobody will read the rest.
    body?.destroy();
  }
}

function makeRequest(url: URL, body: string, authorization: string | undefined): HttpDoorRequest {
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

/** Milliseconds that reading a secret may take. Callers share one read, so that no caller's signal may end it. */
const READ_MS = 5_000;

/** A secret that is sent in a header. No error contains its value or a part of it. */
interface Secret {
  /** Reads the value, which is cached for a while. Rejects with {@link AgentFailure}. */
  read(): Promise<string>;
  /** Reads the value as it is now. */
  readAgain(): Promise<string>;
}

/** A secret of Secrets Manager. `connect` gives the client; it and the SDK are loaded with the first read. */
export function managedSecret(arn: string, connect: () => Promise<SecretsManagerClient>, cache: ReadCache): Secret {
  // The key names no caller, because the secret belongs to the deployment.
  const key = `secret:${arn}`;
  const read = async () => {
    const kept = await cache
      .get(key, () => fetchSecret(arn, connect))
      .catch((cause: unknown) => {
        throw makeCallFailure("The store of the agent's secret", cause);
      });
    return toHeaderValue(kept?.value);
  };
  return {
    read,
    readAgain() {
      cache.forget(key);
      return read();
    },
  };
}

async function fetchSecret(
  arn: string,
  connect: () => Promise<SecretsManagerClient>,
): Promise<{ readonly value: string } | undefined> {
  const [{ GetSecretValueCommand }, client] = await Promise.all([import("@aws-sdk/client-secrets-manager"), connect()]);
  const { SecretString: value } = await client.send(new GetSecretValueCommand({ SecretId: arn }), {
    abortSignal: AbortSignal.timeout(READ_MS),
  });
  return value === undefined ? undefined : { value };
}

/** Converts a secret to the value of a header. Secrets that were made from a file end in a line feed. */
function toHeaderValue(value: string | undefined): string {
  const text = value?.trim() ?? "";
  if (!/^[\x20-\x7e]+$/.test(text))
    throw new AgentFailure("The agent's secret cannot be sent: it must be one line of ASCII text.");
  return text;
}
