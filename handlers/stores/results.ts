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
