import { request } from "node:https";
import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { describeError, type Log } from "../telemetry";
import { KeysUnavailableError } from "./verify";

/** Milliseconds after which keys are fetched again. A key that the issuer withdrew is accepted for that long. */
export const KEYS_FRESH_MS = 10 * 60_000;
/** Milliseconds between two fetches. Anybody can send a token with an unknown key, so tokens must not cause more. */
export const FETCH_PAUSE_MS = 60_000;
/** Milliseconds between two fetches while no keys are known and every caller waits for them. */
export const FIRST_FETCH_PAUSE_MS = 2_000;
/** Milliseconds that keys are trusted while their issuer cannot be reached. */
export const KEYS_TRUSTED_MS = 24 * 3_600_000;
/** Milliseconds from connecting to an issuer to the last byte of its answer. */
const READ_TIMEOUT_MS = 2_000;
/** Bytes of an answer. A key with its certificates takes some 3 KB, and an issuer publishes a handful of keys. */
export const MAX_ANSWER_BYTES = 256 * 1024;

export interface SigningKeysParts {
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** The issuer's keys, kept for the next invocations. */
export interface SigningKeys {
  /**
   * Finds the key that a token's header names. Throws {@link KeysUnavailableError} if no keys are known, and jose's
   * `JWKSNoMatchingKey` or `JWKSMultipleMatchingKeys` if no key or several keys match.
   */
  find(header: JWSHeaderParameters): Promise<CryptoKey>;
}

interface KeySet {
  readonly find: (header: JWSHeaderParameters) => Promise<CryptoKey>;
  readonly fetchedAtMs: number;
}

/** Keeps the issuer's keys. The known keys stay while the issuer is down, and an unknown key causes a new fetch. */
export function openSigningKeys({ fetchKeys, nowMs, log }: SigningKeysParts): SigningKeys {
  let known: KeySet | undefined;
  let fetchStartedMs: number | undefined;
  let pendingFetch: Promise<void> | undefined;

  const ageMs = (sinceMs: number) => Math.abs(nowMs() - sinceMs);
  const mayFetch = () =>
    fetchStartedMs === undefined ||
    ageMs(fetchStartedMs) >= (known === undefined ? FIRST_FETCH_PAUSE_MS : FETCH_PAUSE_MS);

  const replaceKeys = async () => {
    fetchStartedMs = nowMs();
    try {
      known = { find: createLocalJWKSet(await fetchKeys()), fetchedAtMs: nowMs() };
    } catch (error) {
      const hasKeys = known !== undefined;
      log(hasKeys ? "warn" : "error", "signing_keys_not_fetched", { kept: hasKeys, error: describeError(error) });
    }
  };
  /** Callers that come during a fetch share it. */
  const refreshKeys = async () => {
    if (pendingFetch === undefined && !mayFetch()) return;
    pendingFetch ??= replaceKeys().finally(() => (pendingFetch = undefined));
    await pendingFetch;
  };
  const trustedKeys = (): KeySet => {
    if (known === undefined || ageMs(known.fetchedAtMs) > KEYS_TRUSTED_MS)
      throw new KeysUnavailableError(
        "The issuer's keys cannot be fetched. Check the setting jwt_issuer and that the issuer answers.",
      );
    return known;
  };

  return {
    async find(header) {
      if (known === undefined || ageMs(known.fetchedAtMs) >= KEYS_FRESH_MS) await refreshKeys();
      const keys = trustedKeys();
      try {
        return await keys.find(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refreshKeys();
        if (trustedKeys() === keys) throw error;
        return trustedKeys().find(header);
      }
    },
  };
}

/** Reads JSON over HTTPS. Rejects with an error that names the address and what is wrong with the answer. */
type ReadJson = (url: URL) => Promise<unknown>;

/**
 * Fetches the keys that an issuer signs with, as OpenID Connect Discovery 1.0, section 4, says. The document must name
 * exactly this issuer; its keys may be on any HTTPS host, because large issuers keep them on another one.
 * @param issuer as tokens name it in `iss`, with or without a slash at its end
 */
export async function fetchKeys(issuer: string, readJson: ReadJson = readHttpsJson): Promise<JSONWebKeySet> {
  const address = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document = await readJson(address);
  if (!isObject(document)) throw new Error(`${address.href} gave no JSON object`);
  if (document["issuer"] !== issuer)
    throw new Error(
      `${address.href} describes another issuer than ${JSON.stringify(issuer)}; ` +
        "the setting jwt_issuer must equal its field issuer, letter by letter",
    );
  const keys = await readJson(readKeysAddress(document["jwks_uri"], address));
  if (!isKeySet(keys)) throw new Error(`The jwks_uri of ${address.href} gave no set of keys`);
  return keys;
}

function readKeysAddress(value: unknown, source: URL): URL {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "")
    throw new Error(`${source.href} has no jwks_uri of the form https://<host>/<path>`);
  return url;
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  isObject(value) && Array.isArray(value["keys"]) && value["keys"].every(isObject);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Opens a connection for each read: keys are read every ten minutes, and a kept connection would not survive the
 * freeze between invocations. Redirects are refused, because an answer must not decide where keys come from.
 */
export const readHttpsJson: ReadJson = (url) =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
    const fail = (problem: string, cause?: unknown) =>
      reject(
        new Error(`${url.href} ${signal.aborted ? `did not answer within ${READ_TIMEOUT_MS} ms` : problem}`, { cause }),
      );
    const call = request(url, { agent: false, signal, headers: { accept: "application/json" } }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.destroy();
        return reject(new Error(`${url.href} answered ${answer.statusCode}; expected 200`));
      }
      readText(answer)
        .then((text) => resolve(JSON.parse(text) as unknown))
        .catch((cause: unknown) => {
          answer.destroy();
          fail(`gave no JSON of at most ${MAX_ANSWER_BYTES} bytes`, cause);
        });
    });
    call.once("error", (cause) => fail("cannot be reached", cause));
    call.end();
  });

async function readText(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
