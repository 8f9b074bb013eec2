import { createHash } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { ResultUnavailableError } from "../http/errors";
import type { HeldRequest, StoredResult } from "./requests";

/** There is no such result, or it may not be read. S3 distinguishes the two only for who may list the bucket. */
export class ResultMissingError extends Error {
  override readonly name = "ResultMissingError";
}

/** Where large results are kept. Every method rejects if the store cannot be reached; `signal` bounds its time. */
export interface ResultStore {
  /** Keeps `json` under `key`. */
  put(key: string, json: string, signal?: AbortSignal): Promise<void>;
  /** Reads what is kept under `key`. Rejects with {@link ResultMissingError}. */
  get(key: string, signal?: AbortSignal): Promise<string>;
}

/** Bytes of a result in the record. A record may have 400 KB in all, of which the prompt takes up to 32 KiB. */
export const MAX_INLINE_RESULT_BYTES = 350 * 1024;

/** Bytes of a result. Lambda answers with at most 6 MB, in which the result is a string in a string. */
export const MAX_RESULT_BYTES = 5 * 1024 * 1024;

/** Whether a result is too large for a status answer. It is measured as Lambda sends it, every quote escaped again. */
export const isTooLarge = (json: string): boolean => Buffer.byteLength(JSON.stringify(json)) > MAX_RESULT_BYTES;

/** Keeps a result: a small one in the record, a large one in `store`, under a key of this attempt. */
export async function keepResult(
  store: ResultStore,
  { held: { requestId, attempt }, json }: { readonly held: HeldRequest; readonly json: string },
  signal?: AbortSignal,
): Promise<StoredResult> {
  if (Buffer.byteLength(json) <= MAX_INLINE_RESULT_BYTES) return { json };
  const key = `results/${requestId}/${attempt}.json`;
  await store.put(key, json, signal);
  return { key, sha256: hash(json) };
}

/** Loads the JSON of a stored result. Rejects with {@link ResultUnavailableError} if it is gone or was changed. */
export async function loadResult(store: ResultStore, stored: StoredResult, signal?: AbortSignal): Promise<string> {
  if ("json" in stored) return stored.json;
  const json = await store.get(stored.key, signal).catch((cause: unknown) => {
    if (!(cause instanceof ResultMissingError)) throw cause;
    throw new ResultUnavailableError("The result of this request is gone. Send the request again.", { cause });
  });
  if (hash(json) !== stored.sha256)
    throw new ResultUnavailableError(
      "The result of this request was changed after it was stored. Send the request again.",
    );
  return json;
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Opens the results in an S3 bucket. The SDK and the client that `connect` gives are loaded with the first large
 * result, because most results are small.
 */
export function s3Results(connect: () => Promise<S3Client>, bucket: string): ResultStore {
  return {
    async put(key, json, abortSignal) {
      const [{ PutObjectCommand }, client] = await Promise.all([import("@aws-sdk/client-s3"), connect()]);
      const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: json, ContentType: "application/json" });
      await client.send(command, { abortSignal });
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
