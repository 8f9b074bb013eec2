import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../scripts/commands/context";
import { parseUsage, readUsage } from "../../../scripts/commands/usage";
import { DEFAULT_USAGE } from "../../../scripts/judges/cost/usage";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "quickturn-usage-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (text: string) => {
  const path = join(folder, "usage.json");
  writeFileSync(path, text);
  return path;
};
const refusal = (document: unknown) => {
  try {
    parseUsage(document, "u.json");
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error("It was accepted");
};

test("a file's fields count, and the defaults for the others", () => {
  expect(readUsage(file('{"prompt_kb": 4, "cache_hit_rate": 0.9}'))).toEqual({
    ...DEFAULT_USAGE,
    prompt_kb: 4,
    cache_hit_rate: 0.9,
  });
  expect(readUsage(file("{}"))).toEqual(DEFAULT_USAGE);
});

test("null has a field worked out, where it may be", () => {
  expect(parseUsage({ cache_hit_rate: null }, "u.json").cache_hit_rate).toBeNull();
  expect(refusal({ prompt_kb: null })).toContain("prompt_kb is null; allowed: a number from 0 to 32 (KB)");
});

test("every problem is told at once, with the field, the value and what is allowed", () => {
  const message = refusal({ prompt_kb: -1, pollers: 1.5, cache_hit_rate: 2, agent_seconds: "30", promptkb: 4 });
  expect(message.split("\n")).toHaveLength(6);
  expect(message).toContain("The usage file u.json is not valid:");
  expect(message).toContain("prompt_kb is -1; allowed: a number from 0 to 32 (KB)");
  expect(message).toContain("pollers is 1.5; allowed: a whole number from 0 to 1000 (callers)");
  expect(message).toContain(
    "cache_hit_rate is 2; allowed: a number from 0 to 1 (share of polls), or null to have it worked out",
  );
  expect(message).toContain('agent_seconds is "30"; allowed: a number from 0 to 900 (seconds)');
  expect(message).toContain("promptkb is no field of a usage file; allowed: agents_per_phase, ");
});

test("what is no object is refused", () => {
  expect(refusal([1])).toContain('it is [1]; allowed: an object of fields, such as {"prompt_kb": 4}');
});

test("a file that is not there, or no JSON, is refused by its path", () => {
  expect(() => readUsage(join(folder, "none.json"))).toThrow(
    `The usage file ${join(folder, "none.json")} cannot be read: ENOENT`,
  );
  expect(() => readUsage(file("{"))).toThrow(
    /^The usage file .*usage\.json cannot be read: .*JSON.*Give the path of a JSON file$/,
  );
});
