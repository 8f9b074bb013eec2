import type { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { s3Results } from "../../../handlers/stores/s3-results";
import { memoryResults } from "../../support/memory-results";
import { testBucket, testResults } from "./result-cases";

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
