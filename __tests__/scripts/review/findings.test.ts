import { findSecurityFindings } from "../../../scripts/review/findings";
import { planOf, resource, to } from "./small-plans";

const change = (address: string, before: object | null, after: object | null, unknown: object = {}) => ({
  address,
  type: address.split(".")[0],
  mode: "managed",
  change: { actions: [before ? (after ? "update" : "delete") : "create"], before, after, after_unknown: unknown },
});
const found = (...changes: object[]) =>
  findSecurityFindings({ resource_changes: changes }).map(
    ({ severity, source, address, text }) => `${severity} ${source} ${address}: ${text}`,
  );
const policy = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (action: string | string[], more: object = {}) => ({
  Effect: "Allow",
  Action: action,
  Resource: "arn:x",
  ...more,
});

describe("checks", () => {
  const check = (status: string, ...messages: string[]) => ({
    address: { kind: "check", to_display: "check.callers_are_known" },
    status,
    instances: [{ problems: messages.map((message) => ({ message })) }],
  });

  test("a failed check is reported with its message; a passed one is not", () => {
    expect(
      findSecurityFindings({ checks: [check("fail", "authorization is none"), check("pass"), check("unknown")] }),
    ).toEqual([
      { source: "checks", severity: "warning", address: "check.callers_are_known", text: "authorization is none" },
    ]);
  });

  test("a failed check without a message is reported too", () =>
    expect(findSecurityFindings({ checks: [check("error")] })[0]?.text).toBe(
      "It does not hold; terraform gives no reason.",
    ));
});

describe("access", () => {
  test("added and removed permissions are named, action by action", () => {
    expect(
      found(
        change(
          "aws_iam_role_policy.p",
          { policy: policy(allow(["sqs:SendMessage", "s3:GetObject"])) },
          { policy: policy(allow(["sqs:SendMessage", "s3:PutObject"])) },
        ),
      ),
    ).toEqual([
      "warning access aws_iam_role_policy.p: Allows s3:PutObject on arn:x; no longer allows s3:GetObject on arn:x.",
    ]);
  });

  test("less access is only information", () => {
    expect(found(change("aws_iam_role_policy.p", { policy: policy(allow("s3:GetObject")) }, null))).toEqual([
      "info access aws_iam_role_policy.p: No longer allows s3:GetObject on arn:x.",
    ]);
  });

  test.each(["*", "s3:*"])("the action %s is critical", (action) =>
    expect(found(change("aws_iam_role_policy.p", null, { policy: policy(allow(action)) }))[0]).toMatch(
      /^critical access/,
    ),
  );
  test("NotAction and the administrators' policy are critical", () => {
    expect(
      found(
        change("aws_iam_role_policy.p", null, {
          policy: policy({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }),
        }),
      )[0],
    ).toMatch(/^critical access .*Allows everything but iam:\* on \*\./);
    expect(
      found(
        change("aws_iam_role_policy_attachment.a", null, { policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
      )[0],
    ).toMatch(/^critical/);
  });

  test("a policy that is only written differently, or that denies, adds no access", () => {
    expect(
      found(
        change(
          "aws_iam_role_policy.p",
          { policy: policy(allow("s3:GetObject")) },
          { policy: policy(allow(["s3:GetObject"]), { Effect: "Deny", Action: "*", Resource: "*" }) },
        ),
      ),
    ).toEqual([]);
  });

  test("a removed condition is a change of access", () => {
    const without = allow("sns:Publish", { Principal: { Service: "cloudwatch.amazonaws.com" } });
    const under = { ...without, Condition: { StringEquals: { "aws:SourceAccount": "1" } } };
    expect(found(change("aws_sns_topic_policy.p", { policy: policy(under) }, { policy: policy(without) }))).toEqual([
      "warning access aws_sns_topic_policy.p: Allows sns:Publish on arn:x for Service: " +
        "cloudwatch.amazonaws.com; no longer allows sns:Publish on arn:x for Service: cloudwatch.amazonaws.com " +
        "under a condition.",
    ]);
  });

  test("a policy that is known after the apply is reported, but not a topic's default policy", () => {
    expect(found(change("aws_iam_role_policy.p", null, {}, { policy: true }))).toEqual([
      "info access aws_iam_role_policy.p: Policy holds values that are known after the apply; read it in the " +
        "configuration.",
    ]);
    expect(found(change("aws_sns_topic.t", null, {}, { policy: true }))).toEqual([]);
  });

  test("further permissions are counted", () => {
    const actions = Array.from({ length: 9 }, (_, index) => `s3:Get${index}`);
    expect(found(change("aws_iam_role_policy.p", null, { policy: policy(allow(actions)) }))[0]).toContain(
      "s3:Get5 on arn:x; and 3 more.",
    );
  });

  test("a permission to call names the caller", () => {
    expect(
      found(
        change("aws_lambda_permission.p", null, { action: "lambda:InvokeFunction", principal: "events.amazonaws.com" }),
      ),
    ).toEqual(["warning access aws_lambda_permission.p: Allows lambda:InvokeFunction for events.amazonaws.com."]);
  });
});

describe("exposure", () => {
  const critical = (...changes: object[]) => found(...changes).filter((line) => line.includes(" exposure "));

  test("a policy for anybody is critical unless it has a condition or denies", () => {
    const anybody = { Principal: "*" };
    expect(
      critical(change("aws_sqs_queue_policy.q", null, { policy: policy(allow("sqs:SendMessage", anybody)) })),
    ).toEqual([
      "critical exposure aws_sqs_queue_policy.q: Anybody in AWS may sqs:SendMessage: the principal is * and " +
        "there is no condition.",
    ]);
    expect(
      critical(
        change("aws_sqs_queue_policy.q", null, {
          policy: policy(allow("sqs:SendMessage", { Principal: { AWS: ["*"] } })),
        }),
      ),
    ).toHaveLength(1);
    expect(
      critical(
        change("aws_sqs_queue_policy.q", null, {
          policy: policy(allow("sqs:SendMessage", { ...anybody, Condition: { Bool: {} } }), {
            Effect: "Deny",
            Action: "*",
            ...anybody,
          }),
        }),
      ),
    ).toEqual([]);
  });

  test("what was open before is not reported again", () => {
    const open = policy(allow("sqs:SendMessage", { Principal: "*" }));
    expect(critical(change("aws_sqs_queue_policy.q", { policy: open, x: 1 }, { policy: open, x: 2 }))).toEqual([]);
  });

  test("a function that anybody may call is critical, by permission or by URL", () => {
    expect(
      critical(change("aws_lambda_permission.p", null, { action: "lambda:InvokeFunction", principal: "*" }))[0],
    ).toContain("its principal is *. Name a service or an account.");
    expect(
      critical(
        change("aws_lambda_permission.p", null, {
          action: "lambda:InvokeFunction",
          principal: "*",
          source_account: "1",
        }),
      ),
    ).toEqual([]);
    expect(critical(change("aws_lambda_function_url.u", null, { authorization_type: "NONE" }))[0]).toContain(
      "authorization_type is NONE. Use AWS_IAM.",
    );
  });

  test("a bucket that may become public is critical", () => {
    const block = {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    };
    expect(
      critical(change("aws_s3_bucket_public_access_block.b", block, { ...block, block_public_policy: false }))[0],
    ).toContain("block_public_policy is false. Allowed: true.");
    expect(critical(change("aws_s3_bucket_public_access_block.b", block, null))[0]).toContain(
      "its public access block is removed",
    );
    expect(critical(change("aws_s3_bucket_public_access_block.b", null, block))).toEqual([]);
  });
});

describe("audit", () => {
  const BUCKET = resource("aws_s3_bucket.b");
  const block = (value: boolean) =>
    resource("aws_s3_bucket_public_access_block.x", {
      bucket: to("aws_s3_bucket.b.id"),
      block_public_acls: value,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
  const audited = (...given: Parameters<typeof findSecurityFindings>) =>
    findSecurityFindings(...given).filter(({ source }) => source === "audit");
  const TABLE = planOf(
    resource("aws_dynamodb_table.t", {
      billing_mode: "PAY_PER_REQUEST",
      point_in_time_recovery: [{ enabled: true }],
      deletion_protection_enabled: false,
    }),
  );

  test("a failure is reported with its rule; a suppressed one is not", () => {
    expect(audited(TABLE)).toEqual([
      {
        source: "audit",
        severity: "warning",
        address: "aws_dynamodb_table.t",
        text: "deletion_protection_enabled is false; allowed: true. (table-is-protected-from-deletion)",
      },
    ]);
    const suppressions = [
      {
        rule: "table-is-protected-from-deletion",
        resource: "aws_dynamodb_table.t",
        reason: "A trial.",
        until: "2027-01-31",
      },
    ];
    expect(audited(TABLE, { suppressions, today: "2027-01-31" })).toEqual([]);
    expect(audited(TABLE, { suppressions, today: "2027-02-01" })[0]?.text).toContain(
      "It was suppressed until 2027-01-31.",
    );
  });

  test("what a change opens to anybody is reported once, by exposure", () => {
    const plan = planOf(BUCKET, block(false));
    expect(audited(plan).filter(({ text }) => text.includes("bucket-is-not-public"))).toEqual([]);
    expect(findSecurityFindings(plan).filter(({ source }) => source === "exposure")).toHaveLength(1);
    // What was open before and stays so is no change: the audit tells it.
    const { resource_changes: changes = [], ...rest } = plan;
    const open = {
      ...rest,
      resource_changes: changes.map((each) => ({
        ...each,
        change: { ...each.change, actions: ["no-op"], before: each.change.after },
      })),
    };
    expect(audited(open).map(({ text }) => text)).toContain(
      "block_public_acls: block_public_acls is false; allowed: true. (bucket-is-not-public)",
    );
  });

  test("a plan without its configuration is reviewed without the audit", () =>
    expect(audited({ resource_changes: [] })).toEqual([]));
});

test("the most severe findings come first", () => {
  const plan = {
    resource_changes: [
      change("aws_iam_role_policy.p", { policy: policy(allow("a:b")) }, null),
      change("aws_lambda_function_url.u", null, { authorization_type: "NONE" }),
    ],
  };
  expect(findSecurityFindings(plan).map(({ severity }) => severity)).toEqual(["critical", "info"]);
});
