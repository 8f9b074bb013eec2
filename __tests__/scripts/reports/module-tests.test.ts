import { moduleTests } from "../../../scripts/reports/module-tests";
import { SETTINGS, defaultValue, followsProfile, type Setting } from "../../../stacks/settings";

const settings: readonly Setting[] = SETTINGS;
const tests = moduleTests(["aws_region"]);
const optimizations = tests["tests/optimizations.tftest.hcl"]!;
const refused = tests["tests/refused.tftest.hcl"]!;

/** A run block's text, by its name. */
function block(text: string, name: string): string {
  const found = new RegExp(`^run "${name}" {[\\s\\S]*?^}$`, "m").exec(text)?.[0];
  if (found === undefined) throw new Error(`There is no run ${name}`);
  return found;
}

test("every optimization of the profiles is flipped once, to its value in the baseline", () => {
  const differing = settings.filter(
    (setting) => followsProfile(setting) && defaultValue(setting, "optimized") !== defaultValue(setting, "baseline"),
  );
  expect(differing.length).toBeGreaterThan(5);
  for (const setting of differing)
    expect(block(optimizations, `${setting.name}_taken_away`)).toMatch(
      new RegExp(`^ {4}${setting.name} += ${String(defaultValue(setting, "baseline"))}$`, "m"),
    );
});

test("a flip asserts that its own setting changed and every other stayed", () => {
  const flip = block(optimizations, "memory_size_taken_away");
  expect(flip.match(/^ {2}assert {/gm)).toHaveLength(settings.filter(followsProfile).length);
  expect(flip).toContain("condition     = aws_lambda_function.worker_function.memory_size == 1024");
  expect(flip).toContain("condition     = aws_lambda_function.worker_function.reserved_concurrent_executions == 50");
});

test("the cache's cluster goes together with the cache that needs it", () => {
  const flip = block(optimizations, "cache_cluster_enabled_taken_away");
  expect(flip).toContain("    cache_cluster_enabled = false\n    cache_enabled         = false\n");
  expect(flip).toContain("!(aws_api_gateway_method_settings.live_status_method.settings[0].caching_enabled)");
});

test("every number is refused below and above, and every restricted string, each at its variable; no variable that the module has not", () => {
  const numbers = settings.filter(({ type }) => type === "number");
  for (const { name } of numbers)
    expect(refused.match(new RegExp(`^ {4}var\\.${name},$`, "gm"))?.length).toBeGreaterThanOrEqual(2);
  const strings = settings.filter(
    ({ type, sensitive, name }) => type === "string" && !sensitive && name !== "aws_region",
  );
  for (const { name } of strings) expect(refused).toMatch(new RegExp(`^ {4}${name} += "§ no"$`, "m"));
  expect(refused).not.toContain("aws_region ");
  expect(refused).not.toContain("var.aws_region");
});
