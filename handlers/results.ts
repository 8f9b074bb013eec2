import { createHash } from "node:crypto";
import { ResultUnavailableError } from "./errors";
import { ResultMissingError, type ResultStore } from "./stores/results";
import type { StoredResult } from "./stores/requests";
import { utf8Bytes } from "./text";

/** A record may be 400 KB in all; the prompt takes up to 32 KiB of it. */
export const MAX_INLINE_RESULT_BYTES = 350 * 1024;

/** Lambda answers with at most 6 MB, in which the result stands as a string in a string. */
export const MAX_RESULT_BYTES = 5 * 1024 * 1024;

/** Whether a status answer can carry the result. It is measured as Lambda sends it, every quote escaped once more. */
export const isTooLarge = (json: string): boolean => utf8Bytes(JSON.stringify(json)) > MAX_RESULT_BYTES;

/**
 * Keeps a result: a small one in the record, a large one in `store`, under a key of this attempt only; `signal` bounds
 * the time for it.
 */
export async function keepResult(
  store: ResultStore,
  requestId: string,
  attempt: number,
  json: string,
  signal?: AbortSignal,
): Promise<StoredResult> {
  if (utf8Bytes(json) <= MAX_INLINE_RESULT_BYTES) return { json };
  const key = `results/${requestId}/${attempt}.json`;
  await store.put(key, json, signal);
  return { key, sha256: sha256(json) };
}

/**
 * The JSON of a stored result. Rejects with {@link ResultUnavailableError} where it is gone or is not what was kept.
 */
export async function loadResult(store: ResultStore, stored: StoredResult, signal?: AbortSignal): Promise<string> {
  if ("json" in stored) return stored.json;
  const json = await store.get(stored.key, signal).catch((cause: unknown) => {
    if (!(cause instanceof ResultMissingError)) throw cause;
    throw new ResultUnavailableError("The result of this request is gone. Send the request again.", { cause });
  });
  if (sha256(json) !== stored.sha256)
    throw new ResultUnavailableError(
      "The result of this request was changed after it was stored. Send the request again.",
    );
  return json;
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
