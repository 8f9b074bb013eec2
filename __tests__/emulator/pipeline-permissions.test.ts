import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxEnvironment } from "../../scripts/commands/sandbox";
import { startFaultProxy, type FaultProxy } from "../../scripts/faults/fault-proxy";
import { Terraform } from "../../scripts/tools/terraform";
import { awsCalls, type AwsCall } from "../support/aws-call";
import { EmulatedStack } from "../support/emulated-stack";
import { allows, type Statement } from "../support/iam-policy";
import { synthesized } from "../support/synthesized";

/**
 * The whole stack, applied, changed and destroyed through a proxy that writes down every call, and the roles of the
 * pipelines, applied beside it: what a call needs must be in the role's policies as AWS is given them. In order.
 */
jest.setTimeout(600_000);

let stack: EmulatedStack;
let proxy: FaultProxy;
/** What was needed, by the phase that needed it. */
const needed: Record<string, AwsCall[]> = {};
let phase = "";
/** A request that the table of permissions does not know. */
const unknown: Error[] = [];
let policies: Record<string, readonly Statement[]>;

beforeAll(async () => {
  stack = await EmulatedStack.start({}, async (upstream) => {
    proxy = await startFaultProxy({ upstream, random: () => 0 });
    proxy.setFaults([{ kind: "latency", ms: 0, when: (request) => note(request) }]);
    return proxy.url;
  });
  policies = await appliedPolicies();
});
afterAll(async () => {
  await proxy?.stop();
  await stack?.stop();
});

/** Looks on, and hits nothing. */
function note(request: Parameters<typeof awsCalls>[0]): boolean {
  try {
    (needed[phase] ??= []).push(...awsCalls(request));
  } catch (error) {
    unknown.push(error as Error);
  }
  return false;
}

/** Applies the stack of the roles to the same emulator, past the proxy. */
async function appliedPolicies(): Promise<Record<string, readonly Statement[]>> {
  const directory = synthesized("pipeline-access");
  writeFileSync(join(directory, "test_override.tf.json"), JSON.stringify({ terraform: { backend: { local: { path: "terraform.tfstate" } } } }));
  const terraform = new Terraform({ directory, env: sandboxEnvironment(process.env, stack.emulator.endpoint, stack.folder) });
  await terraform.init();
  await terraform.apply({ vars: ["github_repository=octo-org/agents", "gitlab_project_path=group/agents"] });
  const { resources } = JSON.parse(readFileSync(join(directory, "terraform.tfstate"), "utf8")) as { resources: { type: string; name: string; instances: { attributes: { arn: string; policy: string; role: string; policy_arn: string } }[] }[] };
  const of = (type: string) => resources.filter((resource) => resource.type === type).flatMap(({ instances }) => instances.map(({ attributes }) => attributes));
  const byArn = Object.fromEntries(of("aws_iam_policy").map(({ arn, policy }) => [arn, (JSON.parse(policy) as { Statement: Statement[] }).Statement]));
  return Object.fromEntries(
    ["github-plan", "github-apply", "gitlab-plan", "gitlab-apply"].map((role) => [
      role,
      of("aws_iam_role_policy_attachment").filter((attached) => attached.role === `quickturn-dev-pipeline-${role}`).flatMap((attached) => byArn[attached.policy_arn] ?? []),
    ]),
  );
}

async function recorded(name: string, work: () => Promise<unknown>): Promise<AwsCall[]> {
  phase = name;
  await work();
  return needed[name] ?? [];
}
const text = ({ action, resource }: AwsCall) => `${action} on ${resource}`;
const refused = (role: string, calls: readonly AwsCall[]) => [...new Set(calls.filter((call) => !allows(policies[role]!, call)).map(text))];
const everything = () => Object.values(needed).flat();
const CHANGED = ["profile=baseline", "authorization=api_key", "alarm_email=on.call@example.org", "log_retention_in_days=90"];

test("the apply role may do every call of a first apply", async () => {
  const calls = await recorded("apply", () => stack.flip([]));
  expect(unknown).toEqual([]);
  expect(calls.length).toBeGreaterThan(300);
  expect(refused("github-apply", calls)).toEqual([]);
});

test("the apply role may do every call of a change", async () => {
  const calls = await recorded("change", () => stack.flip(CHANGED));
  expect(calls.map(({ action }) => action)).toEqual(expect.arrayContaining(["lambda:UpdateFunctionConfiguration", "apigateway:PATCH", "sns:Subscribe"]));
  expect(refused("github-apply", calls)).toEqual([]);
});

test("the plan role may do every call of a plan, and the plan makes only calls that read", async () => {
  const calls = await recorded("plan", () => stack.plan({ vars: CHANGED }));
  expect(calls.length).toBeGreaterThan(100);
  expect(refused("github-plan", calls)).toEqual([]);
  expect(calls.filter(({ action }) => !/:(Get|List|Describe|GET)/.test(action))).toEqual([]);
});

test("the apply role may do every call that takes the deployment down", async () => {
  const calls = await recorded("destroy", () => stack.flip(CHANGED, { destroy: true, refresh: true }));
  expect(calls.map(({ action }) => action)).toEqual(expect.arrayContaining(["dynamodb:DeleteTable", "iam:DeleteRole", "s3:DeleteBucket"]));
  expect(refused("github-apply", calls)).toEqual([]);
  expect(unknown).toEqual([]);
});

test("the plan role may do none of the calls that changed something", () => {
  const changing = everything().filter(({ action }) => !/:(Get|List|Describe|GET)/.test(action));
  expect(new Set(changing.map(({ action }) => action)).size).toBeGreaterThan(50);
  expect(changing.filter((call) => allows(policies["github-plan"]!, call)).map(text)).toEqual([]);
});

test("no call of another deployment, and nothing of the pipelines' own roles and policies, is allowed", () => {
  const other = everything()
    .map((call) => ({ ...call, resource: call.resource.replaceAll("quickturn-dev", "quickturn-prod"), context: Object.fromEntries(Object.entries(call.context).map(([key, value]) => [key, value.replaceAll("quickturn-dev", "quickturn-prod")])) }))
    .filter(({ resource }) => resource.includes("quickturn-prod"));
  expect(other.length).toBeGreaterThan(200);
  // That there is a log group of this name is said to everybody who may look for names.
  expect([...new Set(other.filter((call) => allows(policies["github-apply"]!, call)).map(({ action }) => action))]).toEqual(["logs:DescribeLogGroups"]);
  for (const action of ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:PassRole"]) {
    const resource = "arn:aws:iam::123456789012:role/quickturn-dev-pipeline-github-apply";
    expect(allows(policies["github-apply"]!, { action, resource, context: { "iam:PassedToService": "lambda.amazonaws.com" } })).toBe(false);
  }
  expect(allows(policies["github-apply"]!, { action: "iam:CreatePolicyVersion", resource: "arn:aws:iam::123456789012:policy/quickturn-dev-pipeline-read", context: {} })).toBe(false);
});

test("a function's role may be passed to Lambda alone, and a function be opened to two services alone", () => {
  const role = { action: "iam:PassRole", resource: "arn:aws:iam::123456789012:role/quickturn-dev-worker" };
  const opened = { action: "lambda:AddPermission", resource: "arn:aws:lambda:us-east-1:123456789012:function:quickturn-dev-worker" };
  const may = (call: Omit<AwsCall, "context">, context: AwsCall["context"]) => allows(policies["github-apply"]!, { ...call, context });
  expect([may(role, { "iam:PassedToService": "lambda.amazonaws.com" }), may(role, { "iam:PassedToService": "ec2.amazonaws.com" })]).toEqual([true, false]);
  expect([may(opened, { "lambda:Principal": "events.amazonaws.com" }), may(opened, { "lambda:Principal": "*" })]).toEqual([true, false]);
});

test("both forges' roles have the same policies", () => {
  expect(policies["gitlab-plan"]).toEqual(policies["github-plan"]);
  expect(policies["gitlab-apply"]).toEqual(policies["github-apply"]);
});

/** Allowed without having been called here, and by what. */
const NOT_CALLED_HERE: Readonly<Record<string, RegExp>> = {
  "the state's bucket: emulator/state-lock.test": /^s3:(GetObject|PutObject|DeleteObject)$/,
  "emptying a bucket that holds something": /^s3:(DeleteObject|DeleteObjectVersion|ListBucketVersions)$/,
  "looking for what a killed apply forgot": /^(cloudfront:ListDistributions|lambda:ListEventSourceMappings|sqs:GetQueueUrl)$/,
  "the gate, after a deployment": /^(cloudwatch:GetMetricData|execute-api:Invoke|lambda:GetAccountSettings|logs:FilterLogEvents)$/,
  "CloudFront, which is off": /^cloudfront:/,
  "provisioned concurrency and composite alarms, which the emulator lacks": /^(lambda:\w+ProvisionedConcurrencyConfig|cloudwatch:PutCompositeAlarm)$/,
  "the account's role for logs, which is off": /^iam:(AttachRolePolicy|DetachRolePolicy)$/,
  "a change of code, of tags, of a table, of a role or of a heartbeat": /(:Untag\w+|:TagResource|UpdateFunctionCode|UpdateFunctionConfiguration|UpdateFunctionEventInvokeConfig|DeleteFunctionConcurrency|PublishVersion|UpdateTable|UpdateRole|UpdateAssumeRolePolicy|DeleteRetentionPolicy)$/,
};

test("every action that is allowed was called, or has a reason", () => {
  const called = new Set(everything().map(({ action }) => action));
  const allowed = policies["github-apply"]!.flatMap(({ Action }) => Action);
  const reasons = Object.values(NOT_CALLED_HERE);
  expect(allowed.filter((action) => !called.has(action) && !reasons.some((reason) => reason.test(action)))).toEqual([]);
});
