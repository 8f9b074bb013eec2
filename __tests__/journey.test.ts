import { setTimeout as sleep } from "node:timers/promises";
import { planChanges } from "../scripts/kit/plan-changes";
import { CACHE_HEADER, startLocalRuntime, type LocalRuntime } from "../scripts/emulator";
import { AgentApiClient, type ApiResponse } from "../scripts/kit/api-client";
import { ALICE } from "./support/callers";
import { EmulatedStack } from "./support/emulated-stack";
import { unexplained } from "./support/emulator-drift";

/**
 * The whole way once, with everything real that a machine without a cloud account can have: Terraform applies the stack
 * to an emulator, the functions run from their zips, a caller asks over HTTP. In order: each test goes on from the one
 * before.
 */
let stack: EmulatedStack;
let runtime: LocalRuntime;
let caller: AgentApiClient;

beforeAll(async () => {
  stack = await EmulatedStack.start({
    agents: [{ name: "fast", kind: "scripted", target: "1ms the answer", phases: [1] }],
  });
});
afterAll(async () => {
  await runtime?.stop();
  await stack?.stop();
});

async function serve(): Promise<void> {
  const state = await stack.terraform.show();
  if (runtime) return runtime.reload(state);
  runtime = await startLocalRuntime({
    environment: process.env,
    state,
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE],
    workDirectory: stack.folder,
  });
  caller = new AgentApiClient(runtime.url, "us-east-1", ALICE);
}

/** Posts a request, and polls until it has ended. */
async function ask(): Promise<{ readonly accepted: number; readonly ended: ApiResponse; readonly requestId: string }> {
  const { status: accepted, body } = await caller.invoke("Flight EY123 delayed 3 hours");
  const { request_id: requestId } = body as { request_id: string };
  for (;;) {
    const ended = await caller.status(requestId);
    if (["completed", "failed"].includes((ended.body as { status: string }).status))
      return { accepted, ended, requestId };
    await sleep(100);
  }
}
const fromCache = async (requestId: string) =>
  [await caller.status(requestId), await caller.status(requestId)].at(-1)?.headers.get(CACHE_HEADER) === "hit";
const COMPLETED = { status: "completed", result: { agents: [{ name: "fast", status: "ok", answer: "the answer" }] } };

test("terraform applies the stack to an empty account", async () => {
  const changes = await stack.flip([]);
  expect(changes.length).toBeGreaterThan(30);
  expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(["create"]));
});

test("a request is accepted with 202, its status ends with the agent's answer, and a further poll comes from the cache", async () => {
  await serve();
  const { accepted, ended, requestId } = await ask();
  expect(accepted).toBe(202);
  expect(ended.body).toMatchObject(COMPLETED);
  expect(await fromCache(requestId)).toBe(true);
});

/** Changes that are no update in place; a deployment of the API holds nothing, and cannot be updated. */
const notInPlace = (changes: readonly { readonly action: string; readonly type: string }[]) =>
  changes.filter(({ action, type }) => action !== "update" && type !== "aws_api_gateway_deployment");

test.each([
  ["baseline", { memory_size: 1024, reserved_concurrent_executions: 10, cache_enabled: false, max_parallel_agents: 1 }],
  ["optimized", { memory_size: 3072, reserved_concurrent_executions: 50, cache_enabled: true }],
])("the profile %s is taken in place, and the API answers as before", async (profile, settings) => {
  await runtime.beforeApply();
  const changes = await stack.flip([`profile=${profile}`]);
  expect(changes.map(({ address }) => address)).toEqual(
    expect.arrayContaining([
      "aws_lambda_function.worker_function",
      "aws_api_gateway_method_settings.live_status_method",
    ]),
  );
  expect(notInPlace(changes)).toEqual([]);
  expect(await stack.terraform.output()).toMatchObject({ settings: { profile, ...settings } });
  await serve();
  const { ended, requestId } = await ask();
  expect(ended.body).toMatchObject(COMPLETED);
  expect(await fromCache(requestId)).toBe(settings.cache_enabled);
});

test("a second plan finds nothing to change", async () => {
  expect(unexplained(planChanges(await stack.plan({})))).toEqual([]);
});

test("destroy leaves nothing", async () => {
  await runtime.stop();
  const changes = await stack.flip([], { destroy: true });
  expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(["delete"]));
  expect(stack.attributes()).toEqual({});
});
