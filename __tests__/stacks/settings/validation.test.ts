import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SETTINGS, terraformValidations, type NumberSetting, type Setting, type StringSetting } from "../../../stacks/settings";
import { stackJson } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

/**
 * Every bad value, against the real terraform: the synthesized variables and profiles alone, without provider and
 * resources, so that a plan takes a fraction of a second. What they refuse there they refuse in the whole stack.
 */
jest.setTimeout(120_000);

const folder = temporaryFolder("variables");
beforeAll(async () => {
  const { variable, locals } = stackJson();
  // In lines, because terraform shows the one that a rule stands in.
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ variable, locals: { profiles: locals["profiles"] } }, null, 1));
  await plan([]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns what terraform says, on one line; "" where the plan is good */
async function plan(vars: readonly string[]): Promise<string> {
  const args = ["plan", "-input=false", "-no-color", ...vars.map((value) => `-var=${value}`)];
  // Terraform wraps its messages at the width of a terminal, and at 78 without one.
  const env = { PATH: process.env["PATH"], HOME: folder, CHECKPOINT_DISABLE: "1" };
  try {
    await promisify(execFile)("terraform", args, { cwd: folder, env });
    return "";
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`.replaceAll(/[│\s]+/g, " ");
  }
}

/** What was said of many bad values at once, by the values. */
const together = new Map<string, Promise<string>>();

/**
 * What terraform says of one of several bad values. They are tried all at once: a run each takes minutes. Terraform says
 * nothing of a variable whose rules look at another bad one: that is then tried alone.
 */
async function refusal(value: string, all: readonly string[], expected: string): Promise<string> {
  const key = all.join("\n");
  if (!together.has(key)) together.set(key, plan(all));
  const said = await together.get(key)!;
  return said.includes(expected) ? said : plan([value]);
}

const settings: readonly Setting[] = SETTINGS;
const numbers = settings.filter((setting): setting is NumberSetting => setting.type === "number");
const strings = settings.filter((setting): setting is StringSetting => setting.type === "string" && setting.sensitive !== true);

describe("a number", () => {
  const step = ({ fractional }: NumberSetting) => (fractional ? 0.5 : 1);
  const bad = [
    numbers.map((setting): [string, number] => [setting.name, setting.minimum - step(setting)]),
    numbers.map((setting): [string, number] => [setting.name, setting.maximum + step(setting)]),
    numbers.filter(({ fractional }) => !fractional).map(({ name, minimum }): [string, number] => [name, minimum + 0.5]),
  ];

  describe.each(bad.map((round) => ({ round })))("out of range or between two", ({ round }) => {
    const all = round.map(([name, value]) => `${name}=${value}`);
    test.each(round)("%s = %d is refused with what was given and what is allowed", async (name, value) => {
      const expected = `${name} is ${value}; allowed: `;
      expect(await refusal(`${name}=${value}`, all, expected)).toContain(expected);
    });
  });

  test.each(numbers.map(({ name }) => name))("%s = abc is refused by its type", async (name) => {
    const expected = `Unsuitable value for var.${name}`;
    expect(await refusal(`${name}=abc`, numbers.map((each) => `${each.name}=abc`), expected)).toContain(expected);
  });
});

describe("a string", () => {
  const restricted = strings.filter(({ allowed, pattern }) => allowed ?? pattern);
  test("is restricted in every setting", () => expect(restricted).toEqual(strings));

  test.each(["§ no", ""].flatMap((value) => restricted.map(({ name }) => [name, value])))("%s = '%s' is refused with what was given and what is allowed", async (name, value) => {
    const expected = `${name} is "${value}"; allowed: `;
    expect(await refusal(`${name}=${value}`, restricted.map((each) => `${each.name}=${value}`), expected)).toContain(expected);
  });
});

const flags = settings.filter(({ type }) => type === "bool").map(({ name }) => name);
test.each(flags)("%s = maybe is refused by its type", async (name) => {
  const expected = `Unsuitable value for var.${name}`;
  expect(await refusal(`${name}=maybe`, flags.map((each) => `${each}=maybe`), expected)).toContain(expected);
});

const AGENT = { name: "a", kind: "scripted", target: "1ms x" };
const agents = (...list: object[]) => `agents=${JSON.stringify(list)}`;
const SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:agents/one-AbCdEf";
const KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/a-1";

describe("values that do not fit each other", () => {
  test.each<[vars: string[], message: string]>([
    [["profile=low_latency", "reserved_concurrent_executions=1"], "provisioned_concurrent_executions is null; allowed: at most reserved_concurrent_executions, now 1; raise that or lower this (in effect 2)"],
    [["provisioned_concurrent_executions=60"], "provisioned_concurrent_executions is 60; allowed: at most reserved_concurrent_executions, now 50"],
    [["canary_weight=0.1"], "canary_weight is 0.1; allowed above 0 only with live_version"],
    [["canary_weight=0.1", "live_version=1", "provisioned_concurrent_executions=1"], "canary_weight is 0.1; allowed while provisioned_concurrent_executions is above 0: only 0"],
    [["profile=low_latency", "canary_weight=0.1", "live_version=1"], "canary_weight is 0.1; allowed while provisioned_concurrent_executions is above 0: only 0"],
    [["api_canary_weight=0.1"], "api_canary_weight is 0.1; allowed above 0 only with api_live_version"],
    [["api_canary_weight=0.1", "api_live_version=1", "api_provisioned_concurrent_executions=1"], "api_canary_weight is 0.1; allowed while api_provisioned_concurrent_executions is above 0"],
    [["cache_cluster_enabled=false"], "cache_cluster_enabled is false; in effect false while cache_enabled is true; allowed: true"],
    [["profile=baseline", "cache_enabled=true"], "cache_cluster_enabled is null; in effect false while cache_enabled is true"],
    [["cloudfront_enabled=true"], "cloudfront_enabled is true; allowed only with cloudfront_origin_secret"],
    [['vpc_endpoint_ids=["vpc-0123456789abcdef0"]'], 'vpc_endpoint_ids is ["vpc-0123456789abcdef0"]; allowed: at most 100 different ids of VPC endpoints'],
    [['vpc_endpoint_ids=["vpce-01234567","vpce-01234567"]'], "allowed: at most 100 different ids of VPC endpoints"],
    [["cloudfront_enabled=true", `cloudfront_origin_secret=${"s".repeat(32)}`, 'vpc_endpoint_ids=["vpce-01234567"]'], "allowed with cloudfront_enabled: none, because a distribution cannot reach a private API"],
    [['cloudfront_domain_names=["a.example"]'], "allowed only with cloudfront_certificate_arn"],
    [["alarm_email=a@b.example", "alarm_topic_arn=arn:aws:sns:us-east-1:123456789012:t"], "allowed: this or alarm_email, not both"],
    [["authorization=jwt"], 'authorization is "jwt"; allowed only with jwt_issuer, whose tokens are taken, and jwt_audiences, at least one'],
    [["authorization=jwt", "jwt_issuer=https://issuer.example"], 'authorization is "jwt"; allowed only with jwt_issuer'],
    [["authorization=jwt", 'jwt_audiences=["agents"]'], 'authorization is "jwt"; allowed only with jwt_issuer'],
    [[`kms_key_arn=${KEY}`, "aws_region=eu-west-1"], "allowed: a key of aws_region, eu-west-1; make one there"],
    [[agents(AGENT), `agentcore_runtime_arn=${ARN}`], "allowed: this or agents, not both"],
  ])("%j", async (vars, message) => {
    expect(await plan(vars)).toContain(message);
  });
});

describe("structured values", () => {
  test.each<[variable: string, message: string]>([
    [agents({ ...AGENT, kind: "magic" }), "allowed kinds: agentcore, bedrock, http, lambda, scripted"],
    [agents({ ...AGENT, name: "a b" }), "allowed: names of 1 to 64 letters"],
    [agents(AGENT, AGENT), "allowed: a different name for each agent"],
    [agents({ ...AGENT, target: "soon" }), "allowed target of kind scripted"],
    [agents({ ...AGENT, kind: "agentcore" }), "allowed target of kind agentcore"],
    [agents({ ...AGENT, kind: "bedrock", target: "a model" }), "allowed target of kind bedrock: a model's or an inference profile's id or ARN"],
    [agents({ ...AGENT, kind: "lambda", target: "my-function" }), "allowed target of kind lambda: arn:aws:lambda:"],
    [agents({ ...AGENT, kind: "http", target: "http://10.0.0.1/agent" }), "allowed target of kind http: https://<host>/<path>"],
    [agents({ ...AGENT, kind: "http", target: "https://user:password@host/agent" }), "allowed target of kind http: https://<host>/<path>, without user and password"],
    [agents({ ...AGENT, secret_arn: SECRET }), "allowed secret_arn: with kind http"],
    [agents({ ...AGENT, kind: "http", target: "https://agents.example/a", secret_arn: "hunter2" }), "allowed secret_arn: with kind http, arn:aws:secretsmanager:"],
    [`arbiter=${JSON.stringify({ ...AGENT, target: "soon" })}`, "allowed target of kind scripted"],
    [`arbiter=${JSON.stringify({ ...AGENT, name: "" })}`, "allowed: names of 1 to 64 letters"],
    [agents({ ...AGENT, timeout_seconds: 0 }), "allowed timeout_seconds: 1 to 890"],
    [agents({ ...AGENT, timeout_seconds: 891 }), "allowed timeout_seconds: 1 to 890"],
    [agents({ ...AGENT, phases: [] }), "allowed phases: at least one"],
    [agents({ ...AGENT, phases: [0] }), "allowed phases: at least one, each a whole number from 1 to 9"],
    [agents({ ...AGENT, phases: [1.5] }), "allowed phases"],
    [agents({ ...AGENT, target: `1ms ${"x".repeat(4_000)}` }), "allowed: at most 3,000 bytes as JSON"],
    [agents({ name: "a" }), "Unsuitable value for var.agents"],
    ['tags={"aws:x":"y"}', "allowed: keys of 1 to 128 characters that do not begin with aws:"],
    [`tags=${JSON.stringify(Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`k${index}`, "v"])))}`, "allowed: at most 40 tags"],
    ...["http://issuer.example", "https://a@issuer.example", "https://issuer.example/?a=b", "https://issuer.example/#a", "https://", "issuer.example"].map((issuer): [string, string] => [`jwt_issuer=${issuer}`, "allowed: https://<host>, and if wanted :<port> and /<path>, without user, query and fragment"]),
    [`former_kms_key_arns=["${KEY}","${KEY}"]`, "allowed: at most 4 different ARNs of keys"],
    [`former_kms_key_arns=${JSON.stringify([1, 2, 3, 4, 5].map((digit) => `${KEY}${digit}`))}`, "allowed: at most 4 different ARNs of keys"],
    [`former_kms_key_arns=["${KEY.replace("key/", "alias/")}"]`, "not of aliases"],
    [`former_kms_key_arns=["${KEY.replace("us-east-1", "eu-west-1")}"]`, "each of aws_region, us-east-1"],
    ['jwt_audiences=["a","a"]', "allowed: different texts, each of 1 to 256 printable ASCII characters without spaces"],
    ['jwt_audiences=[""]', "allowed: different texts"],
    ['jwt_scopes=["read run"]', "allowed: different texts"],
    [`jwt_scopes=${JSON.stringify(Array.from({ length: 8 }, (_, index) => `${index}`.repeat(200)))}`, "at most 1,500 bytes as JSON"],
    ["api_key_names=[]", "allowed: at least one name"],
    ['api_key_names=["a","a"]', "allowed: at least one name, all different"],
    ['alarm_topic_arns={"urgent":"arn:aws:sns:us-east-1:123456789012:t"}', "allowed severities: info, warning, critical"],
    ['alarm_topic_arns={"critical":"on.call@example.org"}', "allowed: arn:aws:sns:<region>:<account>:<topic> for each severity"],
    ['alarms_enabled={"worker_errors":true}', "allowed names: execution-time-warning, execution-time-critical, worker-duration,"],
    ['alarms_enabled={"worker-errors":null}', "allowed: true or false for each name"],
    ['alarms_enabled={"worker-errors":"sometimes"}', "Unsuitable value for var.alarms_enabled"],
  ])("%s", async (variable, message) => {
    expect(await plan([variable])).toContain(message);
  });
});

test("good values of every kind are taken", async () => {
  const issuers = ["https://issuer.example", "https://issuer.example/", "https://127.0.0.1:8443", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123", "https://login.example/a-b/v2.0"];
  for (const issuer of issuers) expect(await plan(["authorization=jwt", `jwt_issuer=${issuer}`, 'jwt_audiences=["https://api.example/agents","agents"]', 'jwt_scopes=["agents:run"]'])).toBe("");
  const good = ["profile=baseline", "memory_size=128", "live_version=3", "canary_weight=0.25", "cache_cluster_size=237", "alarm_email=on.call@example.org", 'alarm_topic_arns={"critical":"arn:aws:sns:us-east-1:123456789012:page"}', 'alarms_enabled={"worker-errors":false,"error-budget-slow":true}', `agentcore_runtime_arn=${ARN}`, 'tags={"team":"a"}'];
  expect(await plan(good)).toBe("");
  const several = agents(
    { name: "a", kind: "bedrock", target: "us.anthropic.claude-sonnet-4-20250514-v1:0", instructions: "Be brief." },
    { name: "b", kind: "bedrock", target: "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.x" },
    { name: "c", kind: "lambda", target: "arn:aws:lambda:us-east-1:123456789012:function:plan:live" },
    { name: "d", kind: "http", target: "https://agents.example:8443/plan?x=1", secret_arn: SECRET, phases: [2] },
    { name: "e", kind: "http", target: "http://127.0.0.1:8080/" },
  );
  expect(await plan([several, `arbiter=${JSON.stringify({ name: "judge", kind: "lambda", target: "arn:aws:lambda:us-east-1:123456789012:function:judge" })}`, "agent_policy=quorum", "agent_quorum=3"])).toBe("");
});

test("a secret has no validation at its variable, because terraform prints what one refuses", () => {
  const secrets = settings.filter(({ sensitive }) => sensitive);
  expect(secrets.map(({ name }) => name)).toEqual(["cloudfront_origin_secret", "cloudfront_origin_previous_secret"]);
  for (const secret of secrets) expect(terraformValidations(secret)).toEqual([]);
});
