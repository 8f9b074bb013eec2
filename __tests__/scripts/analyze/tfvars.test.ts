import type { Recommendation } from "../../../scripts/analyze/recommendations";
import { tfvarsText } from "../../../scripts/analyze/tfvars";

const recommendation = (given: Partial<Recommendation>): Recommendation => ({
  setting: "memory_size",
  value: 1_536,
  expected: "Room.",
  certainty: "high",
  effect: "new version",
  ...given,
});
const text = (settings: readonly Recommendation[], withheld: readonly string[] = []) =>
  tfvarsText({ recommended: { settings, withheld }, analysis: { count: 44 } });
const assignments = (tfvars: string) => tfvars.split("\n").filter((line) => line !== "" && !line.startsWith("# "));

test("a value is a setting with its reason, and a hypothesis is a comment", () => {
  const written = text([
    recommendation({}),
    recommendation({ setting: "max_parallel_agents", value: 0, certainty: "hypothesis" }),
    recommendation({ setting: "heartbeat_enabled", value: true }),
  ]);
  expect(assignments(written)).toEqual(["memory_size = 1536", "heartbeat_enabled = true"]);
  expect(written).toContain("# memory_size: Room. Certainty: high. Effect: new version.\nmemory_size = 1536\n");
  expect(written).toContain("\n# max_parallel_agents = 0\n");
});

test("nothing in a reason can become a setting", () => {
  const written = text([recommendation({ expected: 'x\nprofile = "baseline"\r\nname = "y"' })], ["z\nevil = 1"]);
  expect(assignments(written)).toEqual(["memory_size = 1536"]);
});

test("lines are at most 110 characters, and a file with nothing in it says so", () => {
  const written = text([recommendation({ expected: "word ".repeat(200) })]);
  for (const line of written.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
  expect(text([])).toContain("# Nothing: the evidence supports no change of a setting.");
});
