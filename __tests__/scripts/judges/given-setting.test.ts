import { refusedVariable } from "../../../scripts/judges/given-setting";
import { meant, nearestName } from "../../../scripts/judges/nearest-name";
import { SETTINGS } from "../../../stacks/settings";

const NAMES = [...SETTINGS.map(({ name }) => name), "canary_note"];
const refused = (text: string) => refusedVariable(text, NAMES, SETTINGS);

test.each([
  ["a name with a slip", "memory_sise=2048", "--var memory_sise: there is no such setting. Did you mean memory_size?"],
  [
    "a name that is like none",
    "colour=red",
    "--var colour: there is no such setting. The table in docs/settings.md has them all.",
  ],
  ["no value", "memory_size", '--var "memory_size" gives no value; allowed: <name>=<value>, such as memory_size=2048.'],
  [
    "a number beyond its limits",
    "memory_size=64",
    '--var memory_size is "64"; allowed: a whole number from 128 to 10240 (MiB). Default: 1024 (baseline), ',
  ],
  ["a number that is none", "memory_size=", '--var memory_size is ""; allowed: a whole number'],
  [
    "a value that is not on the list",
    "log_retention_in_days=2",
    '--var log_retention_in_days is "2"; allowed: one of 1, 3, 5',
  ],
  ["a flag that is none", "cache_enabled=yes", '--var cache_enabled is "yes"; allowed: true or false. Default: '],
  ["a text of another form", "name=A", '--var name is "A"; allowed: 2 to 24 lower-case letters'],
  [
    "an attribute with a slip",
    'agents=[{"name":"a","kind":"scripted","targt":"1ms x"}]',
    "--var agents[0].targt: there is no such attribute. Did you mean target?\n--var agents[0] has no target",
  ],
  ["a list that is none", 'api_key_names={"a":1}', '--var api_key_names is {"a":1}; allowed: a list'],
  [
    "a profile that is none",
    "profile=fast",
    '--var profile is "fast"; allowed: one of baseline, optimized, low_latency. Default: ',
  ],
])("refuses %s with what is allowed and usual", (_, text, message) => expect(refused(text)).toContain(message));

test.each([
  "memory_size=2048",
  "cache_enabled=true",
  "live_version=null",
  'agents=[{ name = "a" }]',
  "canary_note=x",
  "tags={}",
  "environment=prod",
])("lets %s pass", (text) => expect(refused(text)).toBeUndefined());

test("the nearest of two equally near names is always the same, and a far one is none", () => {
  expect(nearestName("ab", ["ac", "aa"])).toBe("aa");
  expect(nearestName("throttling", ["memory_size"])).toBeUndefined();
  expect(meant("profil", ["profile"])).toBe("Did you mean profile?");
});
