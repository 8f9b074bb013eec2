import { pause } from "../../handlers/pause";

test("it waits, and not longer than its signal", async () => {
  const startedMs = performance.now();
  await pause(50);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(49);
  await expect(pause(60_000, AbortSignal.timeout(20))).rejects.toMatchObject({ name: "AbortError" });
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});
