import { report } from "../../../bench/isolation";
import type { IsolationCounts } from "../../../bench/isolation-polls";

const GOOD: IsolationCounts = { polls: 10_000, hits: 9_000, leaks: 0, wrong: 0, unanswered: 100, examples: [] };
const measured = (jwt: Partial<IsolationCounts> = {}) => ({ iam: GOOD, api_key: GOOD, jwt: { ...GOOD, ...jwt } });

test("without a leak each mode is told with its polls and its hit rate", () => {
  const { exitCode, text, json } = report(measured());
  expect(exitCode).toBe(0);
  expect(text).toMatch(/ok {3}iam +10000 polls +90\.0 % from the cache +0 leaks/);
  expect(text).toMatch(/none +all callers are one/);
  expect(json).toMatchObject({ bench: "isolation", holds: true });
});

test.each([
  ["a leak", { leaks: 1, examples: ["leak: alice polled a request of bob and got 200"] }],
  ["a wrong answer", { wrong: 1 }],
  ["more than a hundredth without an answer", { unanswered: 101 }],
  ["no hit, which shows nothing", { hits: 0 }],
  ["no poll", { polls: 0, hits: 0 }],
])("%s in one mode is exit code 1", (_what, jwt) => {
  const { exitCode, text } = report(measured(jwt));
  expect(exitCode).toBe(1);
  expect(text).toContain("MISS jwt");
  for (const example of (jwt as { examples?: string[] }).examples ?? []) expect(text).toContain(`jwt: ${example}`);
});
