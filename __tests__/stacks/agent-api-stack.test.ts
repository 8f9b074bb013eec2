import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encoded, resource, stackJson, stackText } from "../support/stack-json";

const GOLDEN = join(__dirname, "agent-api-stack.golden.json");
const stack = stackJson();

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}
const statements = (address: string) => (encoded(stack, resource(stack, address)["policy"]) as { Statement: readonly Statement[] }).Statement;
const actions = (address: string) => statements(address).flatMap(({ Action }) => Action).sort();

describe("the synthesized stack", () => {
  test("is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest agent-api-stack", () => {
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, stackText());
    expect(stack).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
  });

  test("holds no absolute path, date or account", () => {
    const text = stackText();
    for (const pattern of [/"\/(home|root|work|tmp|Users|usr|opt)\//, /\b20\d\d-\d\d-\d\dT/, /:\d{12}:/]) expect(text).not.toMatch(pattern);
  });

  test("takes the provider from 5.100 to below 7, and Terraform from 1.11", () => {
    expect(stack.terraform.required_providers.aws.version).toBe(">= 5.100.0, < 7.0.0");
    expect(stack.terraform.required_version).toBe(">= 1.11.0");
  });
});

describe("the functions", () => {
  test.each(["api", "authorizer", "sweeper", "worker"])("%s runs nodejs22.x on arm64, publishes versions, traces, and is updated when its zip changes", (name) => {
    expect(resource(stack, `aws_lambda_function.${name}_function`)).toMatchObject({
      runtime: '${var.package_type == "image" ? null : "nodejs22.x"}',
      architectures: ["arm64"],
      publish: true,
      tracing_config: { mode: "Active" },
      filename: `\${var.package_type == "image" ? null : "\${path.module}/assets/${name}.zip"}`,
      source_code_hash: `\${var.package_type == "image" ? null : filebase64sha256("\${path.module}/assets/${name}.zip")}`,
    });
  });

  test.each(["api", "authorizer", "sweeper", "worker"])("%s from an image has its own command in it, and nothing of a zip", (name) => {
    expect(resource(stack, `aws_lambda_function.${name}_function`)).toMatchObject({
      package_type: '${var.package_type == "image" ? "Image" : "Zip"}',
      image_uri: "${var.image_uri}",
      handler: '${var.package_type == "image" ? null : "index.handler"}',
      dynamic: { image_config: { for_each: '${var.package_type == "image" ? [true] : []}', content: { command: [`${name}/index.handler`] } } },
    });
  });

  test("the front door may do these calls and no others", () => {
    expect(actions("aws_iam_role_policy.api_policy")).toEqual([
      "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject",
      "sqs:GetQueueAttributes", "sqs:SendMessage", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]);
  });

  test("the worker may do these calls and no others", () => {
    expect(actions("aws_iam_role_policy.worker_policy")).toEqual([
      "dynamodb:GetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:UpdateItem", "logs:CreateLogStream", "logs:PutLogEvents",
      "s3:PutObject", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]);
  });

  test("the sweeper may do these calls and no others", () => {
    expect(actions("aws_iam_role_policy.sweeper_policy")).toEqual([
      "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "logs:CreateLogStream", "logs:PutLogEvents",
      "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]);
  });

  test("the authorizer may write its log and its traces, and is there, with all that is its own, only where tokens are taken", () => {
    expect(actions("aws_iam_role_policy.authorizer_policy")).toEqual(["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]);
    const own = ["aws_cloudwatch_log_group.authorizer_log_group", "aws_iam_role.authorizer_role", "aws_iam_role_policy.authorizer_policy", "aws_lambda_function.authorizer_function", "aws_lambda_permission.rest_authorizer_permission"];
    for (const address of own) expect(resource(stack, address)["count"]).toBe('${var.authorization == "jwt" ? 1 : 0}');
  });

  test("only authorizers of this API may invoke it", () => {
    expect(resource(stack, "aws_lambda_permission.rest_authorizer_permission")).toMatchObject({ principal: "apigateway.amazonaws.com", source_arn: "${aws_api_gateway_rest_api.rest_api.execution_arn}/authorizers/*" });
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

  test("only X-Ray's calls, which name no resource, are allowed on every resource", () => {
    const wide = ["api_policy", "authorizer_policy", "sweeper_policy", "worker_policy", "worker_agentcore", "worker_bedrock", "worker_lambda", "worker_secrets"]
      .map((name) => `aws_iam_role_policy.${name}`)
      .flatMap(statements)
      .filter(({ Resource }) => Resource === "*");
    expect(new Set(wide.flatMap(({ Action }) => Action))).toEqual(new Set(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]));
  });

  test.each(["api", "worker"])("the alias of %s is pinned by its setting, and is else the newest version", (name) => {
    const setting = name === "worker" ? "live_version" : "api_live_version";
    expect(resource(stack, `aws_lambda_alias.${name}_live_alias`)["function_version"]).toBe(`\${coalesce(var.${setting}, aws_lambda_function.${name}_function.version)}`);
  });

  test("provisioned concurrency exists only from 1 on", () => {
    expect(resource(stack, "aws_lambda_provisioned_concurrency_config.worker_live_provisioned_concurrency")["count"]).toBe(
      "${local.provisioned_concurrent_executions >= 1 ? 1 : 0}",
    );
  });
});

describe("the stores and the queue", () => {
  test.each(["requests", "sessions"])("the table %s has two guards against deletion, recovery, encryption and a TTL", (name) => {
    expect(resource(stack, `aws_dynamodb_table.store_${name}`)).toMatchObject({
      billing_mode: "PAY_PER_REQUEST",
      deletion_protection_enabled: "${var.deletion_protection}",
      lifecycle: { prevent_destroy: true },
      point_in_time_recovery: { enabled: true },
      // Left by what the provider sees: a key that is null alone would stay.
      server_side_encryption: { enabled: "${var.kms_key_arn != null || length(var.former_kms_key_arns) == 0}", kms_key_arn: "${var.kms_key_arn}" },
      ttl: { attribute_name: "expires_at", enabled: true },
    });
  });

  test.each(["queue", "failed"])("the queue %s is encrypted in one of two ways, of which the provider takes no second, not even as false", (name) => {
    expect(resource(stack, `aws_sqs_queue.work_${name}`)).toMatchObject({
      kms_master_key_id: "${var.kms_key_arn}",
      kms_data_key_reuse_period_seconds: "${var.kms_key_arn == null ? null : 300}",
      sqs_managed_sse_enabled: "${var.kms_key_arn == null ? true : null}",
    });
  });

  test("every log group takes the operator's key", () => {
    const groups = Object.values(stack.resource["aws_cloudwatch_log_group"] ?? {});
    expect(groups.length).toBeGreaterThan(4);
    for (const group of groups) expect(group["kms_key_id"]).toBe("${var.kms_key_arn}");
  });

  test.each([
    ["api", ["dynamodb", "s3", "sqs"]],
    ["worker", ["dynamodb", "s3", "sqs"]],
    ["sweeper", ["dynamodb", "sqs"]],
  ])("%s uses the operator's keys through %j alone, while there are any", (name, services) => {
    const policy = resource(stack, `aws_iam_role_policy.${name}_keys`);
    const { Statement: statements } = encoded(stack, policy["policy"]) as { Statement: { Resource: string; Condition: { StringEquals: { "kms:ViaService": string[] } } }[] };
    const keys = "distinct(concat(var.kms_key_arn[*], var.former_kms_key_arns))";
    expect(policy["count"]).toBe(`\${length(${keys}) > 0 ? 1 : 0}`);
    expect(new Set(statements.map(({ Resource }) => Resource))).toEqual(new Set([`\${${keys}}`]));
    expect(statements.flatMap(({ Condition }) => Condition.StringEquals["kms:ViaService"]).sort()).toEqual(services.map((service) => `${service}.\${var.aws_region}.amazonaws.com`));
  });

  test("the authorizer uses no key", () => expect(stack.resource["aws_iam_role_policy"]).not.toHaveProperty("authorizer_keys"));

  test("requests that have not ended are indexed by when somebody has to look at them, by their keys alone", () => {
    expect(resource(stack, "aws_dynamodb_table.store_requests")).toMatchObject({
      attribute: [{ name: "request_id", type: "S" }, { name: "open", type: "S" }, { name: "due_at", type: "N" }],
      global_secondary_index: [{ name: "open-due", hash_key: "open", range_key: "due_at", projection_type: "KEYS_ONLY" }],
    });
  });

  test("what failed for good goes to the sweeper in batches, failures reported one by one, and comes back after an hour", () => {
    expect(resource(stack, "aws_lambda_event_source_mapping.work_failures")).toMatchObject({
      event_source_arn: "${aws_sqs_queue.work_failed.arn}",
      function_name: "${aws_lambda_function.sweeper_function.arn}",
      function_response_types: ["ReportBatchItemFailures"],
    });
    expect(resource(stack, "aws_sqs_queue.work_failed")["visibility_timeout_seconds"]).toBe(3_600);
  });

  test("a message stays hidden for six worker time-outs, and fails for good after five receives", () => {
    expect(resource(stack, "aws_sqs_queue.work_queue")["visibility_timeout_seconds"]).toBe("${6 * var.timeout}");
    expect(encoded(stack, resource(stack, "aws_sqs_queue_redrive_policy.work_redrive")["redrive_policy"])).toEqual({
      deadLetterTargetArn: "${aws_sqs_queue.work_failed.arn}",
      maxReceiveCount: 5,
    });
  });

  test("no more batches are taken than workers may run, failures are reported one by one, and 0 workers stop the polling", () => {
    expect(resource(stack, "aws_lambda_event_source_mapping.work_delivery")).toMatchObject({
      function_name: "${aws_lambda_alias.worker_live_alias.arn}",
      function_response_types: ["ReportBatchItemFailures"],
      enabled: "${local.reserved_concurrent_executions != 0}",
      dynamic: {
        scaling_config: {
          for_each: "${local.reserved_concurrent_executions >= 0 ? [true] : []}",
          content: { maximum_concurrency: "${max(2, local.reserved_concurrent_executions)}" },
        },
      },
    });
  });
});

describe("the API", () => {
  interface Operation {
    readonly security: unknown;
    readonly "x-amazon-apigateway-integration": { uri: string; cacheKeyParameters?: string; requestParameters?: Record<string, string> };
  }
  const json = String(resource(stack, "aws_api_gateway_rest_api.rest_api")["body"]);
  const body = encoded(stack, json) as { paths: Record<string, Record<string, Operation>> };
  const operation = (path: string, method: string) => body.paths[path]?.[method] as Operation;

  test("has the three routes", () => {
    const routes = Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(routes.sort()).toEqual(["get /api/v1/health", "get /api/v1/status/{request_id}", "post /api/v1/invoke"]);
  });

  test("reaches the front door through its alias, so that a rollback of the alias rolls the API back", () => {
    for (const methods of Object.values(body.paths)) {
      for (const { "x-amazon-apigateway-integration": { uri } } of Object.values(methods)) expect(uri).toBe("${aws_lambda_alias.api_live_alias.invoke_arn}");
    }
  });

  test("is deployed again when any applied value of its body changes", () => {
    expect(resource(stack, "aws_api_gateway_deployment.rest_deployment")).toMatchObject({
      triggers: { redeployment: `\${sha1(${json.slice(2, -1)})}` },
      lifecycle: { create_before_destroy: true },
    });
  });

  test("caches only the status route, by request and caller, encrypted, and not emptied by strangers", () => {
    const settings = Object.values(stack.resource["aws_api_gateway_method_settings"] ?? {}) as { method_path: string; settings: Record<string, unknown> }[];
    const cached = settings.filter((each) => each.settings["caching_enabled"] !== false);
    expect(cached.map((each) => each.method_path)).toEqual(["~1api~1v1~1status~1{request_id}/GET"]);
    expect(cached[0]?.settings).toMatchObject({
      caching_enabled: "${local.cache_enabled}",
      cache_ttl_in_seconds: "${var.cache_ttl_in_seconds}",
      cache_data_encrypted: true,
      require_authorization_for_cache_control: true,
    });
    expect(operation("/api/v1/status/{request_id}", "get")["x-amazon-apigateway-integration"].cacheKeyParameters).toContain('["method.request.path.request_id"]');
    expect(operation("/api/v1/invoke", "post")["x-amazon-apigateway-integration"].cacheKeyParameters).toBeUndefined();
    expect(operation("/api/v1/health", "get")["x-amazon-apigateway-integration"].cacheKeyParameters).toBeUndefined();
  });

  test("throttles every method", () => {
    for (const settings of Object.values(stack.resource["aws_api_gateway_method_settings"] ?? {})) {
      expect(settings["settings"]).toMatchObject({ throttling_rate_limit: "${var.throttling_rate_limit}", throttling_burst_limit: "${var.throttling_burst_limit}" });
    }
  });

  test("is open on health alone", () => {
    expect(operation("/api/v1/health", "get").security).toEqual([]);
    expect(operation("/api/v1/invoke", "post").security).toContain("sigv4");
    expect(operation("/api/v1/status/{request_id}", "get").security).toContain("sigv4");
  });

  test("keys the cache by what the gateway vouches for in each mode, and with tokens by their end as well", () => {
    const { cacheKeyParameters, requestParameters } = operation("/api/v1/status/{request_id}", "get")["x-amazon-apigateway-integration"];
    const caller = "integration.request.header.x-quickturn-caller";
    expect(cacheKeyParameters).toContain(`iam = ["${caller}"]`);
    expect(cacheKeyParameters).toContain(`jwt = ["${caller}", "integration.request.header.x-quickturn-token-end"]`);
    expect(requestParameters?.[caller]).toBe('${var.authorization == "jwt" ? "context.authorizer.principalId" : "context.identity.caller"}');
  });
});

describe("the schedules", () => {
  const rule = (name: string) => resource(stack, `aws_cloudwatch_event_rule.${name}_rule`);
  const target = (name: string) => resource(stack, `aws_cloudwatch_event_target.${name}_target`);

  test("the sweeper looks every minute, always", () => {
    expect(rule("sweep")).toMatchObject({ schedule_expression: "rate(1 minute)", state: "ENABLED" });
    expect(target("sweep")).toMatchObject({ arn: "${aws_lambda_function.sweeper_function.arn}", input: '{"quickturn":"sweep"}' });
  });

  test.each(["api", "worker"])("the heartbeat of %s touches several environments every five minutes, below the NAT's 350 s, and is switched in place", (name) => {
    expect(rule(`${name}_heartbeat`)).toMatchObject({ schedule_expression: "rate(5 minutes)", state: '${local.heartbeat_enabled ? "ENABLED" : "DISABLED"}' });
    expect(rule(`${name}_heartbeat`)).not.toHaveProperty("count");
    expect(target(`${name}_heartbeat`)).toMatchObject({
      arn: `\${aws_lambda_alias.${name}_live_alias.arn}`,
      count: "${var.heartbeat_environments}",
      input: '{"quickturn":"heartbeat"}',
      retry_policy: { maximum_event_age_in_seconds: 60, maximum_retry_attempts: 0 },
    });
  });

  test.each([["api_heartbeat", "${aws_lambda_alias.api_live_alias.name}"], ["worker_heartbeat", "${aws_lambda_alias.worker_live_alias.name}"], ["sweep", undefined]])(
    "%s may invoke its function, and only by its own rule",
    (name, qualifier) => {
      const permission = resource(stack, `aws_lambda_permission.${name}_permission`);
      expect(permission).toMatchObject({ principal: "events.amazonaws.com", source_arn: `\${aws_cloudwatch_event_rule.${name}_rule.arn}` });
      expect(permission["qualifier"]).toBe(qualifier);
    },
  );

  test.each(["api", "worker"])("a heartbeat of %s that is late or fails is dropped", (name) => {
    expect(resource(stack, `aws_lambda_function_event_invoke_config.${name}_live_events`)).toMatchObject({ maximum_event_age_in_seconds: 60, maximum_retry_attempts: 0 });
  });
});

describe("the firewall", () => {
  interface WafRule {
    readonly name: string;
    readonly priority: number;
    readonly visibility_config: { readonly sampled_requests_enabled: boolean };
    readonly statement: Readonly<Record<string, { readonly rule_action_override?: readonly { readonly name: string; readonly action_to_use: unknown }[] }>>;
  }
  const acl = resource(stack, "aws_wafv2_web_acl.firewall_acl");
  const rules = acl["rule"] as readonly WafRule[];

  test("is there only where it is wanted, on the stage, with its log", () => {
    for (const type of ["aws_wafv2_web_acl.firewall_acl", "aws_wafv2_web_acl_association.firewall_association", "aws_wafv2_web_acl_logging_configuration.firewall_logging", "aws_cloudwatch_log_group.firewall_log_group"]) expect(resource(stack, type)["count"]).toBe("${var.waf_enabled ? 1 : 0}");
    expect(resource(stack, "aws_wafv2_web_acl_association.firewall_association")).toMatchObject({ resource_arn: "${aws_api_gateway_stage.live_stage.arn}" });
  });

  test("bounds each address, and refuses a body that it cannot look at wholly", () => {
    expect(rules.map(({ name, priority }) => [priority, name])).toEqual([[0, "rate"], [1, "body-size"], [2, "AWSManagedRulesAmazonIpReputationList"], [3, "AWSManagedRulesKnownBadInputsRuleSet"], [4, "AWSManagedRulesCommonRuleSet"]]);
    expect(rules[0]).toMatchObject({ action: { block: { custom_response: { response_code: 429 } } }, statement: { rate_based_statement: { limit: "${var.waf_rate_limit}", evaluation_window_sec: 300 } } });
    expect(rules[1]).toMatchObject({ statement: { size_constraint_statement: { comparison_operator: "GT", size: 65_536, field_to_match: { body: { oversize_handling: "MATCH" } } } } });
    expect(acl["association_config"]).toEqual({ request_body: [{ api_gateway: { default_size_inspection_limit: "KB_64" } }] });
  });

  test("blocks no prompt for what it holds: of AWS's rules, those over bodies count", () => {
    const overridden = rules.flatMap(({ statement }) => statement["managed_rule_group_statement"]?.rule_action_override ?? []);
    expect(overridden.map(({ name }) => name)).toEqual(expect.arrayContaining(["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "EC2MetaDataSSRF_BODY", "Log4JRCE_BODY"]));
    for (const { action_to_use: action } of overridden) expect(action).toEqual({ count: {} });
  });

  test("shows no credentials: in no sample, and in no line of its log", () => {
    for (const { visibility_config: visibility } of rules) expect(visibility.sampled_requests_enabled).toBe(false);
    const { redacted_fields: redacted } = resource(stack, "aws_wafv2_web_acl_logging_configuration.firewall_logging") as { redacted_fields: { single_header: { name: string } }[] };
    expect(redacted.map(({ single_header: { name } }) => name)).toEqual(["authorization", "x-api-key", "x-amz-security-token", "cookie", "x-quickturn-origin"]);
  });
});

describe("the distribution", () => {
  const distribution = resource(stack, "aws_cloudfront_distribution.edge_distribution");

  test("passes every method, forwards all but Host, and caches nothing but status, for seconds", () => {
    expect(distribution).toMatchObject({
      default_cache_behavior: {
        allowed_methods: ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
        cache_policy_id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        origin_request_policy_id: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        viewer_protocol_policy: "https-only",
      },
      ordered_cache_behavior: [{ path_pattern: "/api/v1/status/*", min_ttl: 0, default_ttl: 5, max_ttl: 10, viewer_protocol_policy: "https-only" }],
    });
  });

  test("tells callers apart in its cache, and never forwards Host", () => {
    const [status] = distribution["ordered_cache_behavior"] as { forwarded_values: { headers: string[] } }[];
    expect(status?.forwarded_values.headers).toEqual(expect.arrayContaining(["Authorization", "x-api-key"]));
    expect(status?.forwarded_values.headers.map((header) => header.toLowerCase())).not.toContain("host");
  });

  test("reaches the origin by TLS 1.2, below the stage, with the origin's secret", () => {
    expect(distribution["origin"]).toEqual([
      expect.objectContaining({
        origin_path: "/${aws_api_gateway_stage.live_stage.stage_name}",
        custom_header: [{ name: "x-quickturn-origin", value: "${var.cloudfront_origin_secret}" }],
        custom_origin_config: expect.objectContaining({ origin_protocol_policy: "https-only", origin_ssl_protocols: ["TLSv1.2"] }) as unknown,
      }),
    ]);
  });
});

describe("the alarms of the reports", () => {
  test.each([
    ["alarm_worker_duration", "AWS/Lambda", "Duration", "Average", "alarm_duration_threshold", 600_000, { FunctionName: "${aws_lambda_function.worker_function.function_name}" }],
    ["alarm_worker_errors", "AWS/Lambda", "Errors", "Sum", "alarm_errors_threshold", 5, { FunctionName: "${aws_lambda_function.worker_function.function_name}" }],
    ["alarm_api_5xx", "AWS/ApiGateway", "5XXError", "Sum", "alarm_5xx_threshold", 10, { ApiName: "${aws_api_gateway_rest_api.rest_api.name}", Stage: "live" }],
  ])("%s watches %s %s %s above %s (%d) in two periods of 300 s", (name, namespace, metric, statistic, setting, value, dimensions) => {
    expect(resource(stack, `aws_cloudwatch_metric_alarm.${name}`)).toMatchObject({
      namespace, metric_name: metric, statistic, dimensions,
      threshold: `\${var.${setting}}`, comparison_operator: "GreaterThanThreshold",
      period: 300, evaluation_periods: 2, datapoints_to_alarm: 2, treat_missing_data: "notBreaching",
    });
    expect(stack.variable[setting]?.default).toBe(value);
  });
});
