import { within } from "../../handlers/time-limit";

test("work that is done in time gives what it gives, or fails as it fails", async () => {
  expect(await within(1_000, async () => "done")).toBe("done");
  await expect(within(1_000, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});

test("work that takes too long is told to stop, and is not waited for", async () => {
  let given: AbortSignal | undefined;
  const deaf = (signal: AbortSignal) => {
    given = signal;
    return new Promise<void>(() => undefined);
  };
  await expect(within(20, deaf)).rejects.toMatchObject({ name: "TimeoutError" });
  expect(given?.aborted).toBe(true);
});

test("no time at all still ends", async () => {
  await expect(within(-5, () => new Promise(() => undefined))).rejects.toMatchObject({ name: "TimeoutError" });
});
