import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandContext, UsageError } from "../../../scripts/kit/context";
import { cost, type CostOptions, type CostReport, parseUsage, readUsage } from "../../../scripts/cost/cost";
import { DEFAULT_USAGE } from "../../../scripts/cost/usage";

describe("cost", () => {
  const CONTEXT: CommandContext = {
    projectDirectory: "/nowhere",
    environment: {},
    progress: { step: (_, work) => work(() => undefined), note: () => undefined },
    signal: new AbortController().signal,
  };
  const PLAN = join(__dirname, "low-latency.plan.json");
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
    expect((json as CostReport).substitutes).toContain(
      'price of us-east-1 used for "REST API call" in region eu-west-1',
    );
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
      [
        "three to compare",
        { compare: ["baseline", "optimized", "low_latency"] },
        "--compare has 3 names; allowed: two",
      ],
      [
        "both ways to name a profile",
        { compare: ["baseline", "optimized"], profile: "optimized" },
        "--compare and --profile were both given",
      ],
      [
        "a plan that is not there",
        { compare: ["baseline", "plan"] },
        '"plan" is to be estimated, but no plan was given',
      ],
      [
        "a plan that is not asked for",
        { compare: ["baseline", "optimized"], fromPlan: PLAN },
        "--from-plan was given and baseline and optimized is estimated",
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
      ["an unknown setting", { vars: ["memory=1"] }, "--var memory=1 names no setting that has a cost"],
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
});

describe("usage", () => {
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

  test("a field that may be null is then worked out", () => {
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

  test("a usage file that is not an object is refused", () => {
    expect(refusal([1])).toContain('it is [1]; allowed: an object of fields, such as {"prompt_kb": 4}');
  });

  test("a file that is missing or not JSON is refused by its path", () => {
    expect(() => readUsage(join(folder, "none.json"))).toThrow(
      `The usage file ${join(folder, "none.json")} cannot be read: ENOENT`,
    );
    expect(() => readUsage(file("{"))).toThrow(
      /^The usage file .*usage\.json cannot be read: .*JSON.*Give the path of a JSON file$/,
    );
  });
});
