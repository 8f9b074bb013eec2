import { verdict } from "../../../../scripts/commands/bench/capacity";

test("a burst that fifty workers end nearly five times as fast passes, with what the agents alone take", () => {
  const { exitCode, text, json } = verdict({ narrowMs: 201_000, wideMs: 41_000 });
  expect(exitCode).toBe(0);
  expect(text).toMatch(/10 workers +201\.0 s +the agents alone take 200\.0 s/);
  expect(text).toMatch(/50 workers +41\.0 s +the agents alone take 40\.0 s/);
  expect(text).toMatch(/ok +as fast +4\.90x +>= 4\.8 of 5/);
  expect(json).toMatchObject({ bench: "capacity", holds: true, limit: 5 });
});

test("one that they do not is exit code 1", () => {
  const { exitCode, text } = verdict({ narrowMs: 201_000, wideMs: 45_000 });
  expect([exitCode, text]).toEqual([1, expect.stringMatching(/MISS as fast +4\.47x/)]);
});
