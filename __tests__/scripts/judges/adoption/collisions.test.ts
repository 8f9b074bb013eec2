import { collisions, knownImports } from "../../../../scripts/judges/adoption/collisions";
import { made, planOf } from "./plans";

/** As provider 5.100.0 said them, but for the mapping's, the queue's and the topic's, which are AWS's words. */
const REFUSALS: readonly [address: string, values: Readonly<Record<string, unknown>>, said: string, name: string][] = [
  [
    "aws_iam_role.a",
    { name: "q-dev-api" },
    "creating IAM Role (q-dev-api): operation error IAM: CreateRole, https response error StatusCode: 409, RequestID: 7, EntityAlreadyExists: Role with name q-dev-api already exists.",
    "q-dev-api",
  ],
  [
    "aws_cloudwatch_log_group.a",
    { name: "/aws/lambda/q" },
    "creating CloudWatch Logs Log Group (/aws/lambda/q): StatusCode: 400, ResourceAlreadyExistsException: The specified log group already exists",
    "/aws/lambda/q",
  ],
  [
    "aws_dynamodb_table.a",
    { name: "q" },
    "creating AWS DynamoDB Table (q): StatusCode: 400, ResourceInUseException: Table already exists: q",
    "q",
  ],
  [
    "aws_lambda_alias.a",
    { function_name: "q-dev-api", name: "live" },
    "creating Lambda Alias (live): StatusCode: 409, api error ConflictException: Alias already exists: arn:aws:lambda:…",
    "q-dev-api",
  ],
  [
    "aws_lambda_function.a",
    { function_name: "q-dev-api" },
    "creating Lambda Function (q-dev-api): StatusCode: 409, ResourceConflictException: Function already exist: q-dev-api",
    "q-dev-api",
  ],
  ["aws_s3_bucket.a", { bucket: "q" }, "creating S3 Bucket (q): BucketAlreadyExists", "q"],
  [
    "aws_s3_bucket.b",
    { bucket: "q" },
    "creating S3 Bucket (q): BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.",
    "q",
  ],
  [
    "aws_api_gateway_stage.a",
    { rest_api_id: "abc", stage_name: "live" },
    "creating API Gateway Stage (live): StatusCode: 409, ConflictException: Stage already exists",
    "live",
  ],
];

test.each(REFUSALS)("%s is there already: that is seen, and what to import it from", (address, values, said, name) => {
  const [found] = collisions([{ address, summary: said }], planOf(made(address, values)));
  expect(found).toMatchObject({ address, name, said, id: expect.any(String) as unknown });
});

test("a queue is there already, and its address is not in the plan", () => {
  const found = collisions(
    [
      {
        address: "aws_sqs_queue.work",
        summary:
          "creating SQS Queue (q-dev-work): QueueAlreadyExists: A queue already exists with the same name and a different value for attribute VisibilityTimeout",
      },
    ],
    planOf(made("aws_sqs_queue.work", { name: "q-dev-work" })),
  );
  expect(found).toMatchObject([{ name: "q-dev-work", id: undefined }]);
  expect(knownImports(found)).toEqual([]);
});

test("another failure, one of a resource that is not to be made, and one of none are no collisions", () => {
  const plan = planOf(made("aws_iam_role.a", { name: "a" }), {
    address: "aws_iam_role.b",
    actions: ["update"],
    before: { name: "b" },
    after: { name: "b" },
  });
  const exists = "EntityAlreadyExists: Role already exists";
  expect(
    collisions(
      [
        { address: "aws_iam_role.a", summary: "AccessDenied" },
        {
          address: "aws_iam_role.a",
          summary:
            "ResourceConflictException: The operation cannot be performed at this time. An update is in progress for resource",
        },
        { address: "aws_iam_role.b", summary: exists },
        { address: "aws_iam_role.c", summary: exists },
        { summary: exists },
      ],
      plan,
    ),
  ).toEqual([]);
});

test("the imports are those that have an id, by address", () => {
  const plan = planOf(made("aws_iam_role.a", { name: "q" }), made("aws_api_gateway_stage.s", { stage_name: "live" }));
  const failed = ["aws_iam_role.a", "aws_api_gateway_stage.s"].map((address) => ({
    address,
    summary: "already exists",
  }));
  expect(knownImports(collisions(failed, plan))).toEqual([{ to: "aws_iam_role.a", id: "q" }]);
});
