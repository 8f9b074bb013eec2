import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { describeError, type Log } from "../telemetry";
import { KeysUnavailableError } from "./verify";

/** Milliseconds after which keys are fetched again: for so long a key that the issuer withdrew is still taken. */
export const KEYS_FRESH_MS = 10 * 60_000;
/**
 * Milliseconds between two fetches at the least, whatever tokens come: an unknown key's name costs its sender nothing.
 */
export const FETCH_PAUSE_MS = 60_000;
/** The same while there are no keys at all, and every caller waits for them. */
export const FIRST_FETCH_PAUSE_MS = 2_000;
/** Milliseconds that keys are trusted while their issuer cannot be reached. */
export const KEYS_TRUSTED_MS = 24 * 3_600_000;

export interface KeysParts {
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** The issuer's keys, kept for the next invocations. */
export interface SigningKeys {
  /**
   * The key that a token's header names. Throws {@link KeysUnavailableError} where there are none, and jose's
   * `JWKSNoMatchingKey` or `JWKSMultipleMatchingKeys` where none or several fit.
   */
  find(header: JWSHeaderParameters): Promise<CryptoKey>;
}

interface Kept {
  readonly find: (header: JWSHeaderParameters) => Promise<CryptoKey>;
  readonly fetchedAtMs: number;
}

/**
 * Keeps the issuer's keys. They stay as they are while the issuer is down, and an unknown key's name has them fetched
 * again.
 */
export function openKeys({ fetchKeys, nowMs, log }: KeysParts): SigningKeys {
  let kept: Kept | undefined;
  let triedAtMs: number | undefined;
  let pending: Promise<void> | undefined;

  const ageMs = (sinceMs: number) => Math.abs(nowMs() - sinceMs);
  const mayFetch = () =>
    triedAtMs === undefined || ageMs(triedAtMs) >= (kept === undefined ? FIRST_FETCH_PAUSE_MS : FETCH_PAUSE_MS);

  const fetchOnce = async () => {
    triedAtMs = nowMs();
    try {
      kept = { find: createLocalJWKSet(await fetchKeys()), fetchedAtMs: nowMs() };
    } catch (error) {
      log(kept === undefined ? "error" : "warn", "signing_keys_not_fetched", {
        kept: kept !== undefined,
        error: describeError(error),
      });
    }
  };
  /** Those who come during a fetch wait for the same one. */
  const fetchAgain = async () => {
    if (pending === undefined && !mayFetch()) return;
    pending ??= fetchOnce().finally(() => (pending = undefined));
    await pending;
  };
  const trusted = (): Kept => {
    if (kept === undefined || ageMs(kept.fetchedAtMs) > KEYS_TRUSTED_MS)
      throw new KeysUnavailableError("The issuer's keys cannot be had. Its address is the setting jwt_issuer.");
    return kept;
  };

  return {
    async find(header) {
      if (kept === undefined || ageMs(kept.fetchedAtMs) >= KEYS_FRESH_MS) await fetchAgain();
      const known = trusted();
      try {
        return await known.find(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await fetchAgain();
        if (trusted() === known) throw error;
        return trusted().find(header);
      }
    },
  };
}
