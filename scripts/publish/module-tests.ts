import {
  type NumberSetting,
  type Setting,
  type StringSetting,
  PROFILES,
  SETTINGS,
  defaultValue,
  followsProfile,
  type SettingName,
} from "../../stacks/contract/settings";

/** Blocks of Terraform's tests, in HCL, as `terraform fmt` writes them. */

/** Values of variables, by name. */
export type Values = Readonly<Record<string, unknown>>;

/** What a run expects of its plan. */
export interface Assert {
  /** Terraform expression. */
  readonly condition: string;
  readonly message: string;
}

/**
 * Runs in which every number is too small, then too large, and every restricted string means nothing: each is refused
 * at its variable.
 */
export function limitRefusals(settings: readonly Setting[]): string[] {
  const numbers = settings.filter((setting): setting is NumberSetting => setting.type === "number");
  const strings = settings.filter(
    (setting): setting is StringSetting =>
      setting.type === "string" && setting.sensitive !== true && (setting.allowed ?? setting.pattern) !== undefined,
  );
  const step = ({ fractional }: NumberSetting) => (fractional ? 0.5 : 1);
  return [
    ...refusals("numbers_below_what_is_allowed", numbers, settings, (setting) => setting.minimum - step(setting)),
    ...refusals("numbers_above_what_is_allowed", numbers, settings, (setting) => setting.maximum + step(setting)),
    ...refusals("strings_that_mean_nothing", strings, settings, () => "§ no"),
  ];
}

/** As few runs as may be: each takes seconds, and terraform reports all variables' failures at once. */
function refusals<S extends Setting>(
  name: string,
  settings: readonly S[],
  among: readonly Setting[],
  bad: (setting: S) => unknown,
): string[] {
  return independent(settings, among).map((group, index) => {
    const variables = Object.fromEntries(group.map((setting) => [setting.name, bad(setting)]));
    return run(index === 0 ? name : `${name}_${index + 1}`, {
      variables,
      failures: Object.keys(variables).map((variable) => `var.${variable}`),
    });
  });
}

/**
 * The settings in groups, none of which has one whose rules read another of it, themselves or by a third's: terraform
 * does not judge a variable by one that it has refused, nor by one that it could not judge.
 * @param among all settings of the module, by which rules may read each other
 */
export function independent<S extends Setting>(settings: readonly S[], among: readonly Setting[]): S[][] {
  const groups: S[][] = [];
  for (const setting of settings) {
    const group = groups.find(
      (members) => !members.some((member) => reads(member, setting, among) || reads(setting, member, among)),
    );
    if (group) group.push(setting);
    else groups.push([setting]);
  }
  return groups;
}

/**
 * Whether a setting's rules read another, or one whose rules do. Rules never read each other in a circle: terraform
 * refuses that.
 */
function reads(one: Setting, other: Setting, among: readonly Setting[]): boolean {
  const text = (one.rules ?? []).map(({ condition, message }) => `${condition} ${message}`).join(" ");
  const read = among.filter(({ name }) => name !== one.name && new RegExp(`\\bvar\\.${name}\\b`).test(text));
  return read.some((each) => each.name === other.name || reads(each, other, among));
}

/** What a run gives, and what it expects. */
export interface Run {
  readonly variables?: Values;
  readonly asserts?: readonly Assert[];
  /** Addresses of what must fail; nothing else may. */
  readonly failures?: readonly string[];
}

/** A run block that plans. */
export function run(name: string, { variables = {}, asserts = [], failures = [] }: Run): string {
  const parts = [
    "  command = plan\n",
    ...(Object.keys(variables).length > 0
      ? [
          `  variables {\n${aligned(variables)
            .map((line) => `    ${line}\n`)
            .join("")}  }\n`,
        ]
      : []),
    ...(failures.length > 0
      ? [`  expect_failures = [\n${failures.map((address) => `    ${address},\n`).join("")}  ]\n`]
      : []),
    ...asserts.map(
      ({ condition, message }) =>
        `  assert {\n    condition     = ${condition}\n    error_message = ${JSON.stringify(message)}\n  }\n`,
    ),
  ];
  return `run "${name}" {\n${parts.join("\n")}}\n`;
}

/** Arguments with their equals signs below each other, as terraform fmt has them. */
function aligned(values: Values): string[] {
  const width = Math.max(...Object.keys(values).map(({ length }) => length));
  return Object.entries(values).map(([name, value]) => `${name.padEnd(width)} = ${hcl(value)}`);
}

/** A JSON value is an HCL expression, but for its colons, which fmt leaves as they are. */
function hcl(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(hcl).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)} = ${hcl(each)}`)
    .join(", ")} }`;
}

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
