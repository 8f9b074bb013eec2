import { createHash } from "node:crypto";
import { ResultUnavailableError } from "../http/errors";
import type { StoredResult } from "./requests";
import { utf8Bytes } from "../http/http";
import type { S3Client } from "@aws-sdk/client-s3";

/** There is no such result, or it may not be read: S3 tells the two apart only for whoever may list the bucket. */
export class ResultMissingError extends Error {
  override readonly name = "ResultMissingError";
}

/**
 * Where results too large for a record are kept. Every method rejects where the store cannot be reached; `signal`
 * bounds its time.
 */
export interface ResultStore {
  /** Keeps `json` under `key`. */
  put(key: string, json: string, signal?: AbortSignal): Promise<void>;
  /** What is kept under `key`. Rejects with {@link ResultMissingError}. */
  get(key: string, signal?: AbortSignal): Promise<string>;
}

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

/**
 * Results in an S3 bucket. `connect` gives the client; it and the SDK are loaded with the first large result, as most
 * are small.
 */
export function s3Results(connect: () => Promise<S3Client>, bucket: string): ResultStore {
  return {
    async put(key, json, abortSignal) {
      const [{ PutObjectCommand }, client] = await Promise.all([import("@aws-sdk/client-s3"), connect()]);
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: json, ContentType: "application/json" }),
        { abortSignal },
      );
    },
    async get(key, abortSignal) {
      const [{ GetObjectCommand }, client] = await Promise.all([import("@aws-sdk/client-s3"), connect()]);
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
        return (await Body?.transformToString("utf-8")) ?? "";
      } catch (cause) {
        const isMissing = cause instanceof Error && ["NoSuchKey", "AccessDenied"].includes(cause.name);
        throw isMissing ? new ResultMissingError(`There is no result ${key}, or it may not be read`, { cause }) : cause;
      }
    },
  };
}
