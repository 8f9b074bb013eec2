import { BurstAgent, verdict } from "../../../bench/capacity";

test("a burst that fifty workers end nearly five times as fast passes, with what the agents alone take", () => {
  const { exitCode, text, json } = verdict({ narrowMs: 121_000, wideMs: 24_700 });
  expect(exitCode).toBe(0);
  expect(text).toContain("of which the agents alone take 120.0 s and 24.0 s");
  expect(text).toMatch(
    /ok +4\.90x +burst of 200: 10 \/ 50 workers \(121\.0 s \/ 24\.7 s\); must reach >= 4\.8x; limit 5x/,
  );
  expect(json).toMatchObject({ bench: "capacity", holds: true, limit: 5 });
});

test("one that they do not is exit code 1", () => {
  const { exitCode, text } = verdict({ narrowMs: 121_000, wideMs: 27_000 });
  expect([exitCode, text]).toEqual([1, expect.stringMatching(/MISS +4\.48x +burst/)]);
  // 20 agents' times and 1 s against 4 and 3 s: 4.8 times from 16.75 s on.
  expect(text).toContain("15 ms of theirs a request; beside agents of 17 s it would be small enough");
});

test("the warm-up is answered when all workers ask at once, so that none of them serves two", async () => {
  const agent = new BurstAgent();
  agent.expect(3);
  const answered: number[] = [];
  const ask = (worker: number) => agent.behave({ prompt: "warm up" }).then(() => void answered.push(worker));
  const asking = [ask(1), ask(2)];
  await new Promise((resolve) => setImmediate(resolve));
  expect(answered).toEqual([]);
  await Promise.all([...asking, ask(3)]);
  expect(answered).toHaveLength(3);
});

test("a request of the burst is answered after the agent's time, and the last one's end is kept", async () => {
  jest.useFakeTimers();
  const agent = new BurstAgent();
  expect(await agent.behave({ prompt: "go" })).toMatchObject({ kind: "answer", delayMs: 6_000 });
  expect(agent.lastMs - performance.now()).toBe(6_000);
  jest.useRealTimers();
});
