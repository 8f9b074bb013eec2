import { deploymentSettings } from "../../../../stacks/contract/settings/deployment";
import { takeSetting } from "../../../../stacks/contract/settings/setting";
import {
  SETTINGS,
  terraformValidations,
  type NumberSetting,
  type Setting,
  type StringSetting,
} from "../../../../stacks/contract/settings";
import { checkValue } from "../../../../scripts/kit/given-setting";
import { stackJson } from "../../../support/stack-json";
import { terraformVerdicts, type Values, type Verdict } from "../../../support/terraform-cases";

/**
 * Every bad value, against the real terraform: the synthesized variables and profiles alone, without provider and
 * resources. What they refuse there they refuse in the whole stack. All of them are judged in one go, see
 * terraformVerdicts.
 */
const settings: readonly Setting[] = SETTINGS;
const numbers = settings.filter((setting): setting is NumberSetting => setting.type === "number");
const strings = settings.filter(
  (setting): setting is StringSetting => setting.type === "string" && setting.sensitive !== true,
);
const flags = settings.filter(({ type }) => type === "bool");

type Case = readonly [values: Values, message: string];

const step = ({ fractional }: NumberSetting) => (fractional ? 0.5 : 1);
const badNumbers = numbers.flatMap((setting) =>
  [
    setting.minimum - step(setting),
    setting.maximum + step(setting),
    ...(setting.fractional ? [] : [setting.minimum + 0.5]),
  ].map((value): Case => [{ [setting.name]: value }, `${setting.name} is ${value}; allowed: `]),
);
const badStrings = strings.flatMap(({ name }) =>
  ["§ no", ""].map((value): Case => [{ [name]: value }, `${name} is "${value}"; allowed: `]),
);
const ofAnotherType = [
  ...numbers.map(({ name }): Case => [{ [name]: "abc" }, `var.${name} declared at`]),
  ...flags.map(({ name }): Case => [{ [name]: "maybe" }, `var.${name} declared at`]),
];

/** Values as `-var` has them: `name=value`, lists and objects as JSON. */
const given = (...vars: readonly string[]): Values =>
  Object.fromEntries(
    vars
      .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)])
      .map(([name, value = ""]) => [name, /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value]),
  );

const AGENT = { name: "a", kind: "scripted", target: "1ms x" };
const agents = (...list: object[]): Values => ({ agents: list });
const SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:agents/one-AbCdEf";
const KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/a-1";

const badTogether: readonly Case[] = [
  [
    given("profile=low_latency", "reserved_concurrent_executions=1"),
    "provisioned_concurrent_executions is null; allowed: at most reserved_concurrent_executions, now 1; raise " +
      "that or lower this (in effect 2)",
  ],
  [
    given("provisioned_concurrent_executions=60"),
    "provisioned_concurrent_executions is 60; allowed: at most reserved_concurrent_executions, now 50",
  ],
  [given("canary_weight=0.1"), "canary_weight is 0.1; allowed above 0 only with live_version"],
  [
    given("canary_weight=0.1", "live_version=1", "provisioned_concurrent_executions=1"),
    "canary_weight is 0.1; allowed while provisioned_concurrent_executions is above 0: only 0",
  ],
  [
    given("profile=low_latency", "canary_weight=0.1", "live_version=1"),
    "canary_weight is 0.1; allowed while provisioned_concurrent_executions is above 0: only 0",
  ],
  [given("api_canary_weight=0.1"), "api_canary_weight is 0.1; allowed above 0 only with api_live_version"],
  [
    given("api_canary_weight=0.1", "api_live_version=1", "api_provisioned_concurrent_executions=1"),
    "api_canary_weight is 0.1; allowed while api_provisioned_concurrent_executions is above 0",
  ],
  [
    given("cache_cluster_enabled=false"),
    "cache_cluster_enabled is false; in effect false while cache_enabled is true; allowed: true",
  ],
  [
    given("profile=baseline", "cache_enabled=true"),
    "cache_cluster_enabled is null; in effect false while cache_enabled is true",
  ],
  [given("cloudfront_enabled=true"), "cloudfront_enabled is true; allowed only with cloudfront_origin_secret"],
  [
    given('vpc_endpoint_ids=["vpc-0123456789abcdef0"]'),
    'vpc_endpoint_ids is ["vpc-0123456789abcdef0"]; allowed: at most 100 different ids of VPC endpoints',
  ],
  [given('vpc_endpoint_ids=["vpce-01234567","vpce-01234567"]'), "allowed: at most 100 different ids of VPC endpoints"],
  [
    given(
      "cloudfront_enabled=true",
      `cloudfront_origin_secret=${"s".repeat(32)}`,
      'vpc_endpoint_ids=["vpce-01234567"]',
    ),
    "allowed with cloudfront_enabled: none, because a distribution cannot reach a private API",
  ],
  [given('cloudfront_domain_names=["a.example"]'), "allowed only with cloudfront_certificate_arn"],
  [
    given("alarm_email=a@b.example", "alarm_topic_arn=arn:aws:sns:us-east-1:123456789012:t"),
    "allowed: this or alarm_email, not both",
  ],
  [
    given("authorization=jwt"),
    'authorization is "jwt"; allowed only with jwt_issuer, whose tokens are taken, and jwt_audiences, at least one',
  ],
  [
    given("authorization=jwt", "jwt_issuer=https://issuer.example"),
    'authorization is "jwt"; allowed only with jwt_issuer',
  ],
  [given("authorization=jwt", 'jwt_audiences=["agents"]'), 'authorization is "jwt"; allowed only with jwt_issuer'],
  [
    given("alarm_topic_arn=arn:aws:sns:us-east-1:123456789012:t", "aws_region=eu-west-1"),
    'alarm_topic_arn is "arn:aws:sns:us-east-1:123456789012:t"; allowed: a topic of aws_region, eu-west-1',
  ],
  [
    given('alarm_topic_arns={"critical":"arn:aws:sns:us-east-1:123456789012:t"}', "aws_region=eu-west-1"),
    "allowed: topics of aws_region, eu-west-1",
  ],
  [
    given('known_after_apply=["kms_key_arn"]'),
    'known_after_apply is ["kms_key_arn"]; allowed: settings that are given, not null',
  ],
  [given(`kms_key_arn=${KEY}`, "aws_region=eu-west-1"), "allowed: a key of aws_region, eu-west-1; make one there"],
  [{ ...agents(AGENT), agentcore_runtime_arn: ARN }, "allowed: this or agents, not both"],
];

const badInside: readonly Case[] = [
  [agents({ ...AGENT, kind: "magic" }), "allowed kinds: agentcore, bedrock, http, lambda, scripted"],
  [agents({ ...AGENT, name: "a b" }), "allowed: names of 1 to 64 letters"],
  [agents(AGENT, AGENT), "allowed: a different name for each agent"],
  [agents({ ...AGENT, target: "soon" }), "allowed target of kind scripted"],
  [agents({ ...AGENT, kind: "agentcore" }), "allowed target of kind agentcore"],
  [
    agents({ ...AGENT, kind: "bedrock", target: "a model" }),
    "allowed target of kind bedrock: a model's or an inference profile's id or ARN",
  ],
  [agents({ ...AGENT, kind: "lambda", target: "my-function" }), "allowed target of kind lambda: arn:aws:lambda:"],
  [
    agents({ ...AGENT, kind: "http", target: "http://10.0.0.1/agent" }),
    "allowed target of kind http: https://<host>/<path>",
  ],
  [
    agents({ ...AGENT, kind: "http", target: "https://user:password@host/agent" }),
    "allowed target of kind http: https://<host>/<path>, without user and password",
  ],
  [agents({ ...AGENT, secret_arn: SECRET }), "allowed secret_arn: with kind http"],
  [
    agents({ ...AGENT, kind: "http", target: "https://agents.example/a", secret_arn: "hunter2" }),
    "allowed secret_arn: with kind http, arn:aws:secretsmanager:",
  ],
  [{ arbiter: { ...AGENT, target: "soon" } }, "allowed target of kind scripted"],
  [{ arbiter: { ...AGENT, name: "" } }, "allowed: names of 1 to 64 letters"],
  [agents({ ...AGENT, timeout_seconds: 0 }), "allowed timeout_seconds: 1 to 890"],
  [agents({ ...AGENT, timeout_seconds: 891 }), "allowed timeout_seconds: 1 to 890"],
  [agents({ ...AGENT, phases: [] }), "allowed phases: at least one"],
  [agents({ ...AGENT, phases: [0] }), "allowed phases: at least one, each a whole number from 1 to 9"],
  [agents({ ...AGENT, phases: [1.5] }), "allowed phases"],
  [agents({ ...AGENT, target: `1ms ${"x".repeat(4_000)}` }), "allowed: at most 3,000 bytes as JSON"],
  [agents({ name: "a" }), "var.agents declared at"],
  [given('tags={"aws:x":"y"}'), "allowed: keys of 1 to 128 characters that do not begin with aws:"],
  [
    { tags: Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`k${index}`, "v"])) },
    "allowed: at most 40 tags",
  ],
  ...[
    "http://issuer.example",
    "https://a@issuer.example",
    "https://issuer.example/?a=b",
    "https://issuer.example/#a",
    "https://",
    "issuer.example",
  ].map(
    (issuer): Case => [
      { jwt_issuer: issuer },
      "allowed: https://<host>, and if wanted :<port> and /<path>, without user, query and fragment",
    ],
  ),
  [given(`former_kms_key_arns=["${KEY}","${KEY}"]`), "allowed: at most 4 different ARNs of keys"],
  [
    { former_kms_key_arns: [1, 2, 3, 4, 5].map((digit) => `${KEY}${digit}`) },
    "allowed: at most 4 different ARNs of keys",
  ],
  [given(`former_kms_key_arns=["${KEY.replace("key/", "alias/")}"]`), "not of aliases"],
  [given(`former_kms_key_arns=["${KEY.replace("us-east-1", "eu-west-1")}"]`), "each of aws_region, us-east-1"],
  [
    given('jwt_audiences=["a","a"]'),
    "allowed: different texts, each of 1 to 256 printable ASCII characters without spaces",
  ],
  [given('jwt_audiences=[""]'), "allowed: different texts"],
  [given('jwt_scopes=["read run"]'), "allowed: different texts"],
  [{ jwt_scopes: Array.from({ length: 8 }, (_, index) => `${index}`.repeat(200)) }, "at most 1,500 bytes as JSON"],
  [given("api_key_names=[]"), "allowed: at least one name"],
  [given('api_key_names=["a","a"]'), "allowed: at least one name, all different"],
  [
    given('alarm_topic_arns={"urgent":"arn:aws:sns:us-east-1:123456789012:t"}'),
    "allowed severities: info, warning, critical",
  ],
  [
    given("runbook_url=https://docs.example.org/RUNBOOK.md#alarms"),
    'runbook_url is "https://docs.example.org/RUNBOOK.md#alarms"; allowed: the http or https URL of a page, of ' +
      "up to 256 characters, without #",
  ],
  [given(`runbook_url=https://docs.example.org/${"a".repeat(232)}`), "of up to 256 characters"],
  [given('known_after_apply=["alarm_topic_arns"]'), "allowed names: alarm_email, alarm_topic_arn, kms_key_arn"],
  [
    given('alarm_topic_arns={"critical":"on.call@example.org"}'),
    "allowed: arn:aws:sns:<region>:<account>:<topic> for each severity",
  ],
  [
    given('alarms_enabled={"worker_errors":true}'),
    "allowed names: execution-time-warning, execution-time-critical, worker-duration,",
  ],
  [given('alarms_enabled={"worker-errors":null}'), "allowed: true or false for each name"],
  [given('alarms_enabled={"worker-errors":"sometimes"}'), "var.alarms_enabled declared at"],
];

const jwt = (issuer: string): Values => ({
  authorization: "jwt",
  jwt_issuer: issuer,
  jwt_audiences: ["https://api.example/agents", "agents"],
  jwt_scopes: ["agents:run"],
});
const good: readonly Values[] = [
  {},
  ...[
    "https://issuer.example",
    "https://issuer.example/",
    "https://127.0.0.1:8443",
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123",
    "https://login.example/a-b/v2.0",
  ].map(jwt),
  given(
    "profile=baseline",
    "memory_size=128",
    "live_version=3",
    "canary_weight=0.25",
    "cache_cluster_size=237",
    "alarm_email=on.call@example.org",
    'alarm_topic_arns={"critical":"arn:aws:sns:us-east-1:123456789012:page"}',
    'alarms_enabled={"worker-errors":false,"error-budget-slow":true}',
    `agentcore_runtime_arn=${ARN}`,
    'tags={"team":"a"}',
  ),
  {
    ...agents(
      { name: "a", kind: "bedrock", target: "us.anthropic.claude-sonnet-4-20250514-v1:0", instructions: "Be brief." },
      { name: "b", kind: "bedrock", target: "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.x" },
      { name: "c", kind: "lambda", target: "arn:aws:lambda:us-east-1:123456789012:function:plan:live" },
      { name: "d", kind: "http", target: "https://agents.example:8443/plan?x=1", secret_arn: SECRET, phases: [2] },
      { name: "e", kind: "http", target: "http://127.0.0.1:8080/" },
    ),
    arbiter: { name: "judge", kind: "lambda", target: "arn:aws:lambda:us-east-1:123456789012:function:judge" },
    agent_policy: "quorum",
    agent_quorum: 3,
  },
];

const bad = [...badNumbers, ...badStrings, ...ofAnotherType, ...badTogether, ...badInside];
const verdicts = new Map<Values, Verdict>();
beforeAll(async () => {
  const { variable, locals } = stackJson();
  const sets = [...bad.map(([values]) => values), ...good];
  const found = await terraformVerdicts({ variable, locals: { profiles: locals["profiles"] } }, sets);
  sets.forEach((values, index) => verdicts.set(values, found[index]!));
});

const named = (cases: readonly Case[]) =>
  cases.map(([values, message]) => [JSON.stringify(values).slice(0, 200), values, message] as const);
const refusal = (values: Values) => verdicts.get(values)?.errors.join("\n");

describe("out of range, between two numbers, or of another type", () => {
  test.each(named([...badNumbers, ...badStrings, ...ofAnotherType]))(
    "%s is refused with what was given and what is allowed",
    (_, values, message) => expect(refusal(values)).toContain(message),
  );

  test("is refused before terraform starts with the same words, and what is taken there is taken before", () => {
    const names = settings.map(({ name }) => name);
    const before = (values: Values) =>
      Object.entries(values).flatMap(
        ([name, value]) =>
          checkValue(
            { by: "", name, value: typeof value === "object" ? JSON.stringify(value) : String(value) },
            { names, settings },
          ) ?? [],
      );
    const allowed = (text = "") => /allowed: ([^,(]*)/.exec(text)?.[1]?.split(". Default")[0]?.trim();
    const differing = [...badNumbers, ...badStrings]
      .map(([values]) => [JSON.stringify(values), allowed(before(values)[0]), allowed(refusal(values))])
      .filter(([, one, other]) => one === undefined || one.replace(/\.$/, "") !== other?.replace(/\.$/, ""));
    expect(differing).toEqual([]);
    expect(ofAnotherType.filter(([values]) => before(values).length === 0)).toEqual([]);
    expect(good.flatMap(before)).toEqual([]);
  });

  test("every string but a secret is restricted", () =>
    expect(strings.filter(({ allowed, pattern }) => !allowed && !pattern)).toEqual([]));
});

test.each(named(badTogether))("%s is refused, because the values do not fit each other", (_, values, message) =>
  expect(refusal(values)).toContain(message),
);

test.each(named(badInside))("%s is refused for what is inside", (_, values, message) =>
  expect(refusal(values)).toContain(message),
);

test.each(good.map((values) => [JSON.stringify(values).slice(0, 200), values] as const))("%s is taken", (_, values) =>
  expect(verdicts.get(values)).toMatchObject({ errors: [] }),
);

test("a secret has no validation at its variable, because terraform prints what one refuses", () => {
  const secrets = settings.filter(({ sensitive }) => sensitive);
  expect(secrets.map(({ name }) => name)).toEqual(["cloudfront_origin_secret", "cloudfront_origin_previous_secret"]);
  for (const secret of secrets) expect(terraformValidations(secret)).toEqual([]);
});

describe("takeSetting", () => {
  test("gives the setting of another table", () => {
    expect(takeSetting(deploymentSettings, "log_retention_in_days")).toBe(
      deploymentSettings.find(({ name }) => name === "log_retention_in_days"),
    );
  });

  test("refuses an unknown setting and lists the known ones", () => {
    const name = "memory_size" as "tags";
    expect(() => takeSetting(deploymentSettings, name)).toThrow(
      /There is no setting memory_size to take over; the table has name, environment, aws_region/,
    );
  });
});
