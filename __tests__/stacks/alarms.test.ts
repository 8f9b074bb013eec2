import { alarmSetCost } from "../../scripts/cost/watching";
import { alarmSetCosts } from "../../scripts/publish/tables";
import {
  ALARM_NAMES,
  existingAlarms,
  BURN_RATES,
  KPIS,
  nameMetric,
  SETTINGS,
  type Kpi,
  type KpiAlarm,
  type MetricReference,
} from "../../stacks/contract/settings";
import { periodOf, rings, type AlarmBlock, type Sample } from "../support/alarm-evaluator";
import { settingDefault, withDefaults } from "../support/defaults";
import { SOURCES } from "../support/source-names";
import { encoded, resource, stackJson } from "../support/stack-json";
import { terraformVerdicts, type Values, type Verdict } from "../support/terraform-cases";

const stack = stackJson();
const alarms = stack.resource["aws_cloudwatch_metric_alarm"] ?? {};
const composites = stack.resource["aws_cloudwatch_composite_alarm"] ?? {};
const listed = KPIS.flatMap((kpi) => kpi.alarms.map((alarm): [string, Kpi, KpiAlarm] => [alarm.name, kpi, alarm]));
const idOf = (name: string) => `alarm_${name.replaceAll("-", "_")}`;

/** The settings that a condition of the list asks for. */
const GIVEN = { token_quota_per_minute: 100_000 };

/** An alarm of the synthesized stack with the settings' defaults in it. */
function block(address: string): AlarmBlock {
  const raw = JSON.parse(withDefaults(JSON.stringify(alarms[address]), GIVEN)) as AlarmBlock;
  return { ...raw, threshold: Number(raw.threshold), treat_missing_data: whileOn(raw.treat_missing_data) };
}

/** What missing data is while the feature that an alarm watches is on. */
const whileOn = (missing: string): string => /^\$\{.+ \? "(\w+)" : "notBreaching"\}$/.exec(missing)?.[1] ?? missing;

/** Makes samples of one value in a period. Default: one. */
type MakeSamples = (reference: MetricReference, value: number, count?: number) => Sample[];

/** The samples of one period: at the threshold, or just beyond it on the bad side. */
function periodSamples(
  { measure, better, minimumSamples = 1 }: Kpi,
  threshold: number,
  bad: boolean,
  sample: MakeSamples,
): Sample[] {
  const worse = bad ? (better === "lower" ? 1 : -1) : 0;
  if (measure.kind === "percentile") return sample(measure.metric, threshold + worse, minimumSamples);
  if (measure.kind === "mean") return sample(measure.metric, threshold + worse, 10);
  if (measure.kind === "share")
    return [
      ...sample(measure.metric, 1, threshold * 10 + worse),
      ...sample(measure.metric, 0, 1_000 - threshold * 10 - worse),
    ];
  if (measure.kind === "total" || measure.kind === "peak") return sample(measure.metrics.at(-1)!, threshold + worse);
  if (measure.kind === "fill")
    return sample(
      measure.metric,
      (threshold / 100) *
        Number({ ...GIVEN }[measure.ofSetting as keyof typeof GIVEN] ?? settingDefault(measure.ofSetting)) +
        worse,
    );
  if (measure.kind === "quota") return sample(measure.metric, threshold * 10 + worse);
  if (measure.kind === "ratio") {
    const isPartOfWhole = measure.whole.some((metric) => JSON.stringify(metric) === JSON.stringify(measure.part[0]));
    const part = threshold * 10 + worse;
    return [...sample(measure.part[0]!, part), ...sample(measure.whole.at(-1)!, isPartOfWhole ? 1_000 - part : 1_000)];
  }
  throw new Error(`An alarm on ${measure.kind}`);
}

/** The samples of some periods, counted back from the end. */
function stream(
  alarm: AlarmBlock,
  periods: readonly number[],
  what: (sample: MakeSamples) => Sample[],
): { samples: Sample[]; end: number } {
  const seconds = periodOf(alarm);
  const end = 10 * seconds;
  const samples = periods.flatMap((back) =>
    what((reference, value, count = 1) =>
      Array.from({ length: count }, () => ({
        metric: nameMetric(reference, SOURCES),
        atSeconds: end - (back + 1) * seconds + 1,
        value,
      })),
    ),
  );
  return { samples, end };
}
const lastPeriods = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.each(listed)("the alarm %s", (name, kpi, listing) => {
  const alarm = block(idOf(name));
  const ringsWith = (periods: readonly number[], what: (sample: MakeSamples) => Sample[]) => {
    const { samples, end } = stream(alarm, periods, what);
    return rings(alarm, samples, end);
  };
  const bad = (sample: MakeSamples) => periodSamples(kpi, alarm.threshold, true, sample);
  const good = (sample: MakeSamples) => periodSamples(kpi, alarm.threshold, false, sample);

  test("rings just beyond its threshold", () =>
    expect(ringsWith(lastPeriods(listing.datapointsToAlarm), bad)).toBe(true));
  test("is silent at its threshold", () => expect(ringsWith(lastPeriods(listing.evaluationPeriods), good)).toBe(false));
  test(`without any data ${listing.missing === "breaching" ? "rings: silence is what it watches" : "is silent"}`, () =>
    expect(ringsWith([], good)).toBe(listing.missing === "breaching"));

  test("needs as many bad periods as the list says", () => {
    if (listing.missing === "breaching") return expect(listing.datapointsToAlarm).toBe(1);
    expect(ringsWith(lastPeriods(listing.datapointsToAlarm - 1), bad)).toBe(false);
  });

  test("has a threshold from its setting, actions both ways, its severity, and says what to do", () => {
    const raw = alarms[idOf(name)] ?? {};
    expect(raw["threshold"]).toBe(`\${var.${listing.thresholdSetting}}`);
    expect(whileOn(String(raw["treat_missing_data"]))).toBe(listing.missing);
    expect(raw["alarm_actions"]).toHaveLength(1);
    expect(raw["ok_actions"]).toEqual(raw["alarm_actions"]);
    expect(raw["tags"]).toEqual({ "quickturn:severity": listing.severity });
    const description = String(raw["alarm_description"]);
    expect(description).toContain(`Severity: ${listing.severity}. What to do: RUNBOOK.md, "${kpi.runbook}".`);
    // CloudWatch takes 1,024 characters.
    expect(withDefaults(description, GIVEN).length).toBeLessThan(1_024);
  });
});

const floored = listed.filter(([, { minimumSamples = 1 }]) => minimumSamples > 1);
test.each(floored)("%s is silent with too few samples, however bad", (name, kpi) => {
  const alarm = block(idOf(name));
  const { measure, minimumSamples = 1, better } = kpi;
  const { samples, end } = stream(alarm, [0, 1, 2], (sample) => {
    if (measure.kind === "percentile") return sample(measure.metric, alarm.threshold * 10, minimumSamples - 1);
    if (measure.kind === "share") return sample(measure.metric, 1, minimumSamples - 1);
    if (measure.kind === "ratio")
      return better === "lower"
        ? [...sample(measure.part[0]!, minimumSamples - 1), ...sample(measure.whole[0]!, minimumSamples - 1)]
        : sample(measure.whole.at(-1)!, minimumSamples - 1);
    throw new Error(`${measure.kind} has no samples`);
  });
  expect(rings(alarm, samples, end)).toBe(false);
});

const several = listed.flatMap(([name, { measure }]) =>
  "metrics" in measure && measure.metrics.length > 1
    ? measure.metrics.map((metric): [string, string, MetricReference] => [
        name,
        `${metric.source} ${metric.metric}`,
        metric,
      ])
    : [],
);
test.each(several)("%s rings by %s alone, the others silent", (name, _, metric) => {
  const alarm = block(idOf(name));
  const { samples, end } = stream(alarm, [0, 1], (sample) => sample(metric, alarm.threshold + 1));
  expect(rings(alarm, samples, end)).toBe(true);
});

test("an alarm is one of the list, or a window of a burn rate", () => {
  const windows = BURN_RATES.flatMap(({ name }) => [`${name}-long`, `${name}-short`]).map(
    (name) => `burn_rate_${name.replaceAll("-", "_")}`,
  );
  expect(Object.keys(alarms).sort()).toEqual([...listed.map(([name]) => idOf(name)), ...windows].sort());
  expect(ALARM_NAMES).toEqual([...new Set(ALARM_NAMES)]);
  expect(ALARM_NAMES).toHaveLength(Object.keys(alarms).length - windows.length + Object.keys(composites).length);
});

test("CloudWatch takes the periods, their number and length, and at most ten metrics of one period", () => {
  for (const address of Object.keys(alarms)) {
    const alarm = block(address);
    const seconds = periodOf(alarm);
    expect(seconds % 60).toBe(0);
    // A day in all below an hour, a week from it on (PutMetricAlarm).
    expect(seconds * alarm.evaluation_periods).toBeLessThanOrEqual(seconds < 3_600 ? 86_400 : 604_800);
    expect(alarm.datapoints_to_alarm).toBeLessThanOrEqual(alarm.evaluation_periods);
    expect((alarm.metric_query ?? []).filter(({ metric }) => metric).length).toBeLessThanOrEqual(10);
    for (const { metric } of alarm.metric_query ?? [])
      if (metric?.namespace === "AWS/DynamoDB") expect(alarm.metric_query?.[0]?.expression).toContain("FILL(");
    expect(alarm.namespace).not.toBe("AWS/DynamoDB");
  }
});

describe.each(BURN_RATES.map((rate) => [rate.name, rate] as const))("the burn rate %s", (name, rate) => {
  const composite = composites[`burn_rate_${name.replaceAll("-", "_")}`] ?? {};
  const windows = [
    ...String(composite["alarm_rule"]).matchAll(
      /ALARM\("\$\{aws_cloudwatch_metric_alarm\.(\w+)\[0\]\.alarm_name\}"\)/g,
    ),
  ].map(([, address = ""]) => address);
  const metric = nameMetric({ source: "deployment", metric: "RequestFailed" }, SOURCES);
  const DAY = 86_400;
  /** One request a minute, of which a share fails, evenly, from some seconds before the end until some others. */
  const requests = (share: number, fromSeconds: number, untilSeconds = 0): Sample[] =>
    Array.from({ length: Math.floor((fromSeconds - untilSeconds) / 60) }, (_, index) => ({
      metric,
      atSeconds: DAY - fromSeconds + index * 60,
      value: Math.floor((index + 1) * share) - Math.floor(index * share),
    }));
  const allRing = (samples: readonly Sample[]) => windows.every((address) => rings(block(address), samples, DAY));
  const limit = (rate.factor * Number(settingDefault("kpi_error_rate"))) / 100;

  test("consists of its two windows, and only it has actions", () => {
    expect(composite["alarm_rule"]).toMatch(/^ALARM\("[^"]+"\) AND ALARM\("[^"]+"\)$/);
    expect(windows).toHaveLength(2);
    expect(windows.map((address) => periodOf(block(address)))).toEqual([rate.longSeconds, rate.shortSeconds]);
    for (const address of windows)
      for (const actions of ["alarm_actions", "ok_actions"]) expect(alarms[address]).not.toHaveProperty(actions);
    expect(composite["alarm_actions"]).toHaveLength(1);
    expect(composite["tags"]).toEqual({ "quickturn:severity": rate.severity });
  });

  test("rings where requests fail faster than the rate in both windows", () =>
    expect(allRing(requests(Math.min(1, limit * 1.5), rate.longSeconds))).toBe(true));
  test("is silent where they fail as the budget allows", () =>
    expect(allRing(requests(limit / rate.factor, rate.longSeconds))).toBe(false));
  test("is silent once the failures have ended", () =>
    expect(allRing([...requests(1, rate.longSeconds, rate.shortSeconds), ...requests(0, rate.shortSeconds)])).toBe(
      false,
    ));
  test("is silent where a short burst uses up little of the budget", () =>
    expect(allRing([...requests(0, rate.longSeconds, 120), ...requests(limit, 120)])).toBe(false));
  test("is silent without requests", () => expect(allRing([])).toBe(false));
});

describe("whom the alarms call", () => {
  test("each alarm goes to its severity's topic, else to the operator's, else to one of our own", () => {
    for (const [, , { name, severity }] of listed) {
      expect(alarms[idOf(name)]?.["alarm_actions"]).toEqual([
        `\${lookup(var.alarm_topic_arns, "${severity}", !local.is_given.alarm_topic_arn ? ` +
          "one(aws_sns_topic.alarm_topic[*].arn) : var.alarm_topic_arn)}",
      ]);
    }
    expect(resource(stack, "aws_sns_topic.alarm_topic")["kms_master_key_id"]).toBe("${var.kms_key_arn}");
    const { Statement } = encoded(stack, resource(stack, "aws_sns_topic_policy.alarm_topic_policy")["policy"]) as {
      Statement: { Effect: string; Principal: unknown; Action: string[]; Resource: string }[];
    };
    expect(resource(stack, "aws_sns_topic_policy.alarm_topic_policy")["arn"]).toBe(
      "${aws_sns_topic.alarm_topic[0].arn}",
    );
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: ["sns:Publish"],
        Resource: "${one(aws_sns_topic.alarm_topic[*].arn)}",
      }),
    );
  });

  test("the topic writes to the person of alarm_email", () => {
    expect(resource(stack, "aws_sns_topic_subscription.alarm_email")).toMatchObject({
      topic_arn: "${aws_sns_topic.alarm_topic[0].arn}",
      protocol: "email",
      endpoint: "${var.alarm_email}",
    });
  });
});

describe("what the alarms cost a month", () => {
  const metricsOf = (address: string) => block(address).metric_query?.filter(({ metric }) => metric).length ?? 1;
  const shapes = (addresses: readonly string[]) => addresses.map((address) => ({ metrics: metricsOf(address) }));
  const windows = Object.keys(alarms).filter((address) => address.startsWith("burn_rate_"));
  const burning = [...shapes(windows), ...Object.keys(composites).map(() => ({ metrics: 0, composite: true }))];
  const costOf = (sets: readonly KpiAlarm["set"][]) =>
    alarmSetCost([
      ...shapes(listed.filter(([, , { set }]) => sets.includes(set)).map(([name]) => idOf(name))),
      ...burning,
    ]);

  test("essential alarms cost below $5 a month, and the tables of the docs have the same prices", () => {
    expect(costOf(["essential"])).toBeLessThan(5);
    expect(alarmSetCosts().essential).toBeCloseTo(costOf(["essential"]), 9);
    expect(alarmSetCosts().full).toBeCloseTo(costOf(["essential", "full"]), 9);
  });
});

describe("which alarms exist", () => {
  const everyBlock = { ...alarms, ...composites };
  const locals = stack.locals;
  const following = Object.keys((locals["profiles"] as Record<string, Record<string, unknown>>)["optimized"] ?? {});
  const JWT = { authorization: "jwt", jwt_issuer: "https://issuer.example", jwt_audiences: ["agents"] };
  /** As long as it may be. */
  const RUNBOOK_URL = `https://docs.example.org/${"a".repeat(231)}`;
  const SETS = {
    nothing: {},
    full: { alarm_set: "full" },
    fullWithAll: { alarm_set: "full", token_quota_per_minute: 1_000, ...JWT },
    tokens: JWT,
    none: { alarm_set: "none" },
    noneButTwo: { alarm_set: "none", alarms_enabled: { "dead-letters": true, "error-budget-fast": true } },
    oneOffOneOn: { alarms_enabled: { "worker-errors": false, "table-throttles": true }, alarm_burn_rates: false },
    featuresOff: { alarm_set: "full", profile: "baseline", reserved_concurrent_executions: -1 },
    featuresOn: { alarm_set: "full", profile: "low_latency" },
    wideBudget: { kpi_error_rate: 10 },
    wideBudgetWithoutFast: { kpi_error_rate: 10, alarms_enabled: { "error-budget-fast": false } },
    email: { alarm_email: "on.call@example.org" },
    madeBeside: { alarm_topic_arn: "arn:aws:sns:us-east-1:123456789012:pages", known_after_apply: ["alarm_topic_arn"] },
    runbook: { runbook_url: RUNBOOK_URL },
    mixed: { alarm_set: "none", alarms_enabled: { "worker-errors": true, "error-budget-slow": true } },
    withoutFeatures: {
      alarm_set: "full",
      heartbeat_enabled: false,
      cache_enabled: false,
      reserved_concurrent_executions: -1,
      provisioned_concurrent_executions: 0,
      alarm_burn_rates: false,
    },
    fullTokens: { alarm_set: "full", ...JWT },
    fullQuota: { alarm_set: "full", token_quota_per_minute: 10 },
    provisioned: {
      provisioned_concurrent_executions: 2,
      alarms_enabled: { "provisioned-spillover": true, "dead-letters": false },
    },
  } satisfies Readonly<Record<string, Values>>;
  type SetName = keyof typeof SETS;
  let verdicts: readonly Verdict[];

  /** The real terraform evaluates the expressions, without the resources. */
  beforeAll(async () => {
    const counts = Object.fromEntries(Object.entries(everyBlock).map(([address, { count }]) => [address, count]));
    const muting = Object.fromEntries(
      Object.entries(alarms).flatMap(([address, { actions_enabled, treat_missing_data }]) =>
        actions_enabled === undefined ? [] : [[address, { actions_enabled, treat_missing_data }]],
      ),
    );
    const descriptions = Object.fromEntries(
      Object.entries(everyBlock).map(([address, { alarm_description: description }]) => [address, description]),
    );
    const thresholds = Object.fromEntries(
      Object.entries(alarms).map(([address, { threshold }]) => [address, threshold]),
    );
    const module = {
      variable: stack.variable,
      locals: {
        is_given: locals["is_given"],
        profiles: locals["profiles"],
        ...Object.fromEntries(following.map((name) => [name, locals[name]])),
      },
      check: Object.fromEntries(Object.entries(stack.check).filter(([name]) => /error_budget|alarms_reach/.test(name))),
      output: {
        counts: { value: counts },
        descriptions: { value: descriptions },
        thresholds: { value: thresholds },
        muting: { value: muting },
      },
    };
    verdicts = await terraformVerdicts(module, Object.values(SETS));
  });

  function evaluate(name: SetName) {
    const { outputs, warnings, errors } = verdicts[Object.keys(SETS).indexOf(name)]!;
    expect(errors).toEqual([]);
    const { counts, descriptions, thresholds, muting } = outputs as {
      descriptions: Record<string, string>;
      counts: Record<string, number>;
      thresholds: Record<string, number>;
      muting: Record<string, { actions_enabled: boolean; treat_missing_data: string }>;
    };
    const existing = Object.entries(counts)
      .filter(([, count]) => Number(count) === 1)
      .map(([address]) => address);
    return { existing: existing.sort(), descriptions, thresholds, muting, warnings: warnings.join("\n") };
  }
  const burnBlocks = Object.keys(everyBlock).filter((address) => address.startsWith("burn_rate_"));
  const named = (...names: readonly string[]) => names.map(idOf);
  const tokenAlarms = listed.filter(([, { when }]) => when !== undefined && "is" in when).map(([name]) => name);
  const essential = listed
    .filter(([name, , { set }]) => set === "essential" && !tokenAlarms.includes(name))
    .map(([name]) => name);

  test("essential by default: those of the list and the burn rates", () => {
    expect(evaluate("nothing").existing).toEqual([...named(...essential), ...burnBlocks].sort());
  });

  test("full: all, except those without their number or their function", () => {
    const off = named("token-quota", ...tokenAlarms);
    expect(evaluate("full").existing).toEqual(
      Object.keys(everyBlock)
        .filter((address) => !off.includes(address))
        .sort(),
    );
    expect(evaluate("fullWithAll").existing).toEqual(Object.keys(everyBlock).sort());
  });

  test("authorization jwt adds the authorizer's alarms and changes no other", () => {
    expect(evaluate("tokens").existing).toEqual(
      [...evaluate("nothing").existing, ...named("authorizer-throttles")].sort(),
    );
  });

  test("none: only those that alarms_enabled names", () => {
    expect(evaluate("none").existing).toEqual([]);
    expect(evaluate("noneButTwo").existing).toEqual(
      [idOf("dead-letters"), ...burnBlocks.filter((address) => address.includes("budget_fast"))].sort(),
    );
  });

  test.each<[SetName]>([["nothing"], ["fullQuota"], ["mixed"], ["withoutFeatures"], ["fullTokens"], ["provisioned"]])(
    "existingAlarms gives the alarms that terraform creates: %s",
    (name) => {
      const settings = {
        ...Object.fromEntries(SETTINGS.map((setting) => [setting.name, settingDefault(setting.name)])),
        ...SETS[name],
      };
      const reckoned = existingAlarms(KPIS, settings);
      const addressOf = (alarm: string) =>
        alarm.startsWith("error-budget") ? `burn_rate_${alarm.replaceAll("-", "_")}` : idOf(alarm);
      expect(reckoned.map((alarm) => addressOf(alarm.name)).sort()).toEqual(evaluate(name).existing);
      for (const alarm of reckoned)
        if (!alarm.composite)
          expect(alarm.metrics).toBe(
            block(addressOf(alarm.name)).metric_query?.filter(({ metric }) => metric).length ?? 1,
          );
    },
  );

  test("alarms_enabled turns single alarms off and on", () => {
    expect(evaluate("oneOffOneOn").existing).toEqual(
      named(...essential.filter((name) => name !== "worker-errors"), "table-throttles").sort(),
    );
  });

  test("what watches a feature that is off stays and is muted: no optimization is taken away with an alarm", () => {
    const names = [
      "api-heartbeat-missing",
      "worker-heartbeat-missing",
      "heartbeat-failures",
      "cache-hit-rate",
      "reserved-concurrency",
      "provisioned-spillover",
    ];
    const [off, on] = [evaluate("featuresOff"), evaluate("featuresOn")];
    expect(off.existing).toEqual(evaluate("full").existing);
    for (const name of names)
      expect(off.muting[idOf(name)]).toEqual({ actions_enabled: false, treat_missing_data: "notBreaching" });
    for (const name of names) expect(on.muting[idOf(name)]?.actions_enabled).toBe(true);
    expect(on.muting[idOf("api-heartbeat-missing")]?.treat_missing_data).toBe("breaching");
    expect(on.muting[idOf("cache-hit-rate")]?.treat_missing_data).toBe("notBreaching");
    expect(Object.keys(on.muting).sort()).toEqual(named(...names).sort());
  });

  test("a check warns of a threshold above all requests, and the alarm can still ring", () => {
    const { thresholds, warnings } = evaluate("wideBudget");
    expect(warnings).toContain(
      "kpi_error_rate is 10 %: error-budget-fast asks for 14.4 times that, which is all requests or more; it now " +
        "rings at 99 %. Lower kpi_error_rate below 6.9",
    );
    expect(warnings).not.toContain("error-budget-steady asks for");
    expect(Number(thresholds["burn_rate_error_budget_fast_long"])).toBe(0.99);
    expect(evaluate("nothing").warnings).not.toContain("asks for");
    expect(evaluate("wideBudgetWithoutFast").warnings).not.toContain("asks for");
  });

  test("every description ends with the URL of its section exactly when runbook_url is given", () => {
    const [without, withUrl] = [evaluate("nothing").descriptions, evaluate("runbook").descriptions];
    for (const [address, description] of Object.entries(without)) {
      const [section = "Error budget"] = (/RUNBOOK\.md, "([^"]+)"\.$/.exec(description) ?? []).slice(1);
      expect(withUrl[address]).toBe(`${description} ${RUNBOOK_URL}#${section.toLowerCase().replaceAll(" ", "-")}`);
      expect(withUrl[address]!.length).toBeLessThanOrEqual(1_024);
    }
    expect(withUrl[idOf("dead-letters")]).toMatch(/#dead-letters$/);
  });

  test("alarms that reach nobody are warned of", () => {
    const warning = "The alarms call nobody";
    expect(evaluate("nothing").warnings).toContain(warning);
    expect(evaluate("email").warnings).not.toContain(warning);
    expect(evaluate("madeBeside").warnings).not.toContain(warning);
    expect(evaluate("none").warnings).not.toContain(warning);
  });
});
