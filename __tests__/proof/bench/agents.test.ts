import { verdict, type AgentsBench } from "../../../bench/agents";

const GOOD: AgentsBench = {
  sequential: [21_050, 21_100, 21_200],
  parallel: [3_020, 3_030, 3_040],
  hanging: [6_040, 6_050],
  throwing: [3_010, 3_040],
  slowest: [3_005],
};

test("figures within every bound pass, and are told with their medians", () => {
  const { exitCode, text, json } = verdict(GOOD);
  expect(exitCode).toBe(0);
  expect(text).toContain("6.96x");
  expect(text).not.toContain("MISS");
  expect(json).toMatchObject({ bench: "agents", holds: true, medians: { sequential: 21_100, parallel: 3_030 } });
});

test.each<[what: string, figures: Partial<AgentsBench>]>([
  ["one after the other / all at once", { sequential: [20_000] }],
  ["all at once, over the slowest agents", { parallel: [3_200], sequential: [22_400] }],
  ["one agent hangs", { hanging: [9_000] }],
  ["more if one agent fails at once", { throwing: [3_400] }],
])("a miss of the bound of %s is told, with exit code 1", (what, figures) => {
  const { exitCode, text } = verdict({ ...GOOD, ...figures });
  expect(exitCode).toBe(1);
  expect(text).toMatch(new RegExp(`MISS .*${what}`));
});
