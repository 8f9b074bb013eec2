import { MAX_PROMPT_BYTES } from "../../../handlers/http/invocation";
import {
  isTooLarge,
  keepResult,
  loadResult,
  MAX_INLINE_RESULT_BYTES,
  MAX_RESULT_BYTES,
  type ResultStore,
  s3Results,
} from "../../../handlers/requests/results";
import { memoryResults } from "../../support/memory-results";
import { REQUEST_ID } from "../fixtures";
import type { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { testBucket, testResults } from "./result-cases";

const held = { requestId: REQUEST_ID, attempt: 1 };

describe("results", () => {
  const large = JSON.stringify("€".repeat(Math.ceil(MAX_INLINE_RESULT_BYTES / 3)));

  test("a result stays in the record up to 350 KB of UTF-8", async () => {
    const json = JSON.stringify("a".repeat(MAX_INLINE_RESULT_BYTES - 2));
    expect(await keepResult(memoryResults(), { held, json })).toEqual({ json });
    expect(await keepResult(memoryResults(), { held, json: `${json} ` })).toHaveProperty("key");
  });

  test("a record with the largest result and the largest prompt has 18 KB left of the 400 KB that DynamoDB allows an item", () => {
    expect(400 * 1_024 - MAX_INLINE_RESULT_BYTES - MAX_PROMPT_BYTES).toBe(18 * 1_024);
  });

  test("a large result is kept under its request and attempt, and comes back", async () => {
    const store = memoryResults();
    const stored = await keepResult(store, { held: { ...held, attempt: 3 }, json: large });
    expect(stored).toEqual({
      key: `results/${REQUEST_ID}/3.json`,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect((await loadResult(store, stored)) === large).toBe(true);
  });

  test("the signal bounds the keeping of a large result", async () => {
    const put = jest.fn(memoryResults().put);
    const { signal } = new AbortController();
    await keepResult({ ...memoryResults(), put }, { held, json: large }, signal);
    expect(put).toHaveBeenCalledWith(`results/${REQUEST_ID}/1.json`, large, signal);
  });

  test("a result that was changed is not given out", async () => {
    const store = memoryResults();
    const stored = await keepResult(store, { held, json: large });
    await store.put(`results/${REQUEST_ID}/1.json`, large.replace("€", "$"));
    await expect(loadResult(store, stored)).rejects.toMatchObject({
      status: 502,
      code: "result_unavailable",
      message: expect.stringContaining("was changed after it was stored") as string,
    });
  });

  test("a result that is gone is told as gone, with its cause", async () => {
    const lost = loadResult(memoryResults(), { key: "results/x/1.json", sha256: "" });
    await expect(lost).rejects.toMatchObject({
      status: 502,
      message: "The result of this request is gone. Send the request again.",
      cause: { name: "ResultMissingError" },
    });
  });

  test("a store out of reach is an error of its own", async () => {
    const store: ResultStore = { ...memoryResults(), get: () => Promise.reject(new Error("no network")) };
    await expect(loadResult(store, { key: "k", sha256: "" })).rejects.toThrow("no network");
  });

  test("a result is too large by what Lambda sends, where every quote counts twice", () => {
    expect(isTooLarge("a".repeat(MAX_RESULT_BYTES - 2))).toBe(false);
    expect(isTooLarge("a".repeat(MAX_RESULT_BYTES - 1))).toBe(true);
    expect(isTooLarge('"'.repeat(MAX_RESULT_BYTES / 2))).toBe(true);
  });
});

describe("results", () => {
  /** A client of an S3 that has the bucket `results` alone. */
  function s3Client(): { client: S3Client; contentTypes: (string | undefined)[] } {
    const kept = new Map<string, string>();
    const contentTypes: (string | undefined)[] = [];
    const named = (name: string) => Object.assign(new Error(name), { name });
    const send = async (
      { input }: GetObjectCommand | PutObjectCommand,
      { abortSignal }: { abortSignal?: AbortSignal },
    ) => {
      abortSignal?.throwIfAborted();
      if (input.Bucket !== "results") throw named("NoSuchBucket");
      if ("Body" in input) {
        contentTypes.push(input.ContentType);
        return void kept.set(input.Key ?? "", String(input.Body));
      }
      const text = kept.get(input.Key ?? "");
      if (text === undefined) throw named("NoSuchKey");
      return { Body: { transformToString: async (encoding: string) => (encoding === "utf-8" ? text : "") } };
    };
    return { client: { send } as unknown as S3Client, contentTypes };
  }

  const { client, contentTypes } = s3Client();
  const inBucket = (bucket: string) => s3Results(async () => client, bucket);

  describe("results in memory", () => testResults(memoryResults));
  describe("results in S3", () => testResults(() => inBucket("results")));
  describe("the bucket", () => testBucket(inBucket));

  test("what is kept in S3 is marked as JSON", async () => {
    contentTypes.splice(0);
    await inBucket("results").put("results/c/1.json", "{}");
    expect(contentTypes).toEqual(["application/json"]);
  });

  test("a read that is refused counts as missing, and keeps its cause", async () => {
    const denied = Object.assign(new Error("Access Denied"), { name: "AccessDenied" });
    const refusing = { send: () => Promise.reject(denied) } as unknown as S3Client;
    await expect(s3Results(async () => refusing, "results").get("key")).rejects.toMatchObject({
      name: "ResultMissingError",
      cause: denied,
    });
  });
});
