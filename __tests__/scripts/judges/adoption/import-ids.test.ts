import { importId } from "../../../../scripts/judges/adoption/import-ids";

const UUID = "108a0d2f-d23b-456f-9ac6-809f09744516";
/** Type, planned values, what AWS said, and what the provider's documentation ("Import") has of that type. */
const IDS: readonly [type: string, values: Readonly<Record<string, unknown>>, said: string, id: string][] = [
  ["aws_iam_role", { name: "q-dev-api" }, "", "q-dev-api"],
  ["aws_lambda_function", { function_name: "q-dev-api" }, "", "q-dev-api"],
  ["aws_lambda_alias", { function_name: "q-dev-api", name: "live" }, "", "q-dev-api/live"],
  [
    "aws_lambda_permission",
    { function_name: "q-dev-api", qualifier: "live", statement_id: "AllowThisApi" },
    "",
    "q-dev-api:live/AllowThisApi",
  ],
  [
    "aws_lambda_permission",
    { function_name: "q-dev-api", qualifier: null, statement_id: "tick" },
    "",
    "q-dev-api/tick",
  ],
  [
    "aws_lambda_event_source_mapping",
    {},
    `An event source mapping with SQS arn (" a ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    UUID,
  ],
  ["aws_dynamodb_table", { name: "q-dev-requests" }, "", "q-dev-requests"],
  ["aws_cloudwatch_log_group", { name: "/aws/lambda/q" }, "", "/aws/lambda/q"],
  ["aws_s3_bucket", { bucket: "q-dev-results" }, "", "q-dev-results"],
  ["aws_api_gateway_stage", { rest_api_id: "abc", stage_name: "live" }, "", "abc/live"],
  ["aws_api_gateway_usage_plan_key", { usage_plan_id: "p", key_id: "k" }, "", "p/k"],
];

test.each(IDS)("%s %j is imported by its own id", (type, values, said, id) =>
  expect(importId(type, values, said)).toBe(id),
);

test("what is known only after the apply gives no id, and no half of one", () => {
  expect(importId("aws_api_gateway_stage", { stage_name: "live" }, "")).toBeUndefined();
  expect(importId("aws_lambda_event_source_mapping", {}, "already exists")).toBeUndefined();
  expect(importId("aws_iam_role", { name: "" }, "")).toBeUndefined();
});

test("a type that is put, not made, has none", () =>
  expect(importId("aws_iam_role_policy", { name: "q" }, "")).toBeUndefined());
