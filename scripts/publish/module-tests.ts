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

/** Values of a run's variables, by name. */
type Values = Readonly<Record<string, unknown>>;

/** Terraform conditions, by the message that says how one is not met. */
type Asserts = Readonly<Record<string, string>>;

/** Runs with numbers that are too small or too large, and with wrong strings: each is refused at its variable. */
export function refuseBeyondLimits(settings: readonly Setting[]): string[] {
  const numbers = settings.filter((setting): setting is NumberSetting => setting.type === "number");
  const strings = settings.filter(
    (setting): setting is StringSetting =>
      setting.type === "string" && setting.sensitive !== true && (setting.allowed ?? setting.pattern) !== undefined,
  );
  const groups = <S extends Setting>(members: readonly S[]) => groupIndependent(members, settings);
  const step = ({ fractional }: NumberSetting) => (fractional ? 0.5 : 1);
  return [
    ...refuseValues("numbers_below_what_is_allowed", groups(numbers), (setting) => setting.minimum - step(setting)),
    ...refuseValues("numbers_above_what_is_allowed", groups(numbers), (setting) => setting.maximum + step(setting)),
    ...refuseValues("strings_that_mean_nothing", groups(strings), () => "§ no"),
  ];
}

/** Puts the variables of a group in one run, which takes seconds: terraform reports the failures of all variables. */
function refuseValues<S extends Setting>(
  name: string,
  groups: readonly (readonly S[])[],
  makeBadValue: (setting: S) => unknown,
): string[] {
  return groups.map((group, index) => {
    const variables = Object.fromEntries(group.map((setting) => [setting.name, makeBadValue(setting)]));
    return formatRun(index === 0 ? name : `${name}_${index + 1}`, {
      variables,
      failures: Object.keys(variables).map((variable) => `var.${variable}`),
    });
  });
}

/**
 * Groups settings whose rules do not depend on each other: terraform does not validate a variable whose rules read one
 * that it has refused or could not validate.
 * @param among all settings of the module, because a rule may depend on another by a third
 */
export function groupIndependent<S extends Setting>(settings: readonly S[], among: readonly Setting[]): S[][] {
  const groups: S[][] = [];
  for (const setting of settings) {
    const group = groups.find(
      (members) => !members.some((member) => dependsOn(member, setting, among) || dependsOn(setting, member, among)),
    );
    if (group) group.push(setting);
    else groups.push([setting]);
  }
  return groups;
}

/** Whether a setting's rules read another, directly or by a third. Terraform refuses rules that form a circle. */
function dependsOn(one: Setting, other: Setting, among: readonly Setting[]): boolean {
  const text = (one.rules ?? []).map(({ condition, message }) => `${condition} ${message}`).join(" ");
  const read = among.filter(({ name }) => name !== one.name && new RegExp(`\\bvar\\.${name}\\b`).test(text));
  return read.some((each) => each.name === other.name || dependsOn(each, other, among));
}

/** A file of Terraform's tests. */
export const formatTestFile = (title: string, blocks: readonly string[]): string =>
  `# ${title}\n\n${blocks.join("\n")}`;

/** What a run sets, and what it expects. */
interface Run {
  readonly variables?: Values;
  readonly asserts?: Asserts;
  /** Addresses of what must fail; nothing else may fail. */
  readonly failures?: readonly string[];
}

/** A run block that plans. */
export function formatRun(name: string, { variables = {}, asserts = {}, failures = [] }: Run): string {
  const parts = ["  command = plan\n"];
  const lines = alignArguments(variables).map((line) => `    ${line}\n`);
  if (lines.length > 0) parts.push(`  variables {\n${lines.join("")}  }\n`);
  const addresses = failures.map((address) => `    ${address},\n`);
  if (addresses.length > 0) parts.push(`  expect_failures = [\n${addresses.join("")}  ]\n`);
  for (const [message, condition] of Object.entries(asserts))
    parts.push(`  assert {\n    condition     = ${condition}\n    error_message = ${JSON.stringify(message)}\n  }\n`);
  return `run "${name}" {\n${parts.join("\n")}}\n`;
}

/** A run whose values are refused, or warned about, at these addresses. */
export function formatRefusal(name: string, variables: Values, ...failures: readonly string[]): string {
  return formatRun(name, { variables, failures });
}

/** Formats arguments with aligned equals signs, as `terraform fmt` does. */
function alignArguments(values: Values): string[] {
  const width = Math.max(...Object.keys(values).map(({ length }) => length));
  return Object.entries(values).map(([name, value]) => `${name.padEnd(width)} = ${formatHcl(value)}`);
}

/** Formats a value as HCL, which is JSON but for the colons. */
function formatHcl(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatHcl).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)} = ${formatHcl(each)}`)
    .join(", ")} }`;
}

/** Without an agent and an address for alarms the module warns, which fails `terraform test`. */
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

const countProvisioned = (name: string) =>
  `sum(concat([0], aws_lambda_provisioned_concurrency_config.${name}_live_provisioned_concurrency[*].` +
  "provisioned_concurrent_executions))";

/** The Terraform expression that reads each optimization of the profiles from a plan. */
const PLANNED_VALUES: Readonly<Partial<Record<SettingName, string>>> = {
  memory_size: "aws_lambda_function.worker_function.memory_size",
  reserved_concurrent_executions: "aws_lambda_function.worker_function.reserved_concurrent_executions",
  max_parallel_agents: 'tonumber(aws_lambda_function.worker_function.environment[0].variables["MAX_PARALLEL_AGENTS"])',
  query_cache_ttl_in_seconds:
    'tonumber(aws_lambda_function.worker_function.environment[0].variables["QUERY_CACHE_TTL_SECONDS"])',
  cache_enabled: "aws_api_gateway_method_settings.live_status_method.settings[0].caching_enabled",
  cache_cluster_enabled: "aws_api_gateway_stage.live_stage.cache_cluster_enabled",
  heartbeat_enabled: 'aws_cloudwatch_event_rule.worker_heartbeat_rule.state == "ENABLED"',
  provisioned_concurrent_executions: countProvisioned("worker"),
  api_provisioned_concurrent_executions: countProvisioned("api"),
};

/** The setting that must be switched off together with another: a cached method without a cluster is refused. */
const TOGETHER: Readonly<Partial<Record<SettingName, SettingName>>> = { cache_cluster_enabled: "cache_enabled" };

/** The tests that ship with the module `agent-api`, by path, in HCL as `terraform fmt` writes it. */
export function formatModuleTests(dropped: readonly string[]): Readonly<Record<string, string>> {
  return {
    "tests/optimizations.tftest.hcl": formatOptimizations(),
    "tests/refused.tftest.hcl": formatRefused(dropped),
  };
}

function formatOptimizations(): string {
  const following = SETTINGS.filter(followsProfile);
  const valuesOf = (profile: (typeof PROFILES)[number]): Values =>
    Object.fromEntries(following.map((setting) => [setting.name, defaultValue(setting, profile)]));
  // The defaults are the profile optimized.
  const [optimized, baseline] = [valuesOf("optimized"), valuesOf("baseline")];
  const flips = following
    .filter(({ name }) => optimized[name] !== baseline[name])
    .map(({ name }) => {
      const flipped = [name, TOGETHER[name] ?? name].sort();
      const variables = Object.fromEntries(flipped.map((each) => [each, baseline[each]]));
      return formatRun(`${name}_taken_away`, { variables, asserts: expectSettings({ ...optimized, ...variables }) });
    });
  const profileRuns = PROFILES.filter((profile) => profile !== "optimized").map((profile) =>
    formatRun(`profile_${profile}`, { variables: { profile }, asserts: expectSettings(valuesOf(profile)) }),
  );
  return formatTestFile("Each optimization is there, and flipping its variable takes away that one and no other.", [
    MOCK,
    GIVEN,
    formatRun("defaults", { asserts: { ...expectSettings(optimized), ...IDENTITY } }),
    ...profileRuns,
    ...flips,
    DISTRIBUTION,
    OWN_TOPIC,
  ]);
}

/** Names that distinguish instances, and the protection of the tables. */
const IDENTITY: Asserts = {
  "The worker is not named after name and environment.":
    'aws_lambda_function.worker_function.function_name == "support-test-worker"',
  "The table of requests does not carry the deployment's name.":
    'aws_dynamodb_table.store_requests.tags["quickturn:name"] == "support"',
  "The table of requests can be deleted.": "aws_dynamodb_table.store_requests.deletion_protection_enabled",
  "The account's logging role is set without being asked for.":
    "length(aws_api_gateway_account.account_logging_account) == 0",
  "The region is not the provider's.": 'output.settings.aws_region == "eu-central-1"',
};

const DISTRIBUTION = formatRun("a_distribution_in_front", {
  variables: {
    authorization: "api_key",
    cloudfront_certificate_arn: "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    cloudfront_domain_names: ["agents.example.org"],
    cloudfront_enabled: true,
    cloudfront_origin_secret: "0123456789abcdef0123456789abcdef",
  },
  asserts: {
    "There is no distribution.": "length(aws_cloudfront_distribution.edge_distribution) == 1",
  },
});

const OWN_TOPIC = formatRun("a_topic_of_yours", {
  variables: { alarm_email: null, alarm_topic_arn: "arn:aws:sns:eu-central-1:123456789012:pages" },
  asserts: {
    "The module makes a topic of its own.": "length(aws_sns_topic.alarm_topic) == 0",
    "The alarm goes to another topic.":
      "one(aws_cloudwatch_metric_alarm.alarm_worker_errors[0].alarm_actions) == " +
      '"arn:aws:sns:eu-central-1:123456789012:pages"',
  },
});

function expectSettings(values: Values): Asserts {
  const asserts = Object.entries(values).map(([name, value]) => {
    const planned = PLANNED_VALUES[name as SettingName];
    if (planned === undefined)
      throw new Error(
        `The setting ${name} follows the profile, and nothing says where a plan shows it; add it to ` +
          "PLANNED_VALUES in module-tests.",
      );
    const condition =
      typeof value === "boolean" ? (value ? planned : `!(${planned})`) : `${planned} == ${String(value)}`;
    return [`${name} is not ${String(value)}.`, condition];
  });
  return Object.fromEntries(asserts) as Asserts;
}

function formatRefused(dropped: readonly string[]): string {
  const settings: readonly Setting[] = SETTINGS.filter(({ name }) => !dropped.includes(name));
  const title =
    "Every bad value is refused at its variable, and what reaches nobody or answers nothing is warned about.";
  return formatTestFile(title, [
    MOCK,
    GIVEN,
    ...refuseBeyondLimits(settings),
    formatRefusal("tags_that_belong_to_aws", { tags: { "aws:owner": "me" } }, "var.tags"),
    formatRefusal("a_canary_without_a_stable_version", { canary_weight: 0.1 }, "var.canary_weight"),
    formatRefusal(
      "more_provisioned_than_reserved",
      { provisioned_concurrent_executions: 60 },
      "var.provisioned_concurrent_executions",
    ),
    formatRefusal(
      "no_agent_and_nobody_to_call",
      { agents: [], alarm_email: null },
      "check.alarms_reach_a_person",
      "check.an_agent_is_set",
    ),
    formatRefusal("anyone_may_call", { authorization: "none" }, "check.callers_are_known"),
  ]);
}
