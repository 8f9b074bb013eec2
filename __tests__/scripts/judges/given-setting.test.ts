import { meant, nearestName, refusedVariable } from "../../../scripts/judges/given-setting";
import { SETTINGS } from "../../../stacks/settings";

const NAMES = [...SETTINGS.map(({ name }) => name), "canary_note"];
const refused = (text: string) => refusedVariable(text, NAMES, SETTINGS);

test.each([
  ["a name with a slip", "memory_sise=2048", "--var memory_sise: there is no such setting. Did you mean memory_size?"],
  ["a name that is like none", "colour=red", "--var colour: there is no such setting. README's table has them all."],
  ["no value", "memory_size", '--var "memory_size" gives no value; allowed: <name>=<value>, such as memory_size=2048.'],
  ["a number beyond its limits", "memory_size=64", '--var memory_size is "64"; allowed: a whole number from 128 to 10240 (MiB). Default: 1024 (baseline), '],
  ["a number that is none", "memory_size=", '--var memory_size is ""; allowed: a whole number'],
  ["a value that is not on the list", "log_retention_in_days=2", '--var log_retention_in_days is "2"; allowed: one of 1, 3, 5'],
  ["a flag that is none", "cache_enabled=yes", '--var cache_enabled is "yes"; allowed: true or false. Default: '],
  ["a profile that is none", "profile=fast", '--var profile is "fast"; allowed: one of baseline, optimized, low_latency. Default: '],
])("refuses %s with what is allowed and usual", (_, text, message) => expect(refused(text)).toContain(message));

test.each(["memory_size=2048", "cache_enabled=true", "live_version=null", "agents=[{ name = \"a\" }]", "canary_note=x", "tags={}", "environment=prod"])("lets %s pass", (text) => expect(refused(text)).toBeUndefined());

test("the nearest of two equally near names is always the same, and a far one is none", () => {
  expect(nearestName("ab", ["ac", "aa"])).toBe("aa");
  expect(nearestName("throttling", ["memory_size"])).toBeUndefined();
  expect(meant("profil", ["profile"])).toBe("Did you mean profile?");
});
