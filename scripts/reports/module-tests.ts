import {
  PROFILES,
  SETTINGS,
  defaultValue,
  followsProfile,
  type Setting,
  type SettingName,
} from "../../stacks/settings";
import { limitRefusals, run, type Assert, type Values } from "./tftest";

/**
 * An agent and an address for alarms: without them the module warns, and terraform test takes a warning for a failure.
 */
const GIVEN = `variables {
  name        = "support"
  environment = "test"
  alarm_email = "on.call@example.org"
  agents      = [{ name = "one", kind = "scripted", target = "1ms done" }]
}
`;

const MOCK = `mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
}
`;

/** Where the plan shows each optimization of the profiles, as a Terraform expression. */
const SHOWN: Readonly<Partial<Record<SettingName, string>>> = {
  memory_size: "aws_lambda_function.worker_function.memory_size",
  reserved_concurrent_executions: "aws_lambda_function.worker_function.reserved_concurrent_executions",
  max_parallel_agents: 'tonumber(aws_lambda_function.worker_function.environment[0].variables["MAX_PARALLEL_AGENTS"])',
  query_cache_ttl_in_seconds:
    'tonumber(aws_lambda_function.worker_function.environment[0].variables["QUERY_CACHE_TTL_SECONDS"])',
  cache_enabled: "aws_api_gateway_method_settings.live_status_method.settings[0].caching_enabled",
  cache_cluster_enabled: "aws_api_gateway_stage.live_stage.cache_cluster_enabled",
  heartbeat_enabled: 'aws_cloudwatch_event_rule.worker_heartbeat_rule.state == "ENABLED"',
  provisioned_concurrent_executions:
    "sum(concat([0], aws_lambda_provisioned_concurrency_config.worker_live_provisioned_concurrency[*].provisioned_concurrent_executions))",
  api_provisioned_concurrent_executions:
    "sum(concat([0], aws_lambda_provisioned_concurrency_config.api_live_provisioned_concurrency[*].provisioned_concurrent_executions))",
};

/** What must be switched off with a setting: a cached method without a cluster is refused. */
const TOGETHER: Readonly<Partial<Record<SettingName, SettingName>>> = { cache_cluster_enabled: "cache_enabled" };

/**
 * The tests that a module of the stack `agent-api` ships with, by path: HCL, as `terraform fmt` writes it. They need no
 * account.
 */
export function moduleTests(dropped: readonly string[]): Readonly<Record<string, string>> {
  return { "tests/optimizations.tftest.hcl": optimizations(), "tests/refused.tftest.hcl": refused(dropped) };
}

function optimizations(): string {
  const following = SETTINGS.filter(followsProfile).map(({ name }) => name);
  const profiles = Object.fromEntries(
    PROFILES.map((profile) => [
      profile,
      Object.fromEntries(
        SETTINGS.filter(followsProfile).map((setting) => [setting.name, defaultValue(setting, profile)]),
      ),
    ]),
  ) as Record<(typeof PROFILES)[number], Values>;
  const takenAway = following.filter((name) => profiles.optimized[name] !== profiles.baseline[name]);
  const flips = takenAway.map((name) => {
    const off = [name, ...(TOGETHER[name] ? [TOGETHER[name]] : [])].sort();
    const values = Object.fromEntries(off.map((each) => [each, profiles.baseline[each]]));
    return run(`${name}_taken_away`, {
      variables: values,
      asserts: expectations({ ...profiles.optimized, ...values }),
    });
  });
  // The defaults are the profile optimized.
  const whole = PROFILES.filter((profile) => profile !== "optimized").map((profile) =>
    run(`profile_${profile}`, { variables: { profile }, asserts: expectations(profiles[profile]) }),
  );
  return `# Each optimization is there, and flipping its variable takes away that one and no other.\n\n${[MOCK, GIVEN, run("defaults", { asserts: [...expectations(profiles.optimized), ...IDENTITY] }), ...whole, ...flips, DISTRIBUTION, OWN_TOPIC].join("\n")}`;
}

/** What tells instances apart, and what guards the tables. */
const IDENTITY: readonly Assert[] = [
  {
    condition: 'aws_lambda_function.worker_function.function_name == "support-test-worker"',
    message: "The worker is not named after name and environment.",
  },
  {
    condition: 'aws_dynamodb_table.store_requests.tags["quickturn:name"] == "support"',
    message: "The table of requests does not carry the deployment's name.",
  },
  {
    condition: "aws_dynamodb_table.store_requests.deletion_protection_enabled",
    message: "The table of requests can be deleted.",
  },
  {
    condition: "length(aws_api_gateway_account.account_logging_account) == 0",
    message: "The account's logging role is set without being asked for.",
  },
  { condition: 'output.settings.aws_region == "eu-central-1"', message: "The region is not the provider's." },
];

const DISTRIBUTION = run("a_distribution_in_front", {
  variables: {
    authorization: "api_key",
    cloudfront_certificate_arn: "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    cloudfront_domain_names: ["agents.example.org"],
    cloudfront_enabled: true,
    cloudfront_origin_secret: "0123456789abcdef0123456789abcdef",
  },
  asserts: [
    { condition: "length(aws_cloudfront_distribution.edge_distribution) == 1", message: "There is no distribution." },
  ],
});

const OWN_TOPIC = run("a_topic_of_yours", {
  variables: { alarm_email: null, alarm_topic_arn: "arn:aws:sns:eu-central-1:123456789012:pages" },
  asserts: [
    { condition: "length(aws_sns_topic.alarm_topic) == 0", message: "There is a topic that nobody asked for." },
    {
      condition:
        'one(aws_cloudwatch_metric_alarm.alarm_worker_errors[0].alarm_actions) == "arn:aws:sns:eu-central-1:123456789012:pages"',
      message: "The alarm goes elsewhere.",
    },
  ],
});

function expectations(values: Values): Assert[] {
  return Object.entries(values).map(([name, value]) => {
    const shown = SHOWN[name as SettingName];
    if (shown === undefined)
      throw new Error(
        `The setting ${name} follows the profile, and nothing says where a plan shows it; add it to SHOWN in module-tests.`,
      );
    return {
      condition: typeof value === "boolean" ? (value ? shown : `!(${shown})`) : `${shown} == ${String(value)}`,
      message: `${name} is not ${String(value)}.`,
    };
  });
}

function refused(dropped: readonly string[]): string {
  const settings: readonly Setting[] = SETTINGS.filter(({ name }) => !dropped.includes(name));
  return `# Every bad value is refused at its variable, and what reaches nobody or answers nothing is warned about.\n\n${[
    MOCK,
    GIVEN,
    ...limitRefusals(settings),
    run("tags_that_belong_to_aws", { variables: { tags: { "aws:owner": "me" } }, failures: ["var.tags"] }),
    run("a_canary_without_a_stable_version", { variables: { canary_weight: 0.1 }, failures: ["var.canary_weight"] }),
    run("more_provisioned_than_reserved", {
      variables: { provisioned_concurrent_executions: 60 },
      failures: ["var.provisioned_concurrent_executions"],
    }),
    run("no_agent_and_nobody_to_call", {
      variables: { agents: [], alarm_email: null },
      failures: ["check.alarms_reach_a_person", "check.an_agent_is_set"],
    }),
    run("anyone_may_call", { variables: { authorization: "none" }, failures: ["check.callers_are_known"] }),
  ].join("\n")}`;
}
