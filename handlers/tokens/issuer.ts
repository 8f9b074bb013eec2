import { request } from "node:https";
import type { JSONWebKeySet } from "jose";

/** Milliseconds that an answer may take, from the connection to its last byte. */
export const READ_TIMEOUT_MS = 2_000;

/** Bytes of an answer: keys with their certificates take some 3 KB each, and an issuer publishes a handful. */
export const MAX_ANSWER_BYTES = 256 * 1024;

/** Reads JSON over HTTPS. Rejects with an error that names the address and what is wrong with the answer. */
export type ReadJson = (url: URL) => Promise<unknown>;

/**
 * A connection of its own, each time: it is needed every ten minutes, and one that is kept would not outlive the freeze
 * between invocations. No redirect is followed: where keys come from is not for an answer to say.
 */
export const readJson: ReadJson = (url) =>
  new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown) => reject(new Error(`${url.href} ${problem}`, { cause }));
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
    const asked = request(url, { agent: false, signal, headers: { accept: "application/json" } }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.destroy();
        return fail(`answered ${answer.statusCode}; expected 200`);
      }
      collect(answer)
        .then(
          (text) => resolve(JSON.parse(text) as unknown),
          (cause: unknown) => {
            answer.destroy();
            throw cause;
          },
        )
        .catch((cause: unknown) =>
          fail(signal.aborted ? TOO_LATE : `gave no JSON of at most ${MAX_ANSWER_BYTES} bytes`, cause),
        );
    });
    asked.once("error", (cause) => fail(signal.aborted ? TOO_LATE : "cannot be reached", cause));
    asked.end();
  });

const TOO_LATE = `did not answer within ${READ_TIMEOUT_MS} ms`;

async function collect(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The keys that an issuer signs with, found by OpenID Connect Discovery 1.0, section 4. The document has to name the
 * very issuer that it was asked for, and the keys come over HTTPS, from any host: large issuers keep them on another
 * one.
 * @param issuer as tokens name it in `iss`, with or without a slash at its end
 */
export async function fetchKeys(issuer: string, readJson: ReadJson): Promise<JSONWebKeySet> {
  const address = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document = await readJson(address);
  if (!isObject(document)) throw new Error(`${address.href} gave no JSON object`);
  if (document["issuer"] !== issuer)
    throw new Error(
      `${address.href} is about another issuer than ${JSON.stringify(issuer)}; the setting jwt_issuer has to be the same, letter by letter`,
    );
  const keys = await readJson(keysAddress(document["jwks_uri"], address));
  if (!isObject(keys) || !Array.isArray(keys["keys"]) || !keys["keys"].every(isObject))
    throw new Error(`The jwks_uri of ${address.href} gave no set of keys`);
  return keys as unknown as JSONWebKeySet;
}

function keysAddress(given: unknown, source: URL): URL {
  const url = typeof given === "string" && URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "")
    throw new Error(`${source.href} has no jwks_uri of the form https://<host>/<path>`);
  return url;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
