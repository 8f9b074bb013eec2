import {
  collisions,
  knownImports,
  importId,
  refusedImports,
  ownersTags,
  plannedResources,
  plannedVariable,
} from "../../../scripts/deploy/adoption";
import { made, planOf, OURS, type Change } from "./adoption-plans";

describe("collisions", () => {
  /** As provider 5.100.0 said them, but for the mapping's, the queue's and the topic's, which are AWS's words. */
  const REFUSALS: readonly [address: string, values: Readonly<Record<string, unknown>>, said: string, name: string][] =
    [
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

  test.each(REFUSALS)(
    "%s is there already: that is seen, and what to import it from",
    (address, values, said, name) => {
      const [found] = collisions([{ address, summary: said }], planOf(made(address, values)));
      expect(found).toMatchObject({ address, name, said, id: expect.any(String) as unknown });
    },
  );

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
});

describe("import ids", () => {
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
});

describe("ownership", () => {
  const imported = (address: string, tags: unknown, actions: readonly string[] = ["no-op"]): Change => ({
    address,
    actions,
    before: { id: "there", tags_all: tags },
    after: { tags_all: OURS },
    importing: "there",
  });

  test("what carries this deployment's tags is taken over, whatever its other tags", () => {
    expect(refusedImports(planOf(imported("aws_iam_role.a", { ...OURS, team: "others" }, ["update"])))).toEqual([]);
  });

  test("another deployment's, and one without our tags, is refused with what its tags say", () => {
    expect(
      refusedImports(
        planOf(
          imported("aws_iam_role.a", { ...OURS, "quickturn:environment": "prod" }),
          imported("aws_dynamodb_table.t", { team: "x" }),
        ),
      ),
    ).toEqual([
      {
        address: "aws_iam_role.a",
        id: "there",
        reason:
          'its tags say that it is not this deployment\'s: quickturn:environment is "prod", and this deployment\'s is "dev"',
      },
      {
        address: "aws_dynamodb_table.t",
        id: "there",
        reason:
          'its tags say that it is not this deployment\'s: quickturn:name is not there, and this deployment\'s is "quickturn"; quickturn:environment is not there, and this deployment\'s is "dev"',
      },
    ]);
  });

  test("a bucket is tagged in a second call: one without tags is taken over, one with another deployment's is not", () => {
    expect(refusedImports(planOf(imported("aws_s3_bucket.b", {})))).toEqual([]);
    expect(refusedImports(planOf(imported("aws_s3_bucket.b", { ...OURS, "quickturn:name": "other" })))).toHaveLength(1);
  });

  test("what would be destroyed for it is refused; a permission holds nothing", () => {
    expect(refusedImports(planOf(imported("aws_dynamodb_table.t", OURS, ["delete", "create"])))).toEqual([
      {
        address: "aws_dynamodb_table.t",
        id: "there",
        reason: "it differs in what cannot be changed in place, so terraform would destroy it and make another",
      },
    ]);
    expect(
      refusedImports(
        planOf({
          address: "aws_lambda_permission.p",
          actions: ["delete", "create"],
          before: { id: "p" },
          after: {},
          importing: "f/p",
        }),
      ),
    ).toEqual([]);
  });

  test("what is not imported is nobody's business here, and a type without tags has none to compare", () => {
    expect(
      refusedImports(
        planOf(made("aws_iam_role.a", { tags_all: OURS }), {
          address: "aws_lambda_alias.l",
          actions: ["no-op"],
          before: { id: "l" },
          after: { name: "live" },
          importing: "f/live",
        }),
      ),
    ).toEqual([]);
  });
});

describe("planned", () => {
  test("a plan's managed resources come with what was, what is to be, and what they are imported from", () => {
    const plan = planOf(
      made("aws_iam_role.api", { name: "a" }),
      { address: "aws_iam_role.worker", actions: ["no-op"], before: { id: "w" }, after: { name: "w" }, importing: "w" },
      { address: "aws_iam_role.old", actions: ["create", "delete"], before: { id: "o" }, after: { name: "n" } },
      { address: "aws_iam_role.gone", actions: ["delete"], before: { id: "g" } },
    );
    (plan as { resource_changes: unknown[] }).resource_changes.push({
      address: "data.aws_region.current",
      type: "aws_region",
      mode: "data",
      change: { actions: ["read"], before: null, after: {} },
    });
    expect(plannedResources(plan)).toEqual([
      { address: "aws_iam_role.api", type: "aws_iam_role", before: undefined, after: { name: "a" }, action: "create" },
      {
        address: "aws_iam_role.worker",
        type: "aws_iam_role",
        before: { id: "w" },
        after: { name: "w" },
        action: "other",
        importId: "w",
      },
      {
        address: "aws_iam_role.old",
        type: "aws_iam_role",
        before: { id: "o" },
        after: { name: "n" },
        action: "replace",
      },
      { address: "aws_iam_role.gone", type: "aws_iam_role", before: { id: "g" }, after: undefined, action: "other" },
    ]);
    expect(plannedResources({})).toEqual([]);
  });

  test("a variable is its value where that is a string", () => {
    expect(["aws_region", "memory_size", "none"].map((name) => plannedVariable(planOf(), name))).toEqual([
      "eu-central-1",
      undefined,
      undefined,
    ]);
  });

  test("whose a resource is, two tags say; the others do not matter", () => {
    expect(ownersTags({ tags_all: OURS })).toEqual({ "quickturn:name": "quickturn", "quickturn:environment": "dev" });
    expect(ownersTags({ name: "an alias has no tags" })).toEqual({});
  });
});
