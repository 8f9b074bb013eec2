import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { appliedState } from "../../scripts/judges/applied-state";
import { CACHE_HEADER, startLocalRuntime, type LocalRuntime } from "../../scripts/local";
import { AgentApiClient, type ApiResponse } from "../../scripts/tools/agent-api-client";
import { ALICE, BOB } from "../support/callers";
import { EmulatedStack } from "../support/emulated-stack";

/** The applied stack, answered from the applied zips. In order: each test goes on from the settings of the one before. */
jest.setTimeout(300_000);

const AGENTS = [
  { name: "fast", kind: "scripted", target: "200ms quick answer" },
  { name: "slow", kind: "scripted", target: "400ms slow answer" },
  { name: "broken", kind: "scripted", target: "50ms !upstream refused" },
];

let stack: EmulatedStack;
let runtime: LocalRuntime;
let alice: AgentApiClient;
let bob: AgentApiClient;

beforeAll(async () => {
  stack = await EmulatedStack.start({ agents: AGENTS });
  const state = await applied([]);
  runtime = await startLocalRuntime({
    state,
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE, BOB],
    workDirectory: stack.folder,
  });
  alice = new AgentApiClient(runtime.url, "us-east-1", ALICE);
  bob = new AgentApiClient(runtime.url, "us-east-1", BOB);
});
afterAll(async () => {
  await runtime?.stop();
  await stack?.stop();
});

async function applied(vars: readonly string[]): Promise<unknown> {
  const { plan } = await stack.apply(vars);
  return appliedState(await stack.terraform.show(), plan);
}

interface Accepted {
  readonly request_id: string;
}

async function finished(caller: AgentApiClient, requestId: string): Promise<ApiResponse> {
  for (let poll = 0; poll < 120; poll++) {
    const answer = await caller.status(requestId);
    const { status } = answer.body as { status?: string };
    if (status === "completed" || status === "failed") return answer;
    await sleep(250);
  }
  throw new Error(`Request ${requestId} has not ended after 30 s`);
}

const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
  fetch(`${runtime.url}/api/v1/invoke`, { method: "POST", body, headers });
const count = () => Object.values(runtime.statistics().functions).reduce((sum, { invocations }) => sum + invocations, 0);

describe("with authorization iam", () => {
  let requestId: string;

  test("an invocation is answered 202 with the request's id, where to ask, and when", async () => {
    const answer = await alice.invoke("Flight EY123 delayed 3 hours");
    expect(answer.status).toBe(202);
    requestId = (answer.body as Accepted).request_id;
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get("location")).toBe(`/live/api/v1/status/${requestId}`);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("the status becomes completed, with every agent's answer, and a failed agent sinks no other", async () => {
    const { body } = await finished(alice, requestId);
    expect(body).toMatchObject({
      request_id: requestId,
      status: "completed",
      result: {
        agents: [
          { name: "fast", phase: 1, status: "ok", answer: "quick answer" },
          { name: "slow", phase: 1, status: "ok", answer: "slow answer" },
          { name: "broken", phase: 1, status: "failed" },
        ],
      },
    });
  });

  test("repeated polls come from the cache, and reach no function", async () => {
    await alice.status(requestId);
    const before = count();
    const answers = await Promise.all(Array.from({ length: 20 }, () => alice.status(requestId)));
    expect(answers.map(({ headers }) => headers.get(CACHE_HEADER))).toEqual(Array(20).fill("hit"));
    expect(count()).toBe(before);
  });

  test("another caller gets 404 while the owner's answer is in the cache, and so does the owner of an unknown id", async () => {
    const mine = await alice.status(requestId);
    const theirs = await bob.status(requestId);
    const unknown = await alice.status("00000000-0000-4000-8000-000000000000");
    expect(mine.status).toBe(200);
    expect(theirs.status).toBe(404);
    expect(theirs.body).toMatchObject({ error: { code: "not_found" } });
    expect(unknown.status).toBe(404);
    expect(JSON.stringify(theirs.body)).not.toContain("answer");
  });

  test("a caller without credentials, or with a wrong signature, gets 403 as JSON", async () => {
    const anonymous = await post('{"prompt":"x"}');
    expect(anonymous.status).toBe(403);
    expect(await anonymous.json()).toMatchObject({ error: { code: "missing_credentials_or_unknown_route" } });
    const forged = await new AgentApiClient(runtime.url, "us-east-1", { ...ALICE, secretAccessKey: "guess" }).invoke("x");
    expect(forged.status).toBe(403);
    expect(forged.body).toMatchObject({ error: { code: "invalid_signature" } });
  });

  test("an unknown route gets 403, as API Gateway has it", async () => {
    expect((await fetch(`${runtime.url}/api/v1/unknown`)).status).toBe(403);
  });

  test("health is open, alive and ready, names nothing, and never comes from the cache", async () => {
    const [first, second] = [await fetch(`${runtime.url}/api/v1/health`), await fetch(`${runtime.url}/api/v1/health`)];
    expect(first.status).toBe(200);
    expect(second.headers.get(CACHE_HEADER)).not.toBe("hit");
    const text = await second.text();
    expect(JSON.parse(text)).toMatchObject({ status: "ok", ready: true });
    expect(text).not.toMatch(/arn:|quickturn-|http/);
  });

  test("a poll with Cache-Control: max-age=0 empties nothing", async () => {
    await alice.status(requestId);
    const before = count();
    const { stdout } = await promisify(execFile)("curl", [
      "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "cache-control: max-age=0",
      "--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", `${ALICE.accessKeyId}:${ALICE.secretAccessKey}`, `${runtime.url}/api/v1/status/${requestId}`,
    ]);
    expect(stdout).toBe("200");
    expect(count()).toBe(before);
  });

  test.each([
    ["no prompt", '{"session_id":"a"}'],
    ["an unknown field", '{"prompt":"x","model":"y"}'],
    ["a prompt that is no string", '{"prompt":1}'],
    ["a blank prompt", '{"prompt":"   "}'],
    ["a field twice", '{"prompt":"x","prompt":"y"}'],
    ["a prototype", '{"prompt":"x","__proto__":{"admin":true}}'],
    ["no JSON", "prompt"],
    ["an array", '["x"]'],
  ])("a body with %s gets 400 as JSON", async (_what, body) => {
    const { stdout } = await promisify(execFile)("curl", [
      "-s", "-w", "\n%{http_code}", "-H", "content-type: application/json", "-d", body,
      "--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", `${ALICE.accessKeyId}:${ALICE.secretAccessKey}`, `${runtime.url}/api/v1/invoke`,
    ]);
    const [json = "", status] = stdout.split("\n");
    expect(status).toBe("400");
    expect(JSON.parse(json)).toMatchObject({ error: { code: "invalid_request", message: expect.stringMatching(/.{20,}/) as unknown } });
  });
});

describe("after a flip", () => {
  test("baseline runs the agents one after the other and caches nothing; the earlier request is still there", async () => {
    const accepted = (await alice.invoke("before the flip")).body as Accepted;
    await finished(alice, accepted.request_id);
    await runtime.reload(await applied(["profile=baseline"]));
    const later = (await alice.invoke("after the flip")).body as Accepted;
    const { body } = await finished(alice, later.request_id);
    // 200 + 400 + 50 ms in a row; all at once it is 400.
    expect((body as { result: { duration_ms: number } }).result.duration_ms).toBeGreaterThan(640);
    const poll = await alice.status(accepted.request_id);
    expect(poll.status).toBe(200);
    expect(poll.headers.get(CACHE_HEADER)).not.toBe("hit");
  });

  test("a canary takes its share of the requests on the new version, the pinned one the rest", async () => {
    await runtime.reload(await applied(["live_version=1", "canary_weight=0.5"]));
    const versionsBefore = { ...runtime.statistics().functions["quickturn-dev-worker"]?.versions };
    const accepted = await Promise.all(Array.from({ length: 24 }, () => alice.invoke("canary")));
    await Promise.all(accepted.map(({ body }) => finished(alice, (body as Accepted).request_id)));
    const after = runtime.statistics().functions["quickturn-dev-worker"]?.versions ?? {};
    const newest = String((await stack.terraform.output())["newest_version"]);
    const gained = (version: string) => (after[version] ?? 0) - (versionsBefore[version] ?? 0);
    expect(newest).not.toBe("1");
    // Binomial, 24 draws of one half: fewer than 2 on either side has a chance of 3 in a million.
    expect(gained("1")).toBeGreaterThanOrEqual(2);
    expect(gained(newest)).toBeGreaterThanOrEqual(2);
    expect(gained("1") + gained(newest)).toBe(24);
  });

  test("no workers means that requests wait, and none is lost when they come back", async () => {
    await runtime.reload(await applied(["reserved_concurrent_executions=0", "cache_enabled=false"]));
    const { request_id: requestId } = (await alice.invoke("wait for me")).body as Accepted;
    await sleep(3_000);
    expect((await alice.status(requestId)).body).toMatchObject({ status: "queued" });
    await runtime.reload(await applied([]));
    expect((await finished(alice, requestId)).body).toMatchObject({ status: "completed" });
  });
});

describe("with authorization api_key", () => {
  test("each key is a caller: own requests 200, another's 404 inside the cache's time, no key 403", async () => {
    const state = await applied(["authorization=api_key", 'api_key_names=["one","two"]']);
    await runtime.reload(state);
    const keys = (state as { values: { root_module: { resources: { type: string; index?: string; values: { value?: string } }[] } } }).values.root_module.resources.filter(({ type }) => type === "aws_api_gateway_api_key");
    const [one = "", two = ""] = ["one", "two"].map((name) => keys.find(({ index }) => index === name)?.values.value);
    const send = (key: string, path: string, init: RequestInit = {}) => fetch(`${runtime.url}${path}`, { ...init, headers: { "content-type": "application/json", "x-api-key": key } });
    const accepted = await send(one, "/api/v1/invoke", { method: "POST", body: '{"prompt":"x"}' });
    expect(accepted.status).toBe(202);
    const { request_id: requestId } = (await accepted.json()) as Accepted;
    const polls = [await send(one, `/api/v1/status/${requestId}`), await send(two, `/api/v1/status/${requestId}`), await send(one, `/api/v1/status/${requestId}`)];
    expect(polls.map(({ status }) => status)).toEqual([200, 404, 200]);
    expect(polls[2]?.headers.get(CACHE_HEADER)).toBe("hit");
    expect((await post('{"prompt":"x"}')).status).toBe(403);
    expect((await send("no-such-key-no-such-key", "/api/v1/invoke", { method: "POST", body: '{"prompt":"x"}' })).status).toBe(403);
  });
});

describe("with authorization none", () => {
  test("anyone may call, and the plan warns", async () => {
    const { plan } = await stack.apply(["authorization=none"]);
    const { checks } = plan as { checks: { address: { name?: string }; status: string; instances?: { problems?: { message: string }[] }[] }[] };
    const warned = checks.find(({ address }) => address.name === "callers_are_known");
    expect(warned?.status).toBe("fail");
    expect(warned?.instances?.[0]?.problems?.[0]?.message).toContain("anyone who finds the URL may run the agents");
    await runtime.reload(appliedState(await stack.terraform.show(), plan));
    expect((await post('{"prompt":"x"}')).status).toBe(202);
  });
});
