import { parseRate, readSchedules, readApplied } from "../../../../scripts/emulator/applied/applied";
import { State } from "../../../../scripts/emulator/applied/state";
import { resource, state, folder, functionArn, lambda, restApi } from "../fixtures";

describe("applied schedules", () => {
  test("a rate is read in its three units, and nothing else is one", () => {
    expect([
      parseRate("rate(1 minute)"),
      parseRate("rate(5 minutes)"),
      parseRate("rate(2 hours)"),
      parseRate("rate(1 day)"),
    ]).toEqual([60_000, 300_000, 7_200_000, 86_400_000]);
    expect([parseRate("cron(0 * * * ? *)"), parseRate("rate(0 minutes)"), parseRate("rate(30 days)")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("enabled rules are read with their targets, and a cron is warned of by name", () => {
    const rule = (name: string, values: Record<string, unknown>) =>
      resource("aws_cloudwatch_event_rule", name, { name, arn: `arn:${name}`, ...values });
    const target = (name: string) =>
      resource("aws_cloudwatch_event_target", name, {
        rule: name,
        arn: "arn:target",
        input: name === "beat" ? '{"a":1}' : null,
      });
    const warnings: string[] = [];
    const applied = State.parse(
      state(
        rule("beat", { schedule_expression: "rate(5 minutes)", state: "ENABLED" }),
        rule("off", { schedule_expression: "rate(5 minutes)", state: "DISABLED" }),
        rule("cron", { schedule_expression: "cron(0 0 * * ? *)" }),
        target("beat"),
        target("off"),
        target("cron"),
      ),
    );
    expect(readSchedules(applied, (text) => warnings.push(text))).toEqual([
      {
        address: "aws_cloudwatch_event_target.beat",
        ruleArn: "arn:beat",
        everyMs: 300_000,
        targetArn: "arn:target",
        input: '{"a":1}',
      },
    ]);
    expect(warnings).toEqual([
      'aws_cloudwatch_event_rule.cron is not fired: the local runtime fires rate(...) up to 24 days, and this rule has "cron(0 0 * * ? *)".',
    ]);
  });
});

describe("applied", () => {
  test("one state gives the whole model, and filter criteria are warned of", () => {
    const warnings: string[] = [];
    const mapping = {
      uuid: "u",
      event_source_arn: "arn:q",
      function_name: functionArn("api"),
      filter_criteria: [{ filter: [] }],
    };
    const applied = readApplied(
      state(
        restApi({ paths: {} }),
        lambda(folder(), { code: "" }),
        resource("aws_lambda_event_source_mapping", "m", mapping),
      ),
      (text) => warnings.push(text),
    );
    expect(Object.values(applied).map((part) => (Array.isArray(part) ? part.length : 1))).toEqual([
      1, 1, 0, 0, 1, 1, 0, 0, 1, 0,
    ]);
    expect(warnings).toEqual([
      "aws_lambda_event_source_mapping.m: filter_criteria is not emulated; every message is given to the function.",
    ]);
  });
});
