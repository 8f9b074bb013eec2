import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changesThatReplace, planChanges } from "../../../scripts/kit/plan-changes";
import { EmulatedStack } from "../../support/emulated-stack";
import { presentModules, releases, writeRelease, type Release } from "../../support/releases";

/**
 * Whoever has a release applied gets this one in place. `__tests__/fixtures/releases` has, of each release, the state
 * of its stack as terraform wrote it after an apply to the emulator. Today's stack is planned over it without asking
 * for the resources, so nothing needs to be applied again.
 *
 * A release is recorded with its tag checked out: UPDATE_RELEASE=0.2.0 npx jest --selectProjects proof --
 * release/upgrades.
 */

/** What makes as many of the resources as the emulator takes; nothing here opens a door. */
const RECORDED = {
  account_logging_role_enabled: true,
  agents: [
    {
      name: "runtime",
      kind: "agentcore",
      target: "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/agent-abcdefghij",
    },
    { name: "model", kind: "bedrock", target: "us.amazon.nova-lite-v1:0" },
    { name: "function", kind: "lambda", target: "arn:aws:lambda:us-east-1:123456789012:function:agent" },
    {
      name: "service",
      kind: "http",
      target: "https://agents.example.org/run",
      secret_arn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:agent-AbCdEf",
    },
  ],
  alarm_email: "on.call@example.org",
  alarm_set: "full",
  api_key_names: ["one", "two"],
  authorization: "api_key",
  cloudfront_enabled: true,
  cloudfront_origin_secret: "0123456789abcdef0123456789abcdef",
  name: "support",
  token_quota_per_minute: 100_000,
};

async function record(version: string): Promise<void> {
  // Else the emulator knows no policy of AWS's own, such as the one of the account's logging role.
  process.env["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true";
  const stack = await EmulatedStack.start(RECORDED);
  try {
    await stack.flip([]);
    const state = readFileSync(join(stack.directory, "terraform.tfstate"), "utf8");
    writeRelease({ version, modules: presentModules(), settings: RECORDED, state });
  } finally {
    await stack.stop();
  }
}

let stack: EmulatedStack;
let recorded: readonly Release[];
beforeAll(async () => {
  const version = process.env["UPDATE_RELEASE"];
  if (version) await record(version);
  recorded = releases();
  stack = await EmulatedStack.start();
});
afterAll(() => stack?.stop());

/** Plans today's stack over a state. */
async function planOver({ settings }: Release, state: string) {
  writeFileSync(join(stack.directory, "terraform.tfstate"), state);
  writeFileSync(join(stack.directory, "release.auto.tfvars.json"), JSON.stringify(settings));
  return planChanges(await stack.plan({ refresh: false }));
}

/** Addresses that a state holds, but for data sources. */
function addresses(state: string): string[] {
  const { resources } = JSON.parse(state) as {
    resources: { mode: string; type: string; name: string; instances: { index_key?: string | number }[] }[];
  };
  return resources.flatMap(({ mode, type, name, instances }) =>
    mode === "managed"
      ? instances.map(({ index_key: key }) => `${type}.${name}${key === undefined ? "" : `[${JSON.stringify(key)}]`}`)
      : [],
  );
}

test("a state of each release is changed in place by this one: nothing is replaced, deleted, or made anew where it is", async () => {
  expect(recorded.length).toBeGreaterThan(0);
  for (const release of recorded) {
    const applied = addresses(release.state);
    expect(applied.length).toBeGreaterThan(90);
    const changes = changesThatReplace(await planOver(release, release.state));
    expect({
      version: release.version,
      changes: changes.filter(({ action, address }) => action !== "create" || applied.includes(address)),
    }).toEqual({ version: release.version, changes: [] });
  }
});

test("a resource that had another name would be seen: deleted under the old one, and made under the new", async () => {
  const [release] = recorded;
  const renamed = release!.state.replaceAll('"name": "store_requests"', '"name": "store_jobs"');
  expect(renamed).not.toBe(release!.state);
  const changes = changesThatReplace(await planOver(release!, renamed));
  expect(changes.map(({ action, address }) => `${action} ${address}`)).toEqual(
    expect.arrayContaining(["create aws_dynamodb_table.store_requests", "delete aws_dynamodb_table.store_jobs"]),
  );
});
