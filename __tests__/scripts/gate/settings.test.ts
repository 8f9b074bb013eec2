import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sourceNames, GATE_SETTINGS, readNumber, explainUnmet } from "../../../scripts/gate/settings";
import { PROJECT } from "../../support/stack-json";
import { KPIS, SETTINGS, conditionSetting } from "../../../stacks/contract/settings";

describe("names", () => {
  const DEPLOYMENT = "${var.name}-${var.environment}";
  const golden = JSON.parse(readFileSync(join(PROJECT, "__tests__/stacks/agent-api-stack.golden.json"), "utf8")) as {
    resource: Record<string, Record<string, Record<string, unknown>>>;
  };
  const named = (type: string, id: string, attribute = "name") => golden.resource[type]?.[id]?.[attribute];

  /** Outputs as the stack has them, with names that are still templates. */
  const OUTPUTS = {
    deployment_name: DEPLOYMENT,
    api_function_name: named("aws_lambda_function", "api_function", "function_name"),
    worker_function_name: named("aws_lambda_function", "worker_function", "function_name"),
    sweeper_function_name: named("aws_lambda_function", "sweeper_function", "function_name"),
    rest_api_name: Object.values(golden.resource["aws_api_gateway_rest_api"] ?? {})[0]?.["name"],
    stage_name: Object.values(golden.resource["aws_api_gateway_stage"] ?? {})[0]?.["stage_name"],
    work_queue_url: `https://sqs.us-east-1.amazonaws.com/123456789012/${DEPLOYMENT}-work`,
    dead_letter_queue_url: `https://sqs.us-east-1.amazonaws.com/123456789012/${DEPLOYMENT}-work-failed`,
    requests_table_name: named("aws_dynamodb_table", "store_requests"),
    sessions_table_name: named("aws_dynamodb_table", "store_sessions"),
  };

  test("what is derived is what the stack names: rules, queues, alias", () => {
    const names = sourceNames(OUTPUTS);
    expect(names.apiHeartbeatRule).toBe(named("aws_cloudwatch_event_rule", "api_heartbeat_rule"));
    expect(names.workerHeartbeatRule).toBe(named("aws_cloudwatch_event_rule", "worker_heartbeat_rule"));
    const queues = Object.values(golden.resource["aws_sqs_queue"] ?? {}).map(({ name }) => name);
    expect(queues).toEqual(expect.arrayContaining([names.workQueue, names.deadLetterQueue]));
    expect(new Set(Object.values(golden.resource["aws_lambda_alias"] ?? {}).map(({ name }) => name))).toEqual(
      new Set([names.liveAlias]),
    );
  });

  test("the deployment's name is the dimension that the handlers write", () => {
    const { variables } = (
      golden.resource["aws_lambda_function"]?.["worker_function"] as {
        environment: { variables: Record<string, string> };
      }
    ).environment;
    expect(sourceNames(OUTPUTS).deployment).toBe(variables["DEPLOYMENT"]);
  });

  test("every output that is missing is named, with what to do", () => {
    expect(() => sourceNames({ ...OUTPUTS, rest_api_name: undefined, deployment_name: "" })).toThrow(
      "The stack's outputs lack deployment_name, rest_api_name; metrics are found by them. Apply this release first: quickturn apply.",
    );
  });
});

describe("settings", () => {
  test("the gate reads settings that there are, every target and every condition among them", () => {
    const names: readonly string[] = SETTINGS.map(({ name }) => name);
    expect(GATE_SETTINGS.filter((name) => !names.includes(name))).toEqual([]);
    expect(GATE_SETTINGS).toEqual(
      expect.arrayContaining(
        KPIS.flatMap(({ targetSetting, when }) =>
          [targetSetting, when && conditionSetting(when)].flatMap((name) => name ?? []),
        ),
      ),
    );
  });

  test("saved evidence holds no agent, prompt, address or account", () =>
    expect(GATE_SETTINGS.filter((name) => /agent|arbiter|email|arn|secret|key|domain/.test(name))).toEqual([]));

  test("a number is a number or null; anything else is named, with what to do", () => {
    expect([readNumber({ a: 5 }, "a"), readNumber({ a: null }, "a")]).toEqual([5, null]);
    expect(() => readNumber({ a: "5" }, "a")).toThrow(
      'The setting a is "5"; allowed: a number or null. Apply this release first',
    );
    expect(() => readNumber({}, "a")).toThrow("The setting a is missing; allowed: a number or null.");
  });

  test.each([
    [{ isTrue: "cache_enabled" }, true, undefined],
    [{ isTrue: "cache_enabled" }, false, "cache_enabled is false"],
    [{ isTrue: "cache_enabled" }, undefined, "cache_enabled is missing"],
    [{ isPositive: "timeout" }, 1, undefined],
    [{ isPositive: "timeout" }, 0, "timeout is 0"],
    [{ isPositive: "timeout" }, -1, "timeout is -1"],
    [{ setting: "authorization", is: "jwt" }, "jwt", undefined],
    [{ setting: "authorization", is: "jwt" }, "iam", 'authorization is "iam"'],
    [{ isGiven: "kms_key_arn" }, 0, undefined],
    [{ isGiven: "kms_key_arn" }, null, "kms_key_arn is null"],
  ] as const)("%j of %j: %s", (condition, value, expected) =>
    expect(explainUnmet(condition, { [conditionSetting(condition)]: value })).toBe(expected),
  );

  test("no condition holds always", () => expect(explainUnmet(undefined, {})).toBeUndefined());
});
