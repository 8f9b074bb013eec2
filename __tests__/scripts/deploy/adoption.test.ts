import fc from "fast-check";
import {
  findCollisions,
  findTwins,
  LOOKED_UP,
  mappingName,
  plannedRegion,
  refusedImports,
  wantedResources,
  type HeldResource,
} from "../../../scripts/deploy/adoption";
import { deletingCommand } from "../../../scripts/deploy/apply";
import { made, planOf, OURS, type Change } from "./adoption-plans";

describe("collisions", () => {
  /** Texts of provider 5.100.0; those of the mapping, the queue and the topic are AWS's. */
  const REFUSALS: readonly [address: string, values: Readonly<Record<string, unknown>>, error: string, name: string][] =
    [
      [
        "aws_iam_role.a",
        { name: "q-dev-api" },
        "creating IAM Role (q-dev-api): operation error IAM: CreateRole, https response error StatusCode: 409, " +
          "RequestID: 7, EntityAlreadyExists: Role with name q-dev-api already exists.",
        "q-dev-api",
      ],
      [
        "aws_cloudwatch_log_group.a",
        { name: "/aws/lambda/q" },
        "creating CloudWatch Logs Log Group (/aws/lambda/q): StatusCode: 400, ResourceAlreadyExistsException: " +
          "The specified log group already exists",
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
        "creating Lambda Alias (live): StatusCode: 409, api error ConflictException: Alias already exists: " +
          "arn:aws:lambda:…",
        "q-dev-api",
      ],
      [
        "aws_lambda_function.a",
        { function_name: "q-dev-api" },
        "creating Lambda Function (q-dev-api): StatusCode: 409, ResourceConflictException: Function already " +
          "exist: q-dev-api",
        "q-dev-api",
      ],
      ["aws_s3_bucket.a", { bucket: "q" }, "creating S3 Bucket (q): BucketAlreadyExists", "q"],
      [
        "aws_s3_bucket.b",
        { bucket: "q" },
        "creating S3 Bucket (q): BucketAlreadyOwnedByYou: Your previous request to create the named bucket " +
          "succeeded and you already own it.",
        "q",
      ],
      [
        "aws_api_gateway_stage.a",
        { rest_api_id: "abc", stage_name: "live" },
        "creating API Gateway Stage (live): StatusCode: 409, ConflictException: Stage already exists",
        "live",
      ],
    ];

  test.each(REFUSALS)("%s that exists already is recognized, with its import id", (address, values, error, name) => {
    const [found] = findCollisions([{ address, summary: error }], planOf(made(address, values)));
    expect(found).toMatchObject({ address, name, id: expect.any(String) as unknown });
  });

  test("a queue that exists already has no import id, because the plan has no address of it", () => {
    const found = findCollisions(
      [
        {
          address: "aws_sqs_queue.work",
          summary:
            "creating SQS Queue (q-dev-work): QueueAlreadyExists: A queue already exists with the same name and " +
            "a different value for attribute VisibilityTimeout",
        },
      ],
      planOf(made("aws_sqs_queue.work", { name: "q-dev-work" })),
    );
    expect(found).toMatchObject([{ name: "q-dev-work", id: undefined }]);
  });

  test("other failures, and those of resources that are not made, are no collisions", () => {
    const plan = planOf(made("aws_iam_role.a", { name: "a" }), {
      address: "aws_iam_role.b",
      actions: ["update"],
      before: { name: "b" },
      after: { name: "b" },
    });
    const exists = "EntityAlreadyExists: Role already exists";
    expect(
      findCollisions(
        [
          { address: "aws_iam_role.a", summary: "AccessDenied" },
          {
            address: "aws_iam_role.a",
            summary:
              "ResourceConflictException: The operation cannot be performed at this time. An update is in " +
              "progress for resource",
          },
          { address: "aws_iam_role.b", summary: exists },
          { address: "aws_iam_role.c", summary: exists },
          { summary: exists },
        ],
        plan,
      ),
    ).toEqual([]);
  });
});

describe("import ids", () => {
  const UUID = "108a0d2f-d23b-456f-9ac6-809f09744516";
  const importId = (type: string, values: Readonly<Record<string, unknown>>, error: string) =>
    findCollisions([{ address: `${type}.a`, summary: error || "already exists" }], planOf(made(`${type}.a`, values)))[0]
      ?.id;

  /** Type, planned values, AWS's error, and the id in the provider's documentation ("Import") of that type. */
  const IDS: readonly [type: string, values: Readonly<Record<string, unknown>>, error: string, id: string][] = [
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
      `An event source mapping with SQS arn (" a ") and function (" f ") already exists. Please update or delete ` +
        `the existing mapping with UUID ${UUID}`,
      UUID,
    ],
    ["aws_dynamodb_table", { name: "q-dev-requests" }, "", "q-dev-requests"],
    ["aws_cloudwatch_log_group", { name: "/aws/lambda/q" }, "", "/aws/lambda/q"],
    ["aws_s3_bucket", { bucket: "q-dev-results" }, "", "q-dev-results"],
    ["aws_api_gateway_stage", { rest_api_id: "abc", stage_name: "live" }, "", "abc/live"],
    ["aws_api_gateway_usage_plan_key", { usage_plan_id: "p", key_id: "k" }, "", "p/k"],
  ];

  test.each(IDS)("%s %j is imported by its own id", (type, values, error, id) =>
    expect(importId(type, values, error)).toBe(id),
  );

  test("a part that is known only after the apply leaves no import id", () => {
    expect(importId("aws_api_gateway_stage", { stage_name: "live" }, "")).toBeUndefined();
    expect(importId("aws_lambda_event_source_mapping", {}, "already exists")).toBeUndefined();
    expect(importId("aws_iam_role", { name: "" }, "")).toBeUndefined();
  });

  test("a type that terraform overwrites has no import id", () =>
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

  test("a resource with this deployment's tags is adopted, whatever its other tags", () => {
    expect(refusedImports(planOf(imported("aws_iam_role.a", { ...OURS, team: "others" }, ["update"])))).toEqual([]);
  });

  test("a resource of another deployment, or without owner tags, is refused with its tags", () => {
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
          'its tags say that it is not this deployment\'s: quickturn:environment is "prod", and this ' +
          'deployment\'s is "dev"',
      },
      {
        address: "aws_dynamodb_table.t",
        id: "there",
        reason:
          "its tags say that it is not this deployment's: quickturn:name is not there, and this deployment's " +
          'is "quickturn"; quickturn:environment is not there, and this deployment\'s is "dev"',
      },
    ]);
  });

  test("a bucket without tags is adopted, because it is tagged later; one with foreign tags is not", () => {
    expect(refusedImports(planOf(imported("aws_s3_bucket.b", {})))).toEqual([]);
    expect(refusedImports(planOf(imported("aws_s3_bucket.b", { ...OURS, "quickturn:name": "other" })))).toHaveLength(1);
  });

  test("a resource that would be destroyed is refused, except a permission, which holds nothing", () => {
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

  test("a resource that is not imported, and one of a type without tags, are not refused", () => {
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

describe("a plan", () => {
  test("the region is that of the variable, else that of the shell", () => {
    const shell = { environment: { AWS_REGION: "us-west-2" } };
    expect(plannedRegion(planOf(), shell)).toBe("eu-central-1");
    expect(plannedRegion({}, shell)).toBe("us-west-2");
    expect(() => plannedRegion({}, { environment: {} })).toThrow("The plan names no region");
  });
});

describe("twins", () => {
  const api = (id: string, more: Partial<HeldResource> = {}): HeldResource => ({
    type: "aws_api_gateway_rest_api",
    id,
    name: "q-dev-api",
    tags: OURS,
    createdAtSeconds: 0,
    ...more,
  });
  const PLANNED = { name: "q-dev-api", tags_all: OURS };
  const MAKES = planOf(made("aws_api_gateway_rest_api.rest", PLANNED));
  const HOLDS = planOf({
    address: "aws_api_gateway_rest_api.rest",
    actions: ["no-op"],
    before: { id: "known" },
    after: PLANNED,
  });

  test("resources that a plan makes, or has and could exist twice, are looked up by name", () => {
    const QUEUE = "arn:aws:sqs:us-east-1:1:work";
    const plan = planOf(
      made("aws_api_gateway_rest_api.r", PLANNED),
      made("aws_cloudfront_distribution.d", { comment: "q-dev-api" }),
      made("aws_lambda_event_source_mapping.known", {
        event_source_arn: QUEUE,
        function_name: "arn:aws:lambda:us-east-1:1:function:q-dev-worker:live",
      }),
      // Its queue is still to be made: then it cannot be there.
      made("aws_lambda_event_source_mapping.unknown", { function_name: "q-dev-worker" }),
      made("aws_lambda_permission.p", { function_name: "q-dev-api", qualifier: "live", statement_id: "s" }),
      made("aws_iam_role.r", { name: "refused at once" }),
      { address: "aws_api_gateway_api_key.k", actions: ["no-op"], before: { id: "k" }, after: { name: "q-dev-alice" } },
      {
        address: "aws_lambda_function.f",
        actions: ["update"],
        before: { id: "f" },
        after: { function_name: "q-dev-api" },
      },
      { address: "aws_api_gateway_usage_plan.gone", actions: ["delete"], before: { id: "u" } },
    );
    const wanted = [
      { type: "aws_api_gateway_rest_api", name: "q-dev-api" },
      { type: "aws_cloudfront_distribution", name: "q-dev-api" },
      { type: "aws_lambda_event_source_mapping", name: `${QUEUE} q-dev-worker` },
      { type: "aws_lambda_permission", name: "q-dev-api:live/s" },
    ];
    expect(wantedResources(plan, "made")).toEqual(wanted);
    expect(wantedResources(plan, "all")).toEqual([...wanted, { type: "aws_api_gateway_api_key", name: "q-dev-alice" }]);
  });

  test("a mapping has the same name for a function, its alias and its version", () => {
    const [name, ...arns] = [
      "q-dev-worker",
      "arn:aws:lambda:us-east-1:1:function:q-dev-worker:live",
      "arn:aws:lambda:us-east-1:1:function:q-dev-worker:7",
      "arn:aws:lambda:us-east-1:1:function:q-dev-worker",
    ];
    for (const arn of arns) expect(mappingName("queue", arn)).toBe(mappingName("queue", name!));
  });

  test("of several existing resources the oldest is imported, and the others are surplus", () => {
    const held = [
      api("young", { createdAtSeconds: 9 }),
      api("old", { createdAtSeconds: 5 }),
      api("other's", { tags: { ...OURS, "quickturn:name": "other" } }),
      api("another name", { name: "x" }),
    ];
    expect(findTwins(MAKES, held)).toEqual({
      imports: [{ to: "aws_api_gateway_rest_api.rest", id: "old" }],
      surplus: [held[0]],
    });
  });

  test("a resource that the plan imports is no twin", () => {
    const imported = planOf({
      address: "aws_api_gateway_rest_api.rest",
      actions: ["update"],
      before: { id: "old" },
      after: PLANNED,
      importing: "old",
    });
    expect(findTwins(imported, [api("old")])).toEqual({ imports: [], surplus: [] });
  });

  test("a function is found even where its known role has the same id", () => {
    const plan = planOf(
      { address: "aws_iam_role.r", actions: ["no-op"], before: { id: "q-dev-api" }, after: { name: "q-dev-api" } },
      made("aws_lambda_function.f", { function_name: "q-dev-api", tags_all: OURS }),
    );
    expect(findTwins(plan, [api("q-dev-api", { type: "aws_lambda_function" })]).imports).toEqual([
      { to: "aws_lambda_function.f", id: "q-dev-api" },
    ]);
  });

  test("a second one beside the known one is surplus", () => {
    expect(findTwins(HOLDS, [api("known"), api("second")])).toEqual({ imports: [], surplus: [api("second")] });
  });

  test("a resource whose list has no tags is imported, because the plan shows them", () => {
    const untagged: HeldResource = {
      type: "aws_cloudfront_distribution",
      id: "d",
      name: "q-dev-api",
      createdAtSeconds: 0,
    };
    expect(
      findTwins(planOf(made("aws_cloudfront_distribution.edge[0]", { comment: "q-dev-api", tags_all: OURS })), [
        untagged,
      ]).imports,
    ).toEqual([{ to: "aws_cloudfront_distribution.edge[0]", id: "d" }]);
  });

  test("in any order, no known resource is imported, and none is both imported and surplus", () => {
    const held = fc
      .uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z]{1,3}$/), createdAtSeconds: fc.nat(3) }), {
        selector: ({ id }) => id,
      })
      .map((ones) => ones.map(({ id, createdAtSeconds }) => api(id, { createdAtSeconds })));
    fc.assert(
      fc.property(held, fc.boolean(), (ones, makes) => {
        const { imports, surplus } = findTwins(makes ? MAKES : HOLDS, ones);
        const [found, reversed] = [
          findTwins(makes ? MAKES : HOLDS, ones),
          findTwins(makes ? MAKES : HOLDS, [...ones].reverse()),
        ];
        expect(reversed).toEqual(found);
        expect(imports).toHaveLength(makes && ones.length > 0 ? 1 : 0);
        const all = [...imports, ...surplus].map(({ id }) => id).sort();
        expect(all).toEqual(
          ones
            .map(({ id }) => id)
            .filter((id) => makes || id !== "known")
            .sort(),
        );
      }),
    );
  });

  test("each type that can exist twice has a command that deletes one", () => {
    const commands = LOOKED_UP.slice(0, 5).map((type) => deletingCommand({ type, id: "x1" }));
    for (const command of commands) expect(command).toMatch(/^aws (apigateway|cloudfront|lambda) delete-.* x1/);
    expect(() => deletingCommand({ type: "aws_lambda_function", id: "f" })).toThrow(
      "There cannot be a second aws_lambda_function f",
    );
  });
});
