import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { FaultProxy } from "../../scripts/emulator/faults/fault-proxy";
import { CACHE_HEADER, startLocalRuntime, type LocalRuntime } from "../../scripts/emulator";
import { AgentApiClient, type ApiResponse } from "../../scripts/kit/api-client";
import { startAgentServer, type AgentServer } from "../support/agent-server";
import { ALICE, BOB } from "../support/callers";
import { EmulatedStack } from "../support/emulated-stack";
import { NO_SCHEDULES, until, untilWorked } from "../support/until";

/**
 * The applied stack, answered from the applied zips. In order: each test goes on from the settings of the one before.
 */

const agentsAt = (url: string) => [
  { name: "fast", kind: "http", target: `${url}/fast`, timeout_seconds: 600, phases: [1] },
  { name: "slow", kind: "http", target: `${url}/slow`, timeout_seconds: 600, phases: [1] },
  { name: "broken", kind: "scripted", target: "0ms !upstream refused", phases: [1] },
];

let agent: AgentServer;
/** What the agents wait for before they answer. Default: nothing. */
let mayAnswer: (() => Promise<void>) | undefined;
/** The most calls of the agents that were under way at the same moment. */
let mostUnderWay = 0;
let stack: EmulatedStack;
/** Between the functions and the emulator. */
let calls: FaultProxy;
let runtime: LocalRuntime;
let alice: AgentApiClient;
let bob: AgentApiClient;
/** What a weighted alias draws its version by. */
let drawn = 0;
/** Requests that were accepted for the worker. */
let sent = 0;

beforeAll(async () => {
  let underWay = 0;
  agent = await startAgentServer(async ({ agent: name }) => {
    underWay += 1;
    mostUnderWay = Math.max(mostUnderWay, underWay);
    await mayAnswer?.();
    underWay -= 1;
    return { kind: "answer", delayMs: 0, text: `${name} answer` };
  });
  // What is cached stays: no answer is asked for before its request has ended.
  stack = await EmulatedStack.applied({ agents: agentsAt(agent.url), cache_ttl_in_seconds: 3_600 });
});
beforeAll(async () => {
  const state = await applied([]);
  calls = await FaultProxy.start({ upstream: stack.emulator.endpoint, random: () => 0 });
  runtime = await startLocalRuntime({
    environment: process.env,
    state,
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE, BOB],
    workDirectory: stack.folder,
    functionEndpoint: calls.url,
    random: () => drawn,
    timers: NO_SCHEDULES,
  });
  alice = new AgentApiClient(runtime.url, "us-east-1", ALICE);
  bob = new AgentApiClient(runtime.url, "us-east-1", BOB);
});
afterAll(async () => {
  await runtime?.stop();
  await calls?.stop();
  await agent?.stop();
  await stack?.stop();
});

async function applied(vars: readonly string[]): Promise<unknown> {
  await runtime?.beforeApply();
  await stack.flip(vars);
  return stack.terraform.show();
}

interface Accepted {
  readonly request_id: string;
}

/** An invocation that is accepted. */
async function accepted(prompt: string): Promise<ApiResponse> {
  const answer = await alice.invoke(prompt);
  expect(answer.status).toBe(202);
  sent += 1;
  return answer;
}
const idOf = ({ body }: ApiResponse) => (body as Accepted).request_id;

/** The status of a request, once the worker is done with all of them. */
async function finished(requestId: string): Promise<ApiResponse> {
  await untilWorked(runtime, sent);
  return alice.status(requestId);
}

const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
  fetch(`${runtime.url}/api/v1/invoke`, { method: "POST", body, headers });
const count = () =>
  Object.values(runtime.statistics().functions).reduce((sum, { invocations }) => sum + invocations, 0);
const worker = () => runtime.statistics().functions["quickturn-dev-worker"]!;

describe("with authorization iam", () => {
  let requestId: string;

  test("an invocation is answered 202 with the request's id, where to ask, and when", async () => {
    const answer = await accepted("Flight EY123 delayed 3 hours");
    requestId = (answer.body as Accepted).request_id;
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get("location")).toBe(`/live/api/v1/status/${requestId}`);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("the status becomes completed, with every agent's answer, and a failed agent sinks no other", async () => {
    const { body } = await finished(requestId);
    expect(body).toMatchObject({
      request_id: requestId,
      status: "completed",
      result: {
        agents: [
          { name: "fast", phase: 1, status: "ok", answer: "fast answer" },
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
    expect(theirs.body).toMatchObject({ error: { code: "request_not_found" } });
    expect(unknown.status).toBe(404);
    expect(JSON.stringify(theirs.body)).not.toContain("answer");
  });

  test("a caller without credentials, or with a wrong signature, gets 403 as JSON", async () => {
    const anonymous = await post('{"prompt":"x"}');
    expect(anonymous.status).toBe(403);
    expect(await anonymous.json()).toMatchObject({ error: { code: "missing_credentials_or_unknown_route" } });
    const forged = await new AgentApiClient(runtime.url, "us-east-1", { ...ALICE, secretAccessKey: "guess" }).invoke(
      "x",
    );
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
      "-s",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      "-H",
      "cache-control: max-age=0",
      "--aws-sigv4",
      "aws:amz:us-east-1:execute-api",
      "--user",
      `${ALICE.accessKeyId}:${ALICE.secretAccessKey}`,
      `${runtime.url}/api/v1/status/${requestId}`,
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
      "-s",
      "-w",
      "\n%{http_code}",
      "-H",
      "content-type: application/json",
      "-d",
      body,
      "--aws-sigv4",
      "aws:amz:us-east-1:execute-api",
      "--user",
      `${ALICE.accessKeyId}:${ALICE.secretAccessKey}`,
      `${runtime.url}/api/v1/invoke`,
    ]);
    const [json = "", status] = stdout.split("\n");
    expect(status).toBe("400");
    expect(JSON.parse(json)).toMatchObject({
      error: { code: "invalid_request", message: expect.stringMatching(/.{20,}/) as unknown },
    });
  });
});

describe("while the tables and the queue cannot be reached", () => {
  const health = async (query = "") => {
    const answer = await fetch(`${runtime.url}/api/v1/health${query}`);
    return { status: answer.status, body: (await answer.json()) as { ready: boolean } };
  };
  const UNAVAILABLE = { status: 503, body: { error: { code: expect.any(String) as unknown } } };
  afterAll(() => calls.setFaults([]));

  // The function's own time-out would be a 502 of the gateway.
  test("calls that are swallowed without an answer are answered 503 by the function", async () => {
    calls.setFaults([{ kind: "black-hole" }]);
    const { status, body } = await alice.invoke("nobody answers this");
    expect({ status, body }).toMatchObject(UNAVAILABLE);
    expect(calls.statistics().faults["black-hole"]).toBeGreaterThan(0);
  });

  test("the service is alive and not ready, and invoke and status are answered 503 with a time to try again", async () => {
    calls.setFaults([{ kind: "refuse" }, { kind: "reset" }]);
    calls.resetConnections();
    // What was found out last is kept for a while, so that a flood of health checks is none of the table's.
    await until("the service is not ready", async () => !(await health()).body.ready);
    expect(await health()).toMatchObject({ status: 200, body: { status: "ok", ready: false } });
    expect(await health("?probe=readiness")).toMatchObject({ status: 503, body: { ready: false } });
    for (const ask of [
      () => alice.invoke("nobody takes this"),
      () => alice.status("00000000-0000-4000-8000-000000000001"),
    ]) {
      const { status, body, headers } = await ask();
      expect({ status, body }).toMatchObject(UNAVAILABLE);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });

  test("once they can be reached, requests are taken and end, without a restart", async () => {
    calls.setFaults([]);
    // An open circuit tries again after a while.
    let answer = await alice.invoke("back again");
    await until(
      "an invocation is accepted",
      async () => answer.status === 202 || (answer = await alice.invoke("back again")).status === 202,
    );
    sent += 1;
    expect((await finished(idOf(answer))).body).toMatchObject({ status: "completed" });
  });
});

describe("after a flip", () => {
  let earlier: string;
  let waiting: string;

  test("no workers means that requests wait", async () => {
    earlier = idOf(await accepted("before the flip"));
    await finished(earlier);
    await runtime.reload(await applied(["reserved_concurrent_executions=0", "cache_enabled=false"]));
    const { invocations, throttles } = worker();
    waiting = idOf(await accepted("wait for me"));
    // Nobody has taken its message, and nobody is stopped from it.
    const queue = new SQSClient({ endpoint: stack.emulator.endpoint, region: "us-east-1", credentials: ALICE });
    const QueueUrl = String(stack.attributes()["aws_sqs_queue.work_queue"]?.["url"]);
    await until("the message is in the queue", async () =>
      (
        (await queue.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0, WaitTimeSeconds: 1 })))
          .Messages ?? []
      ).some(({ Body: body }) => body?.includes(waiting)),
    );
    queue.destroy();
    expect((await alice.status(waiting)).body).toMatchObject({ status: "queued" });
    expect(worker()).toMatchObject({ invocations, throttles });
  });

  test("and none is lost when they come back", async () => {
    // Version 2 is the one of the first flip, version 3 that of baseline.
    await runtime.reload(await applied(["profile=baseline", "live_version=2", "canary_weight=0.5"]));
    expect((await finished(waiting)).body).toMatchObject({ status: "completed" });
  });

  test("baseline caches nothing, and the earlier request is still there", async () => {
    const polls = [await alice.status(earlier), await alice.status(earlier)];
    expect(polls.map(({ status }) => status)).toEqual([200, 200]);
    expect(polls.map(({ headers }) => headers.get(CACHE_HEADER))).not.toContain("hit");
  });

  test.each([
    ["the pinned version", "2", 0.75, "all at once"],
    ["the canary's version", "3", 0.25, "one by one"],
  ] as const)("a request that draws %s (%s) runs on it", async (_which, version, draw, how) => {
    drawn = draw;
    mostUnderWay = 0;
    // Those that run at once wait for each other; of those that run in a row each is long enough for another to begin.
    mayAnswer =
      how === "all at once"
        ? () => until("two agents are under way", () => mostUnderWay === 2)
        : () => new Promise((resolve) => setTimeout(resolve, 300));
    const before = worker().versions;
    expect((await finished(idOf(await accepted(how)))).body).toMatchObject({ status: "completed" });
    mayAnswer = undefined;
    expect(worker().versions).toEqual({ ...before, [version]: (before[version] ?? 0) + 1 });
    expect(mostUnderWay).toBe(how === "all at once" ? 2 : 1);
  });
});

describe("with authorization api_key", () => {
  test("each key is a caller: own requests 200, another's 404 inside the cache's time, no key 403", async () => {
    const state = await applied(["authorization=api_key", 'api_key_names=["one","two"]', "caller_quota_per_day=2"]);
    await runtime.reload(state);
    const keys = (
      state as {
        values: { root_module: { resources: { type: string; index?: string; values: { value?: string } }[] } };
      }
    ).values.root_module.resources.filter(({ type }) => type === "aws_api_gateway_api_key");
    const [one = "", two = ""] = ["one", "two"].map((name) => keys.find(({ index }) => index === name)?.values.value);
    const send = (key: string, path: string, init: RequestInit = {}) =>
      fetch(`${runtime.url}${path}`, { ...init, headers: { "content-type": "application/json", "x-api-key": key } });
    const begun = await send(one, "/api/v1/invoke", { method: "POST", body: '{"prompt":"x"}' });
    expect(begun.status).toBe(202);
    const { request_id: requestId } = (await begun.json()) as Accepted;
    const polls = [
      await send(one, `/api/v1/status/${requestId}`),
      await send(two, `/api/v1/status/${requestId}`),
      await send(one, `/api/v1/status/${requestId}`),
    ];
    expect(polls.map(({ status }) => status)).toEqual([200, 404, 200]);
    expect(polls[2]?.headers.get(CACHE_HEADER)).toBe("hit");
    expect((await post('{"prompt":"x"}')).status).toBe(403);
    expect(
      (await send("no-such-key-no-such-key", "/api/v1/invoke", { method: "POST", body: '{"prompt":"x"}' })).status,
    ).toBe(403);

    // Each may begin two requests a day.
    const begin = async (key: string) => send(key, "/api/v1/invoke", { method: "POST", body: '{"prompt":"x"}' });
    expect([(await begin(one)).status, (await begin(two)).status]).toEqual([202, 202]);
    const refused = await begin(one);
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({
      status: 429,
      body: { error: { code: "quota_exceeded" } },
    });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await begin(two)).status).toBe(202);
  });
});
