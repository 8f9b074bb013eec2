import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MetricQuery } from "../../../scripts/gate/reads";
import { readMetricData, sourceNames } from "../../../scripts/gate/collect";
import { answeringServer, type Answer } from "../../support/answering-server";

import { PROJECT } from "../../support/stack-json";

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

  test("names that have no output are those of the stack: rules, queues, alias", () => {
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

  test("every missing output is named, with what to do", () => {
    expect(() => sourceNames({ ...OUTPUTS, rest_api_name: undefined, deployment_name: "" })).toThrow(
      "The stack's outputs lack deployment_name, rest_api_name; metrics are found by them. Apply this release first: quickturn apply.",
    );
  });
});

describe("metric data", () => {
  const query = (id: string): MetricQuery => ({
    id,
    namespace: "AWS/Lambda",
    metric: "Errors",
    dimensions: { FunctionName: "f" },
    statistic: "Sum",
    periodSeconds: 1_800,
  });
  let answer: (count: number) => Answer;
  let server: Awaited<ReturnType<typeof answeringServer>>;
  beforeAll(async () => (server = await answeringServer((_, count) => answer(count))));
  afterAll(() => server.stop());
  beforeEach(() => (server.asked.length = 0));

  const ask = (ids: readonly string[]) =>
    readMetricData({
      queries: ids.map(query),
      startMs: 1_795_000_020_000,
      endMs: 1_795_001_820_000,
      region: "us-east-1",
      environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      signal: new AbortController().signal,
    });
  const body = (document: object): Answer => ({
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify(document),
  });

  test("a query is asked by namespace, name and dimensions, without a unit, oldest first", async () => {
    answer = () =>
      body({ MetricDataResults: [{ Id: "a", StatusCode: "Complete", Values: [3], Timestamps: [1_795_000_020] }] });
    expect(await ask(["a"])).toEqual({ a: { status: "Complete", messages: [], values: [3] } });
    const asked = JSON.parse(server.asked[0]!.body) as Record<string, unknown>;
    expect(asked).toMatchObject({
      StartTime: 1_795_000_020,
      EndTime: 1_795_001_820,
      ScanBy: "TimestampAscending",
      MetricDataQueries: [
        {
          Id: "a",
          MetricStat: {
            Metric: {
              Namespace: "AWS/Lambda",
              MetricName: "Errors",
              Dimensions: [{ Name: "FunctionName", Value: "f" }],
            },
            Period: 1_800,
            Stat: "Sum",
          },
        },
      ],
    });
    expect(server.asked[0]!.body).not.toContain("Unit");
  });

  test("pages are put together; the last one's status counts; messages of a query and of the call are kept", async () => {
    answer = (count) =>
      body(
        count === 1
          ? {
              MetricDataResults: [{ Id: "a", StatusCode: "PartialData", Values: [1, 2], Timestamps: [1, 2] }],
              NextToken: "t",
            }
          : {
              MetricDataResults: [
                {
                  Id: "a",
                  StatusCode: "Complete",
                  Values: [3],
                  Timestamps: [3],
                  Messages: [{ Code: "C", Value: "v" }],
                },
              ],
              Messages: [{ Code: "All" }],
            },
      );
    expect(await ask(["a"])).toEqual({ a: { status: "Complete", messages: ["C: v", "All"], values: [1, 2, 3] } });
    expect((JSON.parse(server.asked[1]!.body) as { NextToken: string }).NextToken).toBe("t");
  });

  test("a query without an answer is missing, not empty", async () => {
    answer = () => body({ MetricDataResults: [] });
    expect(await ask(["a"])).toEqual({ a: { status: "Missing", messages: [], values: [] } });
  });

  test("the error of a refused call has the region, AWS's words and the permission", async () => {
    answer = () => ({
      status: 403,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-query-error": "AccessDenied;Sender" },
      body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
    });
    await expect(ask(["a"])).rejects.toThrow(
      /^CloudWatch in us-east-1 does not answer GetMetricData \(AccessDenied\w*: not you\)\. It takes credentials with cloudwatch:GetMetricData\.$/,
    );
  });
});
