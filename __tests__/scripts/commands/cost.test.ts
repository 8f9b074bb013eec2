import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext } from "../../../scripts/commands/context";
import { cost, type CostOptions, type CostReport } from "../../../scripts/commands/cost";

const CONTEXT: CommandContext = {
  projectDirectory: "/nowhere",
  environment: {},
  progress: { step: (_, work) => work(() => undefined), note: () => undefined },
  signal: new AbortController().signal,
};
const PLAN = join(__dirname, "../judges/cost/low-latency.plan.json");
const run = (options: Partial<CostOptions> = {}) => cost(CONTEXT, { vars: [], ...options });
const report = async (options: Partial<CostOptions> = {}) => (await run(options)).json as CostReport;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "quickturn-cost-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("alone it reckons the profile optimized at three volumes", async () => {
  const { deployments, bills, differences } = await report();
  expect(deployments.map(({ name }) => name)).toEqual(["optimized"]);
  expect(bills[0]?.map(({ requests }) => requests)).toEqual([10_000, 100_000, 1_000_000]);
  expect(differences).toEqual([]);
});

test("two profiles stand side by side, and the other way round the differences have the other sign", async () => {
  const there = await report({ compare: ["baseline", "optimized"], requests: "1000,0" });
  const back = await report({ compare: ["optimized", "baseline"], requests: "1000,0" });
  expect(there.differences).toHaveLength(2);
  there.differences.forEach(({ total }, index) =>
    expect(total.differenceUsd).toBe(-back.differences[index]!.total.differenceUsd),
  );
});

test("a setting changes both profiles", async () => {
  const { deployments } = await report({
    compare: ["baseline", "optimized"],
    vars: ["memory_size=2048", "cloudfront_enabled=true", "cache_cluster_size=6.1", "authorization=api_key"],
  });
  for (const deployment of deployments)
    expect(deployment).toMatchObject({ workerMemoryMiB: 2_048, cloudfrontEnabled: true, authorization: "api_key" });
  expect(deployments[1]?.cacheClusterGB).toBe("6.1");
});

test("another region's prices are used, and what stood in is said in the text", async () => {
  const { text, json } = await run({ region: "eu-west-1" });
  expect((json as CostReport).substitutes).toContain('price of us-east-1 used for "REST API call" in region eu-west-1');
  expect(text).toContain('price of us-east-1 used for "REST API call" in region eu-west-1');
  expect((await report({ vars: ["aws_region=eu-west-1"] })).substitutes).toEqual((json as CostReport).substitutes);
});

test("a usage file counts", async () => {
  const path = join(folder, "usage.json");
  writeFileSync(path, JSON.stringify({ output_tokens: 0, input_tokens: 0 }));
  expect((await report({ usage: path })).bills[0]?.[0]?.parts.tokens).toBe(0);
});

test("a plan is reckoned as what it plans, alone or beside a profile", async () => {
  const alone = await report({ fromPlan: PLAN });
  expect(alone.deployments).toEqual([
    expect.objectContaining({ name: "plan", cacheClusterGB: "1.6", workerProvisioned: 2 }),
  ]);
  const beside = await report({ fromPlan: PLAN, compare: ["baseline", "plan"] });
  expect(beside.deployments.map(({ name }) => name)).toEqual(["baseline", "plan"]);
  expect(beside.bills[1]).toEqual(alone.bills[0]);
});

test("the same question has the same answer, byte for byte", async () => {
  const [first, second] = [
    await run({ compare: ["baseline", "low_latency"] }),
    await run({ compare: ["baseline", "low_latency"] }),
  ];
  expect(first).toEqual(second);
});

describe("refused", () => {
  test.each<[string, Partial<CostOptions>, string]>([
    [
      "an unknown profile",
      { profile: "fast" },
      'There is no profile "fast"; allowed: baseline, optimized, low_latency, and plan with --from-plan',
    ],
    ["three to compare", { compare: ["baseline", "optimized", "low_latency"] }, "--compare has 3 names; allowed: two"],
    [
      "both ways to name a profile",
      { compare: ["baseline", "optimized"], profile: "optimized" },
      "--compare and --profile were both given",
    ],
    ["a plan that is not there", { compare: ["baseline", "plan"] }, '"plan" is reckoned, but no plan was given'],
    [
      "a plan that is not asked for",
      { compare: ["baseline", "optimized"], fromPlan: PLAN },
      "--from-plan was given and baseline and optimized is reckoned",
    ],
    [
      "settings beside a plan",
      { fromPlan: PLAN, vars: ["memory_size=512"] },
      "--var changes settings and --from-plan has them applied",
    ],
    [
      "a file that is no plan",
      { fromPlan: join(__dirname, "../../tsconfig.json") },
      "is neither a plan nor a state: it has the fields extends, compilerOptions; allowed",
    ],
    ["an unknown setting", { vars: ["memory=1"] }, "--var memory=1 names no setting that can be reckoned"],
    ["the profile as a setting", { vars: ["profile=baseline"] }, "--profile instead of profile"],
    [
      "a number beyond its limits",
      { vars: ["memory_size=64"] },
      '--var memory_size is "64"; allowed: a whole number from 128 to 10240 (MiB)',
    ],
    ["a number that is none", { vars: ["memory_size="] }, '--var memory_size is ""; allowed: a whole number'],
    [
      "a value that is not on the list",
      { vars: ["log_retention_in_days=2"] },
      '--var log_retention_in_days is "2"; allowed: one of 1, 3, 5',
    ],
    ["a flag that is none", { vars: ["cache_enabled=yes"] }, '--var cache_enabled is "yes"; allowed: true or false'],
    [
      "a size that there is not",
      { vars: ["cache_cluster_size=2"] },
      '--var cache_cluster_size is "2"; allowed: one of 0.5',
    ],
    ["a region that is none", { region: "mars" }, '--region is "mars"; allowed: a region\'s code, such as us-east-1'],
    [
      "a volume with its thousands apart",
      { requests: "10,000" },
      '--requests has "000"; allowed: whole numbers from 0',
    ],
    ["volumes that are none", { requests: "10,-1" }, '--requests has "-1"; allowed: whole numbers from 0'],
  ])("%s", async (_what, options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });
});
