import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { memoryResults } from "../../../handlers/stores/memory-results";
import type { ResultStore } from "../../../handlers/stores/results";
import { s3Results } from "../../../handlers/stores/s3-results";
import { emulate, type Emulated } from "../emulated";

let emulated: Emulated;
let client: S3Client;

beforeAll(async () => {
  emulated = await emulate();
  client = new S3Client(emulated.configuration);
  await client.send(new CreateBucketCommand({ Bucket: "results" }));
}, 90_000);

afterAll(async () => {
  client?.destroy();
  await emulated?.stop();
});

const adapters: [string, () => ResultStore][] = [
  ["in memory", memoryResults],
  ["in S3", () => s3Results(async () => client, "results")],
];

describe.each(adapters)("results %s", (_name, open) => {
  test("what is kept comes back byte by byte", async () => {
    const store = open();
    const json = JSON.stringify({ answer: "€😀".repeat(100_000) });
    await store.put("results/a/1.json", json);
    expect((await store.get("results/a/1.json")) === json).toBe(true);
  });

  test("a key under which nothing is kept is named in the refusal", async () => {
    await expect(open().get("results/none/1.json")).rejects.toThrow("There is no result results/none/1.json");
  });
});

test("a bucket that is not there is an error of its own", async () => {
  await expect(s3Results(async () => client, "nowhere").get("key")).rejects.toMatchObject({ name: "NoSuchBucket" });
});

test("a read that is refused counts as missing, and keeps its cause", async () => {
  const denied = Object.assign(new Error("Access Denied"), { name: "AccessDenied" });
  const refusing = { send: () => Promise.reject(denied) } as unknown as S3Client;
  await expect(s3Results(async () => refusing, "results").get("key")).rejects.toMatchObject({ name: "ResultMissingError", cause: denied });
});

test("writing and reading are ended by their signal", async () => {
  const store = s3Results(async () => client, "results");
  await expect(store.put("results/b/1.json", "{}", AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  await expect(store.get("results/b/1.json", AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
});
