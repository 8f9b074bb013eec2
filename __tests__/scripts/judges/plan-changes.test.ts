import { changesThatReplace, countChanges, describeChanges, planChanges } from "../../../scripts/judges/plan-changes";

const planned = (address: string, actions: string[], before: object | null, after: object | null, unknown: object = {}, mode = "managed") => ({
  address, type: address.split(".")[0], mode, change: { actions, before, after, after_unknown: unknown },
});

const PLAN = {
  resource_changes: [
    planned("aws_lambda_function.worker", ["update"], { memory_size: 3072, version: "1", name: "w" }, { memory_size: 1024, name: "w" }, { version: true }),
    planned("aws_sqs_queue.work", ["no-op"], { name: "q" }, { name: "q" }),
    planned("aws_caller_identity.current", ["read"], null, {}, {}, "data"),
    planned("aws_api_gateway_deployment.api", ["create", "delete"], { triggers: { a: "1" } }, { triggers: { a: "2" } }),
    planned("aws_dynamodb_table.requests", ["delete", "create"], { hash_key: "a" }, { hash_key: "b" }),
    planned("aws_sns_topic.alarms", ["create"], null, { name: "t" }),
    planned("aws_s3_bucket.results", ["delete"], { bucket: "b" }, null),
  ],
};

test("the changes are those that do something, each with the attributes that change or are not known yet", () => {
  expect(planChanges(PLAN)).toEqual([
    { address: "aws_lambda_function.worker", type: "aws_lambda_function", action: "update", attributes: ["memory_size", "version"] },
    { address: "aws_api_gateway_deployment.api", type: "aws_api_gateway_deployment", action: "replace", attributes: ["triggers"] },
    { address: "aws_dynamodb_table.requests", type: "aws_dynamodb_table", action: "replace", attributes: ["hash_key"] },
    { address: "aws_sns_topic.alarms", type: "aws_sns_topic", action: "create", attributes: [] },
    { address: "aws_s3_bucket.results", type: "aws_s3_bucket", action: "delete", attributes: [] },
  ]);
});

test("a value that is unknown deep inside counts as changed", () => {
  const plan = { resource_changes: [planned("a.b", ["update"], { list: [{ x: 1 }] }, { list: [{ x: 1 }] }, { list: [{ x: true }] })] };
  expect(planChanges(plan)[0]?.attributes).toEqual(["list"]);
});

test("a rollback is stopped by what makes, replaces or deletes, but not by a deployment, which holds nothing", () => {
  expect(changesThatReplace(planChanges(PLAN)).map(({ address }) => address)).toEqual(["aws_dynamodb_table.requests", "aws_sns_topic.alarms", "aws_s3_bucket.results"]);
});

test("changes are counted as terraform counts them: a replacement is an addition and a destruction", () => {
  expect(countChanges(planChanges(PLAN))).toBe("3 to add, 1 to change, 3 to destroy");
});

test("changes are described with terraform's signs", () => {
  expect(describeChanges(planChanges(PLAN)).split("\n").slice(0, 2)).toEqual(["    ~ aws_lambda_function.worker  (memory_size, version)", "  -/+ aws_api_gateway_deployment.api  (triggers)"]);
});

test("a plan without changes has none", () => {
  expect(planChanges({})).toEqual([]);
});

test("an action that is not known is refused by name", () => {
  expect(() => planChanges({ resource_changes: [planned("a.b", ["forget"], {}, {})] })).toThrow("The plan has an action that is not known here: forget; known: create, update, delete and both");
});
