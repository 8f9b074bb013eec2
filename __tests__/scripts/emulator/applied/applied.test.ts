import { parseRate, readSchedules, readApplied, State } from "../../../../scripts/emulator/applied/applied";
import { resource, state, folder, functionArn, lambda, restApi } from "../fixtures";
import { firstBlock, requireText } from "../../../../scripts/emulator/json";

describe("applied schedules", () => {
  test("a rate is read in its three units, and every other expression is not a rate", () => {
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

  test("enabled rules are read with their targets, and a cron expression is a warning", () => {
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
      "aws_cloudwatch_event_rule.cron is not fired: the local runtime fires rate(...) up to 24 days, " +
        'and this rule has "cron(0 0 * * ? *)".',
    ]);
  });
});

describe("applied", () => {
  test("one state gives the whole model, with a warning about filter criteria and one about binary media types", () => {
    const warnings: string[] = [];
    const mapping = {
      uuid: "u",
      event_source_arn: "arn:q",
      function_name: functionArn("api"),
      filter_criteria: [{ filter: [] }],
    };
    const applied = readApplied(
      state(
        restApi({ paths: {}, "x-amazon-apigateway-binary-media-types": ["image/png"] }),
        lambda(folder(), { code: "" }),
        resource("aws_lambda_event_source_mapping", "m", mapping),
      ),
      (text) => warnings.push(text),
    );
    expect(Object.values(applied).map((part) => (Array.isArray(part) ? part.length : 1))).toEqual([
      1, 1, 0, 0, 1, 1, 0, 0, 1, 0,
    ]);
    expect(warnings).toEqual([
      "The API's binary media types are not emulated; every body is passed as text.",
      "aws_lambda_event_source_mapping.m: filter_criteria is not emulated; every message is given to the function.",
    ]);
  });
});

describe("state", () => {
  test("resources of child modules are found, data sources are not", () => {
    const parsed = State.parse({
      values: {
        root_module: {
          resources: [{ ...resource("aws_sqs_queue", "a", {}), mode: "data" }],
          child_modules: [
            { child_modules: [{ resources: [{ ...resource("aws_sqs_queue", "b", { url: "u" }), mode: "managed" }] }] },
          ],
        },
      },
    });
    expect(parsed.all("aws_sqs_queue").map(({ address }) => address)).toEqual(["aws_sqs_queue.b"]);
  });

  test("anything but `terraform show -json` is refused with what was given", () => {
    expect(() => State.parse({ format_version: "1.0" })).toThrow(
      "values.root_module is missing (given: an object with format_version). Run `terraform apply` first.",
    );
    expect(() => State.parse("text")).toThrow("(given: string)");
  });

  test("two resources of a type of which one is served are an error that names both", () => {
    const parsed = State.parse(state(resource("x", "a", {}), resource("x", "b", {})));
    expect(() => parsed.only("x")).toThrow("exactly one x; the applied state holds 2: x.a, x.b.");
  });

  test("a required text that is missing is an error that names resource and attribute", () => {
    const [entry] = State.parse(state(resource("t", "n", { a: "x", c: null }))).all("t");
    expect(requireText(entry!, "a")).toBe("x");
    expect(() => requireText(entry!, "c")).toThrow("t.n has no c in the applied state (given: null)");
  });

  test("a block is the first object of its list", () => expect(firstBlock([{ x: 1 }, { x: 2 }])).toEqual({ x: 1 }));
});
