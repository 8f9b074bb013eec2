import { scriptedAgent } from "../../../handlers/agents/scripted";
import { question } from "../../support/wire/agent-faults";
import { never } from "../fixtures";

const input = question();

test("a scripted agent answers after its delay", async () => {
  const startedMs = performance.now();
  expect(await scriptedAgent({ delayMs: 30, fails: false, text: "hello" }).run(input, never)).toEqual({ text: "hello" });
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(25);
});

test("a scripted agent fails with its text", async () => {
  await expect(scriptedAgent({ delayMs: 0, fails: true, text: "out of order" }).run(input, never)).rejects.toThrow("out of order");
});

test("an abort ends the delay at once", async () => {
  const startedMs = performance.now();
  const run = scriptedAgent({ delayMs: 60_000, fails: false, text: "late" }).run(input, AbortSignal.timeout(10));
  await expect(run).rejects.toMatchObject({ name: "AbortError" });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
