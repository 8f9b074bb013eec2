import type { ResultStore } from "../../../handlers/requests/results";

/** What holds for every store of results. `open` is called in each test. */
export function testResults(open: () => ResultStore): void {
  test("what is kept comes back byte by byte", async () => {
    const store = open();
    const json = JSON.stringify({ answer: "€😀".repeat(100_000) });
    await store.put("results/a/1.json", json);
    expect((await store.get("results/a/1.json")) === json).toBe(true);
  });

  test("a key under which nothing is kept is named in the refusal", async () => {
    const missing = open().get("results/none/1.json");
    await expect(missing).rejects.toThrow("There is no result results/none/1.json");
    await expect(missing).rejects.toMatchObject({ name: "ResultMissingError" });
  });
}

/** What holds for results in S3. `inBucket` gives the results of a bucket; there is the bucket `results` alone. */
export function testBucket(inBucket: (bucket: string) => ResultStore): void {
  test("a bucket that is not there is an error of its own", async () => {
    await expect(inBucket("nowhere").get("key")).rejects.toMatchObject({ name: "NoSuchBucket" });
  });

  test("writing and reading are ended by their signal", async () => {
    const store = inBucket("results");
    await expect(store.put("results/b/1.json", "{}", AbortSignal.abort())).rejects.toMatchObject({
      name: "AbortError",
    });
    await expect(store.get("results/b/1.json", AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  });
}
