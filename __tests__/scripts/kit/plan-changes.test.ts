import {
  changesThatReplace,
  countChanges,
  describeChanges,
  planChanges,
  plannedResources,
} from "../../../scripts/kit/plan-changes";

const planned = (
  address: string,
  actions: string[],
  before: object | null,
  after: object | null,
  unknown: object = {},
  mode = "managed",
) => ({
  address,
  type: address.split(".")[0],
  mode,
  change: { actions, before, after, after_unknown: unknown },
});

const PLAN = {
  resource_changes: [
    planned(
      "aws_lambda_function.worker",
      ["update"],
      { memory_size: 3072, version: "1", name: "w" },
      { memory_size: 1024, name: "w" },
      { version: true },
    ),
    planned("aws_sqs_queue.work", ["no-op"], { name: "q" }, { name: "q" }),
    planned("aws_caller_identity.current", ["read"], null, {}, {}, "data"),
    planned("aws_api_gateway_deployment.api", ["create", "delete"], { triggers: { a: "1" } }, { triggers: { a: "2" } }),
    planned("aws_dynamodb_table.requests", ["delete", "create"], { hash_key: "a" }, { hash_key: "b" }),
    planned("aws_sns_topic.alarms", ["create"], null, { name: "t" }),
    planned("aws_s3_bucket.results", ["delete"], { bucket: "b" }, null),
  ],
};

test("the resources of a plan are all but the data sources, unchanged ones too", () => {
  expect(plannedResources(PLAN).map(({ address }) => address)).toEqual([
    "aws_lambda_function.worker",
    "aws_sqs_queue.work",
    "aws_api_gateway_deployment.api",
    "aws_dynamodb_table.requests",
    "aws_sns_topic.alarms",
    "aws_s3_bucket.results",
  ]);
  expect(plannedResources({})).toEqual([]);
});

test("the changes are those that do something, each with the attributes that change or are not known yet", () => {
  expect(planChanges(PLAN)).toEqual([
    {
      address: "aws_lambda_function.worker",
      type: "aws_lambda_function",
      action: "update",
      attributes: ["memory_size", "version"],
      values: [
        { path: "memory_size", before: 3072, after: 1024 },
        { path: "version", before: "1", after: "(known after apply)" },
      ],
    },
    {
      address: "aws_api_gateway_deployment.api",
      type: "aws_api_gateway_deployment",
      action: "replace",
      attributes: ["triggers"],
      values: [{ path: "triggers.a", before: "1", after: "2" }],
    },
    {
      address: "aws_dynamodb_table.requests",
      type: "aws_dynamodb_table",
      action: "replace",
      attributes: ["hash_key"],
      values: [{ path: "hash_key", before: "a", after: "b" }],
    },
    { address: "aws_sns_topic.alarms", type: "aws_sns_topic", action: "create", attributes: [], values: [] },
    { address: "aws_s3_bucket.results", type: "aws_s3_bucket", action: "delete", attributes: [], values: [] },
  ]);
});

test("a value that is unknown deep inside counts as changed", () => {
  const plan = {
    resource_changes: [planned("a.b", ["update"], { list: [{ x: 1 }] }, { list: [{ x: 1 }] }, { list: [{ x: true }] })],
  };
  expect(planChanges(plan)[0]).toMatchObject({
    attributes: ["list"],
    values: [{ path: "list[0].x", before: 1, after: "(known after apply)" }],
  });
});

test("no sensitive value is shown, and the differing place inside a text of JSON is named", () => {
  const { change, ...rest } = planned(
    "a.b",
    ["update"],
    { secret: "hunter2", policy: '{"a":1,"b":2}' },
    { secret: "hunter3", policy: '{"b":3,"a":1}' },
  );
  const marked = { ...rest, change: { ...change, after_sensitive: { secret: true } } };
  const key = planned("aws_api_gateway_usage_plan_key.k", ["update"], { value: "hunter2" }, { value: "hunter3" });
  const changes = planChanges({ resource_changes: [marked, key] });
  expect(changes.map(({ values }) => values)).toEqual([
    [
      { path: "policy.b", before: 2, after: 3 },
      { path: "secret", before: "(sensitive)", after: "(sensitive)" },
    ],
    [{ path: "value", before: "(sensitive)", after: "(sensitive)" }],
  ]);
  expect(JSON.stringify(changes)).not.toContain("hunter");
});

test("what is not given before and after is no value that changes", () => {
  const plan = { resource_changes: [planned("a.b", ["update"], { x: 1, tags: {} }, { x: 2, tags: null })] };
  expect(planChanges(plan)[0]?.values).toEqual([{ path: "x", before: 1, after: 2 }]);
});

test("a rollback is stopped by what makes, replaces or deletes, but not by a deployment, which holds nothing", () => {
  expect(changesThatReplace(planChanges(PLAN)).map(({ address }) => address)).toEqual([
    "aws_dynamodb_table.requests",
    "aws_sns_topic.alarms",
    "aws_s3_bucket.results",
  ]);
});

test("changes are counted as terraform counts them: a replacement is an addition and a destruction", () => {
  expect(countChanges(planChanges(PLAN))).toBe("3 to add, 1 to change, 3 to destroy");
});

test("changes are described with terraform's signs, and each value as it was and will be", () => {
  expect(describeChanges(planChanges(PLAN)).split("\n").slice(0, 5)).toEqual([
    "    ~ aws_lambda_function.worker",
    "          memory_size: 3072 -> 1024",
    '          version: "1" -> (known after apply)',
    "  -/+ aws_api_gateway_deployment.api",
    '          triggers.a: "1" -> "2"',
  ]);
});

test("a plan without changes has none", () => {
  expect(planChanges({})).toEqual([]);
});

test("an action that is not known is refused by name", () => {
  expect(() => planChanges({ resource_changes: [planned("a.b", ["forget"], {}, {})] })).toThrow(
    "The plan has an action that is not known here: forget; known: create, update, delete and both",
  );
});
