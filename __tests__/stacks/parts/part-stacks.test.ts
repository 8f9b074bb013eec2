import { PART_ALARMS, alarmsPart, cachedApiStagePart, liveAliasPart } from "../../../stacks/contract/parts";
import { PART_NAMES, goldenPart, partStack } from "../../support/part-stacks";
import { encoded, resource } from "../../support/stack-json";

describe("alarms stack", () => {
  const stack = partStack("alarms");
  const alarms = stack.resource["aws_cloudwatch_metric_alarm"] ?? {};

  test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest alarms-stack", () => {
    expect(stack).toEqual(goldenPart("alarms", stack));
  });

  test("its variables are the part's settings, its outputs the part's", () => {
    expect(Object.keys(stack.variable).sort()).toEqual(alarmsPart.settings.map(({ name }) => name).sort());
    expect(
      Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description])),
    ).toEqual(alarmsPart.outputs);
  });

  test("each alarm rings above its own variable, says what to do, and is there while what it watches is given", () => {
    expect(Object.keys(alarms)).toHaveLength(PART_ALARMS.length);
    for (const { name, watches, thresholdSetting, whatToDo } of PART_ALARMS) {
      const given = watches === "function" ? "function_name" : "rest_api_name";
      expect(alarms[`alarm_${name.replaceAll("-", "_")}`]).toMatchObject({
        alarm_name: `\${var.name}-${name}`,
        threshold: `\${var.${thresholdSetting}}`,
        count: `\${var.${given} != null && lookup(var.alarms_enabled, "${name}", true) ? 1 : 0}`,
        alarm_description: expect.stringContaining(whatToDo) as unknown,
        comparison_operator: "GreaterThanThreshold",
      });
    }
  });

  test("every name that alarms_enabled takes is an alarm's", () => {
    const condition = stack.variable["alarms_enabled"]?.validation?.[0]?.condition ?? "";
    expect(JSON.parse(/contains\((\[.*?\]), name/.exec(condition)?.[1] ?? "[]")).toEqual(
      PART_ALARMS.map(({ name }) => name),
    );
  });

  test("a variable that is known when planning decides about a topic of its own", () => {
    for (const address of ["aws_sns_topic.alarm_topic", "aws_sns_topic_policy.alarm_topic_policy"])
      expect(resource(stack, address)["count"]).toBe("${var.own_topic_enabled ? 1 : 0}");
    expect(
      JSON.stringify(encoded(stack, resource(stack, "aws_sns_topic_policy.alarm_topic_policy")["policy"])),
    ).not.toContain("alarm_topic[0]");
  });
});

describe("cached api stage stack", () => {
  const stack = partStack("cached-api-stage");

  test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest cached-api-stage-stack", () => {
    expect(stack).toEqual(goldenPart("cached-api-stage", stack));
  });

  test("its variables are the part's settings, its outputs the part's", () => {
    expect(Object.keys(stack.variable).sort()).toEqual(cachedApiStagePart.settings.map(({ name }) => name).sort());
    expect(
      Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description])),
    ).toEqual(cachedApiStagePart.outputs);
  });
});

describe("live alias stack", () => {
  const stack = partStack("live-alias");

  test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest live-alias-stack", () => {
    expect(stack).toEqual(goldenPart("live-alias", stack));
  });

  test("its variables are the part's settings, its outputs the part's", () => {
    expect(Object.keys(stack.variable).sort()).toEqual(liveAliasPart.settings.map(({ name }) => name).sort());
    expect(
      Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description])),
    ).toEqual(liveAliasPart.outputs);
  });

  test("Lambda's own defaults hold for asynchronous events, which are not dropped as heartbeats are", () => {
    expect(Object.keys(stack.resource)).toEqual(["aws_lambda_alias", "aws_lambda_provisioned_concurrency_config"]);
  });
});

test.each(PART_NAMES)(
  "no two variables of %s have rules that read each other: terraform takes that for a cycle",
  (name) => {
    const { variable } = partStack(name);
    const reads = (one: string, other: string) =>
      new RegExp(`\\bvar\\.${other}\\b`).test(JSON.stringify(variable[one]?.validation ?? []));
    const names = Object.keys(variable);
    expect(
      names.flatMap((one) =>
        names
          .filter((other) => one < other && reads(one, other) && reads(other, one))
          .map((other) => `${one} and ${other}`),
      ),
    ).toEqual([]);
  },
);
