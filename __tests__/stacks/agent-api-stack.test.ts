import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encoded, resource, STACK_DIRECTORY, stackJson, stackText } from "../support/stack-json";

/**
 * The golden file shows what the stack is. Here stands what no single place of it shows: how its parts belong together,
 * and demands that a part to come has to meet as well. What an audit demands is in scripts/review/stacks.test.
 */
const GOLDEN = join(__dirname, "agent-api-stack.golden.json");
const stack = stackJson();
const all = (type: string) => Object.entries(stack.resource[type] ?? {});

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly StringEquals?: Readonly<Record<string, readonly string[]>> };
}
const statements = (address: string) =>
  (encoded(stack, resource(stack, address)["policy"]) as { Statement: readonly Statement[] }).Statement;
const actions = (address: string) => statements(address).flatMap(({ Action }) => Action);

test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest agent-api-stack", () => {
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, stackText());
  expect(stack).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
});

test("it holds no absolute path, date or account", () => {
  for (const pattern of [/"\/(home|root|work|tmp|Users|usr|opt)\//, /\b20\d\d-\d\d-\d\dT/, /:\d{12}:/])
    expect(stackText()).not.toMatch(pattern);
});

/** Actions on items, objects, messages, logs and traces. */
const DATA_ACTIONS = [
  /^dynamodb:(\w+Item|Query)$/,
  /^s3:(Get|Put)Object$/,
  /^sqs:((Send|Receive|Delete)Message|ChangeMessageVisibility|GetQueueAttributes)$/,
  /^logs:(CreateLogStream|PutLogEvents)$/,
  /^xray:Put\w+$/,
];

describe("the functions", () => {
  test.each(all("aws_lambda_function"))(
    "%s is updated when its own zip changes, and the zip lies beside the stack",
    (_, { filename, source_code_hash: hash }) => {
      const [, zip] = /"(\$\{path\.module\}\/assets\/\w+\.zip)"/.exec(String(filename)) ?? [];
      expect(hash).toContain(`filebase64sha256("${zip}")`);
      expect(existsSync(String(zip).replace("${path.module}", STACK_DIRECTORY))).toBe(true);
    },
  );

  test("no function may change the deployment", () => {
    const allowed = all("aws_iam_role_policy")
      .map(([name]) => name)
      .filter((name) => /^(api|authorizer|sweeper|worker)_policy$/.test(name))
      .flatMap((name) => actions(`aws_iam_role_policy.${name}`));
    expect(allowed.length).toBeGreaterThan(30);
    expect(allowed.filter((action) => !DATA_ACTIONS.some((pattern) => pattern.test(action)))).toEqual([]);
  });

  test("front door and sweeper reach no agent, and the authorizer writes only its log and traces", () => {
    const services = (name: string) =>
      [...new Set(actions(`aws_iam_role_policy.${name}_policy`).map((action) => action.split(":")[0]))].sort();
    expect(services("api")).toEqual(["dynamodb", "logs", "s3", "sqs", "xray"]);
    expect(services("sweeper")).toEqual(["dynamodb", "logs", "sqs", "xray"]);
    expect(services("authorizer")).toEqual(["logs", "xray"]);
    expect(actions("aws_iam_role_policy.api_policy")).not.toContain("s3:PutObject");
    expect(actions("aws_iam_role_policy.api_policy")).not.toContain("sqs:ReceiveMessage");
  });

  test.each([
    ["agentcore", "bedrock-agentcore:InvokeAgentRuntime"],
    ["bedrock", "bedrock:InvokeModel"],
    ["lambda", "lambda:InvokeFunction"],
    ["secrets", "secretsmanager:GetSecretValue"],
  ])("the worker may call %s only where an agent needs it", (id, action) => {
    expect(actions(`aws_iam_role_policy.worker_${id}`)).toEqual([action]);
    expect(resource(stack, `aws_iam_role_policy.worker_${id}`)["count"]).toMatch(/^\$\{length\(.+\) > 0 \? 1 : 0\}$/);
  });

  test("the authorizer is there, with all that is its own, only where tokens are taken", () => {
    const own = Object.values(stack.resource)
      .flatMap((named) => Object.entries(named))
      .filter(([name]) => /(^|_)authorizer_/.test(name) && !name.startsWith("alarm_"));
    expect(own.map(([name]) => name).sort()).toEqual([
      "authorizer_function",
      "authorizer_log_group",
      "authorizer_policy",
      "authorizer_role",
      "rest_authorizer_permission",
    ]);
    for (const [, { count }] of own) expect(count).toBe('${var.authorization == "jwt" ? 1 : 0}');
  });
});

test("no count or for_each reads a value that another resource of the same root may make", () => {
  const decisions = [...stackText().matchAll(/^ {8}"(?:count|for_each)": "(.+)",?$/gm)].map(
    ([, expression = ""]) => expression,
  );
  expect(decisions.length).toBeGreaterThan(40);
  expect(
    decisions.filter((expression) =>
      /\b(var\.(alarm_email|alarm_topic_arns?|kms_key_arn|agentcore_runtime_arn)|secret_arn)\b/.test(expression),
    ),
  ).toEqual([]);
});

describe("what is kept", () => {
  test("no table is destroyed by Terraform", () => {
    expect(
      all("aws_dynamodb_table").map(
        ([, { lifecycle }]) => (lifecycle as { prevent_destroy?: boolean }).prevent_destroy,
      ),
    ).toEqual([true, true]);
  });

  test("every table, queue, log group and topic takes the operator's key", () => {
    const keys = [
      ...all("aws_dynamodb_table").map(
        ([, table]) => (table["server_side_encryption"] as { kms_key_arn: string }).kms_key_arn,
      ),
      ...all("aws_cloudwatch_log_group").map(([, { kms_key_id: key }]) => key),
      ...["aws_sqs_queue", "aws_sns_topic"].flatMap(all).map(([, { kms_master_key_id: key }]) => key),
    ];
    expect(keys.length).toBeGreaterThan(8);
    expect(new Set(keys)).toEqual(new Set(["${var.kms_key_arn}"]));
  });

  test("a function uses the operator's keys only through the services that it calls", () => {
    const keys = "distinct(concat(var.kms_key_arn[*], var.former_kms_key_arns))";
    const policies = all("aws_iam_role_policy").filter(([name]) => name.endsWith("_keys"));
    expect(policies.map(([name]) => name)).toEqual(["api_keys", "sweeper_keys", "worker_keys"]);
    for (const [name, { count }] of policies) {
      expect(count).toBe("${local.is_given.kms_key_arn || length(var.former_kms_key_arns) > 0 ? 1 : 0}");
      const called = new Set(
        actions(`aws_iam_role_policy.${name.replace("_keys", "_policy")}`).map((action) => action.split(":")[0]),
      );
      for (const { Resource, Condition } of statements(`aws_iam_role_policy.${name}`)) {
        expect(Resource).toBe(`\${${keys}}`);
        const through = Condition?.StringEquals?.["kms:ViaService"] ?? [];
        expect(through.length).toBeGreaterThan(0);
        for (const service of through)
          expect(called).toContain(/^(\w+)\.\$\{var\.aws_region\}\.amazonaws\.com$/.exec(service)?.[1]);
      }
    }
  });
});

describe("the API", () => {
  interface Operation {
    readonly security: unknown;
    readonly "x-amazon-apigateway-integration": { readonly uri: string };
  }
  const json = String(resource(stack, "aws_api_gateway_rest_api.rest_api")["body"]);
  const { paths } = encoded(stack, json) as { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method} ${path}`, ...operation })),
  );

  test("every route reaches the front door through its alias, so that its rollback reaches the API", () => {
    expect(operations).toHaveLength(3);
    expect(new Set(operations.map((operation) => operation["x-amazon-apigateway-integration"].uri))).toEqual(
      new Set(["${aws_lambda_alias.api_live_alias.invoke_arn}"]),
    );
  });

  test("health alone is open", () => {
    expect(operations.filter(({ security }) => JSON.stringify(security) === "[]").map(({ route }) => route)).toEqual([
      "get /api/v1/health",
    ]);
  });

  test("a changed value of its body creates a new deployment before the old one is destroyed", () => {
    expect(resource(stack, "aws_api_gateway_deployment.rest_deployment")).toMatchObject({
      triggers: { redeployment: `\${sha1(${json.slice(2, -1)})}` },
      lifecycle: { create_before_destroy: true },
    });
  });
});

describe("the schedules", () => {
  test.each(all("aws_cloudwatch_event_target"))(
    "%s: its rule, and no other, may invoke what it aims at",
    (_, { arn, rule }) => {
      const [, ruleName] = /^\$\{aws_cloudwatch_event_rule\.(\w+)\.name\}$/.exec(String(rule)) ?? [];
      const permissions = all("aws_lambda_permission")
        .map(([, permission]) => permission)
        .filter(
          ({ principal, source_arn: source }) =>
            principal === "events.amazonaws.com" && source === `\${aws_cloudwatch_event_rule.${ruleName}.arn}`,
        );
      expect(permissions).toHaveLength(1);
      const [, alias] = /^\$\{aws_lambda_alias\.(\w+)\.arn\}$/.exec(String(arn)) ?? [];
      const aimedAt =
        alias === undefined ? String(arn) : String(resource(stack, `aws_lambda_alias.${alias}`)["function_name"]);
      expect(permissions[0]?.["qualifier"]).toBe(alias && `\${aws_lambda_alias.${alias}.name}`);
      expect(String(permissions[0]?.["function_name"]).replace(".function_name}", "")).toBe(
        aimedAt.replace(/\.(arn|function_name)\}$/, ""),
      );
    },
  );

  test("a heartbeat comes before a NAT forgets an idle connection, after 350 s", () => {
    const minutes = all("aws_cloudwatch_event_rule")
      .filter(([name]) => name.includes("heartbeat"))
      .map(([, rule]) => Number(/^rate\((\d+) minutes\)$/.exec(String(rule["schedule_expression"]))?.[1]));
    expect(minutes).toHaveLength(2);
    for (const each of minutes) expect(60 * each).toBeLessThan(350);
  });
});

describe("the firewall", () => {
  interface WafRule {
    readonly visibility_config: { readonly sampled_requests_enabled: boolean };
    readonly statement: Readonly<
      Record<
        string,
        {
          readonly size?: number;
          readonly rule_action_override?: readonly { readonly name: string; readonly action_to_use: unknown }[];
        }
      >
    >;
  }
  const acl = resource(stack, "aws_wafv2_web_acl.firewall_acl");
  const rules = acl["rule"] as readonly WafRule[];

  test("refuses a body above what it looks at", () => {
    expect(acl["association_config"]).toEqual({
      request_body: [{ api_gateway: { default_size_inspection_limit: "KB_64" } }],
    });
    expect(rules.flatMap(({ statement }) => statement["size_constraint_statement"]?.size ?? [])).toEqual([64 * 1_024]);
  });

  test("blocks no prompt for what it holds: of AWS's rules, those over bodies count", () => {
    const overridden = rules.flatMap(
      ({ statement }) => statement["managed_rule_group_statement"]?.rule_action_override ?? [],
    );
    expect(overridden.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "EC2MetaDataSSRF_BODY",
        "Log4JRCE_BODY",
      ]),
    );
    for (const { action_to_use: action } of overridden) expect(action).toEqual({ count: {} });
  });

  test("shows no credentials: in no sample, and in no line of its log", () => {
    for (const { visibility_config: visibility } of rules) expect(visibility.sampled_requests_enabled).toBe(false);
    const { redacted_fields: redacted } = resource(
      stack,
      "aws_wafv2_web_acl_logging_configuration.firewall_logging",
    ) as { redacted_fields: { single_header: { name: string } }[] };
    expect(redacted.map(({ single_header: { name } }) => name)).toEqual(
      expect.arrayContaining(["authorization", "x-api-key", "x-amz-security-token", "cookie", "x-quickturn-origin"]),
    );
  });
});

test("the distribution never forwards Host, by which API Gateway finds its API", () => {
  const { ordered_cache_behavior: behaviors } = resource(stack, "aws_cloudfront_distribution.edge_distribution") as {
    ordered_cache_behavior: { forwarded_values: { headers: string[] } }[];
  };
  expect(behaviors.length).toBeGreaterThan(0);
  for (const {
    forwarded_values: { headers },
  } of behaviors)
    expect(headers.map((header) => header.toLowerCase())).not.toContain("host");
});
