import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startFaultProxy, type FaultProxy } from "../../scripts/faults/fault-proxy";
import { CACHE_HEADER, startLocalRuntime, type LocalRuntime } from "../../scripts/local";
import { CHECKS_KEPT_MS } from "../../handlers/routes/health";
import { judgeLogs } from "../../scripts/commands/fuzz";
import { publishedDocument } from "../../scripts/commands/openapi";
import { runFuzz } from "../../scripts/fuzz/fuzz-run";
import { seededRandom } from "../../scripts/judges/statistics/seeded-random";
import { AgentApiClient, type ApiResponse } from "../../scripts/tools/agent-api-client";
import { synth } from "../../scripts/commands/synth";
import { SILENT } from "../../scripts/progress";
import { startAgentServer, type AgentServer } from "../../scripts/tools/agent-server";
import { LocalIssuer } from "../../scripts/tools/local-issuer";
import { ALICE, BOB } from "../support/callers";
import { canariesIn, filesBelow, textOf } from "../support/canary-places";
import { PROJECT } from "../support/stack-json";
import { EmulatedStack } from "../support/emulated-stack";

/** The applied stack, answered from the applied zips. In order: each test goes on from the settings of the one before. */
jest.setTimeout(300_000);

const AGENTS = [
  { name: "fast", kind: "scripted", target: "200ms quick answer", phases: [1] },
  { name: "slow", kind: "scripted", target: "400ms slow answer", phases: [1] },
  { name: "broken", kind: "scripted", target: "50ms !upstream refused", phases: [1] },
];

let stack: EmulatedStack;
/** Between the functions and the emulator. */
let calls: FaultProxy;
let runtime: LocalRuntime;
let alice: AgentApiClient;
let bob: AgentApiClient;
let issuer: LocalIssuer;

beforeAll(async () => {
  stack = await EmulatedStack.start({ agents: AGENTS });
  const state = await applied([]);
  issuer = await LocalIssuer.start({ directory: stack.folder, env: process.env });
  calls = await startFaultProxy({ upstream: stack.emulator.endpoint, random: () => 0 });
  runtime = await startLocalRuntime({
    state,
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE, BOB],
    workDirectory: stack.folder,
    functionEndpoint: calls.url,
    processVariables: { NODE_EXTRA_CA_CERTS: issuer.certificate },
  });
  alice = new AgentApiClient(runtime.url, "us-east-1", ALICE);
  bob = new AgentApiClient(runtime.url, "us-east-1", BOB);
});
afterAll(async () => {
  await runtime?.stop();
  await calls?.stop();
  await issuer?.stop();
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
    expect(theirs.body).toMatchObject({ error: { code: "request_not_found" } });
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

describe("what the OpenAPI document allows and forbids", () => {
  test("is answered as it says, without a fault, a hang or a leak in answers or logs; and all that was accepted ends", async () => {
    const names = ["aws_dynamodb_table", "aws_s3_bucket", "aws_lambda_function", "aws_sqs_queue"].flatMap((type) => Object.entries(stack.attributes()).filter(([address]) => address.startsWith(`${type}.`)).map(([, { name, bucket, function_name: functionName }]) => String(functionName ?? bucket ?? name)));
    expect(names.length).toBeGreaterThan(6);
    const report = await runFuzz({
      url: runtime.url, region: "us-east-1", document: publishedDocument(stack.directory, { authorization: "iam" }),
      callers: [ALICE, BOB].map((credentials) => ({ kind: "iam", credentials })),
      names, requests: 300, concurrency: 6, random: seededRandom(6), marker: "qtfuzz", signal: AbortSignal.timeout(200_000),
    });
    expect(report.findings).toEqual([]);
    expect(report.tally.requests).toBe(300);
    expect(report.accepted).toBeGreaterThan(20);
    expect(report.ended).toBeGreaterThanOrEqual(report.accepted);
    const logs = judgeLogs({ folder: join(stack.folder, "logs"), secrets: [ALICE.secretAccessKey, BOB.secretAccessKey] }, "qtfuzz");
    expect(logs.files).toEqual(expect.arrayContaining(["access.log", "quickturn-dev-api.log", "quickturn-dev-worker.log"]));
    expect(logs.findings).toEqual([]);
  });
});

describe("while the tables and the queue cannot be reached", () => {
  const health = async (query = "") => {
    const answer = await fetch(`${runtime.url}/api/v1/health${query}`);
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  const timed = async <T>(work: () => Promise<T>) => {
    const started = performance.now();
    return { answer: await work(), seconds: (performance.now() - started) / 1_000 };
  };
  afterAll(() => calls.setFaults([]));

  test("the service is alive and not ready, and invoke and status are answered 503 with a time to try again", async () => {
    calls.setFaults([{ kind: "refuse" }, { kind: "reset" }]);
    calls.resetConnections();
    // What was found out last is kept for that long, so that a flood of health checks is none of the table's.
    await sleep(CHECKS_KEPT_MS);
    expect(await health()).toMatchObject({ status: 200, body: { status: "ok", ready: false } });
    expect(await health("?probe=readiness")).toMatchObject({ status: 503, body: { ready: false } });
    for (const ask of [() => alice.invoke("nobody takes this"), () => alice.status("00000000-0000-4000-8000-000000000001")]) {
      const { answer, seconds } = await timed(ask);
      expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 503, body: { error: { code: expect.any(String) as unknown } } });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(10);
    }
  });

  test("calls that are swallowed without an answer end as 503 too, before the function's own time-out of 10 s", async () => {
    calls.setFaults([{ kind: "black-hole" }]);
    const { answer, seconds } = await timed(() => alice.invoke("nobody answers this"));
    expect(answer.status).toBe(503);
    expect(seconds).toBeLessThan(10);
    expect(calls.statistics().faults["black-hole"]).toBeGreaterThan(0);
  });

  test("once they can be reached, requests are taken and end, without a restart", async () => {
    calls.setFaults([]);
    // An open circuit tries again after ten seconds.
    for (let attempt = 0; ; attempt++) {
      const answer = await alice.invoke("back again");
      if (answer.status === 202) {
        expect((await finished(alice, (answer.body as Accepted).request_id)).body).toMatchObject({ status: "completed" });
        return;
      }
      expect(attempt).toBeLessThan(25);
      await sleep(1_000);
    }
  });
});

describe("after a flip", () => {
  let earlier: string;

  beforeAll(async () => {
    earlier = ((await alice.invoke("before the flip")).body as Accepted).request_id;
    await finished(alice, earlier);
    await runtime.reload(await applied(["profile=baseline", "live_version=1", "canary_weight=0.5"]));
  });

  test("baseline caches nothing, and the earlier request is still there", async () => {
    const polls = [await alice.status(earlier), await alice.status(earlier)];
    expect(polls.map(({ status }) => status)).toEqual([200, 200]);
    expect(polls.map(({ headers }) => headers.get(CACHE_HEADER))).not.toContain("hit");
  });

  test("a canary takes its share of the requests on the new version, which runs the agents one by one, the pinned one the rest", async () => {
    const versionsBefore = { ...runtime.statistics().functions["quickturn-dev-worker"]?.versions };
    const accepted = await Promise.all(Array.from({ length: 24 }, () => alice.invoke("canary")));
    const ended = await Promise.all(accepted.map(({ body }) => finished(alice, (body as Accepted).request_id)));
    expect(ended.map(({ body }) => body).filter((body) => (body as { status: string }).status !== "completed")).toEqual([]);
    const after = runtime.statistics().functions["quickturn-dev-worker"]?.versions ?? {};
    const gained = (version: string) => (after[version] ?? 0) - (versionsBefore[version] ?? 0);
    // Binomial, 24 draws of one half: fewer than 2 on either side has a chance of 3 in a million.
    expect(gained("1")).toBeGreaterThanOrEqual(2);
    expect(gained("2")).toBeGreaterThanOrEqual(2);
    expect(gained("1") + gained("2")).toBe(24);
    // 200 + 400 + 50 ms in a row; all at once it is 400.
    const inARow = ended.filter(({ body }) => (body as { result: { duration_ms: number } }).result.duration_ms > 640);
    expect(inARow.length).toBeGreaterThanOrEqual(gained("2"));
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
    const state = await applied(["authorization=api_key", 'api_key_names=["one","two"]', "caller_quota_per_day=2"]);
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

    // Each may begin two requests a day.
    const begin = async (key: string) => send(key, "/api/v1/invoke", { method: "POST", body: '{"prompt":"x"}' });
    expect([(await begin(one)).status, (await begin(two)).status]).toEqual([202, 202]);
    const refused = await begin(one);
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({ status: 429, body: { error: { code: "quota_exceeded" } } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await begin(two)).status).toBe(202);
  });
});

/** What the distribution shows to the API: first, and after it was replaced. */
const SECRET = "a-secret-of-forty-characters-or-so-12345";
const NEXT = "another-secret-of-forty-characters-12345";
const REPLACED = ["cloudfront_enabled=true", `cloudfront_origin_secret=${NEXT}`, `cloudfront_origin_previous_secret=${SECRET}`, "waf_enabled=true", "waf_rate_limit=500"];

describe("behind a distribution", () => {
  const through = (headers: Record<string, string>, path = "/api/v1/invoke", init: RequestInit = { method: "POST", body: '{"prompt":"x"}' }) =>
    fetch(`${runtime.url}${path}`, { ...init, headers: { "content-type": "application/json", ...headers } });

  test("a weak secret is refused at plan, and printed nowhere", async () => {
    const refused = stack.plan({ vars: ["cloudfront_enabled=true", "cloudfront_origin_secret=weak-canary"], refresh: false });
    await expect(refused).rejects.toThrow(/The origin's secret is too weak/);
    await expect(refused).rejects.not.toThrow(/weak-canary/);
  });

  test("the plan warns that anyone may call, masks the secret, and the functions get only its hash", async () => {
    const vars = ["authorization=none", "cloudfront_enabled=true", `cloudfront_origin_secret=${SECRET}`];
    const plan = ["plan", "-no-color", "-input=false", "-refresh=false", ...vars.map((value) => `-var=${value}`)];
    const { stdout: shown } = await promisify(execFile)("terraform", plan, { cwd: stack.directory, env: stack.environment });
    expect(shown).toContain("Warning: Check block assertion failed");
    expect(shown.replaceAll(/\s+/g, " ")).toContain("anyone who finds the URL may run the agents, at your cost");
    expect(shown).toContain("ORIGIN_SECRET_SHA256");
    expect(shown).not.toContain(SECRET);
    const state = await applied(vars);
    expect(JSON.stringify(stack.attributes()["aws_lambda_function.api_function"])).not.toContain(SECRET);
    await runtime.reload(state);
  });

  test("a direct call is refused, one with the distribution's secret is answered, and the location has no stage", async () => {
    const direct = await through({});
    expect({ status: direct.status, body: await direct.json() }).toMatchObject({ status: 403, body: { error: { code: "direct_access_refused" } } });
    expect((await through({ "x-quickturn-origin": "guess" })).status).toBe(403);
    const accepted = await through({ "x-quickturn-origin": SECRET });
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get("location")).toMatch(/^\/api\/v1\/status\/[0-9a-f-]{36}$/);
  });

  test("a new secret is taken before the distribution shows it, and the one until now as long as it still does", async () => {
    const state = await applied(["authorization=none", ...REPLACED]);
    expect(stack.attributes()["aws_wafv2_web_acl.firewall_acl[0]"]).toBeDefined();
    expect(JSON.stringify(stack.attributes()["aws_lambda_function.api_function"])).not.toMatch(new RegExp(`${SECRET}|${NEXT}`));
    await runtime.reload(state);
    for (const secret of [SECRET, NEXT]) expect((await through({ "x-quickturn-origin": secret })).status).toBe(202);
    expect((await through({ "x-quickturn-origin": "guess" })).status).toBe(403);
  });

  test("what is cached for the distribution is not given to a direct call", async () => {
    const { request_id: requestId } = (await (await through({ "x-quickturn-origin": SECRET })).json()) as Accepted;
    const poll = (headers: Record<string, string>) => through(headers, `/api/v1/status/${requestId}`, { method: "GET" });
    expect((await poll({ "x-quickturn-origin": SECRET })).status).toBe(200);
    expect((await poll({ "x-quickturn-origin": SECRET })).headers.get(CACHE_HEADER)).toBe("hit");
    expect((await poll({})).status).toBe(403);
  });
});

/** Each stands in one thing alone, so that a failure says what was found. */
describe("what is private or opens something", () => {
  const GIVEN = {
    "a caller's prompt": "canary-prompt-1f0b7c",
    "an agent's answer": "canary-answer-2a9d4e",
    "a session": "canary-session-3c8e5f",
    "an idempotency key": "canary-idempotency-4d7f60",
    "who a token is about": "canary-subject-5e6071@example.org",
    "an agent's secret": "canary-agent-secret-6f5182",
  };
  const AUDIENCE = "canaries";
  const PLAN = "canaries.tfplan";
  const canaries: Record<string, string> = { ...GIVEN, "cloudfront_origin_secret": NEXT, "cloudfront_origin_previous_secret": SECRET };
  let agent: AgentServer;
  let shown: { values: { root_module: { resources: { type: string; index?: string; values: { value?: string } }[] } } };
  /** Headers Authorization that the agent was sent. */
  const sent: (string | undefined)[] = [];
  let vars: string[];

  beforeAll(async () => {
    agent = await startAgentServer(({ authorization }) => {
      sent.push(authorization);
      return { kind: "answer", delayMs: 0, text: GIVEN["an agent's answer"] };
    });
    const secrets = new SecretsManagerClient({ endpoint: stack.emulator.endpoint, region: "us-east-1", credentials: ALICE });
    const { ARN: secretArn } = await secrets.send(new CreateSecretCommand({ Name: "agents/echo", SecretString: GIVEN["an agent's secret"] }));
    secrets.destroy();
    vars = [...REPLACED, `agents=${JSON.stringify([{ name: "echo", kind: "http", target: `${agent.url}/echo`, timeout_seconds: 10, phases: [1], secret_arn: secretArn }])}`];
  });
  afterAll(() => agent?.stop());

  /** A request of somebody through the distribution, to its end. */
  async function askedAs(caller: Record<string, string>): Promise<string> {
    const headers = { "content-type": "application/json", "x-quickturn-origin": NEXT, "idempotency-key": GIVEN["an idempotency key"], ...caller };
    const accepted = await fetch(`${runtime.url}/api/v1/invoke`, { method: "POST", headers, body: JSON.stringify({ prompt: GIVEN["a caller's prompt"], session_id: GIVEN["a session"] }) });
    const { request_id: requestId } = (await accepted.json()) as Accepted;
    for (let poll = 0; poll < 60; poll++) {
      const body = await (await fetch(`${runtime.url}/api/v1/status/${requestId}`, { headers })).text();
      if (body.includes('"completed"')) return body;
      await sleep(500);
    }
    throw new Error(`Request ${requestId} has not completed`);
  }

  test("reaches who it is for: the agent its secret, the caller the answer, with a token and with a key", async () => {
    canaries["a token"] = issuer.token(GIVEN["who a token is about"], AUDIENCE);
    await runtime.reload(await applied([...vars, "authorization=jwt", `jwt_issuer=${issuer.url}`, `jwt_audiences=["${AUDIENCE}"]`]));
    expect(await askedAs({ authorization: `Bearer ${canaries["a token"]}` })).toContain(GIVEN["an agent's answer"]);
    shown = (await applied([...vars, "authorization=api_key", 'api_key_names=["one"]'])) as typeof shown;
    canaries["an API key"] = shown.values.root_module.resources.find(({ type }) => type === "aws_api_gateway_api_key")!.values.value!;
    await runtime.reload(shown);
    expect(await askedAs({ "x-api-key": canaries["an API key"] })).toContain(GIVEN["an agent's answer"]);
    expect(sent).toEqual([GIVEN["an agent's secret"], GIVEN["an agent's secret"]]);
  });

  test("stands in no log, environment, alarm, dashboard, package or synthesized file; state and plans hold of it the distribution's secrets and the keys' values, and nothing else", async () => {
    const plan = await stack.plan({ vars: [...vars, "authorization=api_key", 'api_key_names=["one"]', "memory_size=1024"], refresh: false }, PLAN);
    const ofTypes = (pattern: RegExp) => {
      const found = Object.entries(stack.attributes()).filter(([address]) => pattern.test(address));
      expect(found.length).toBeGreaterThan(0);
      return JSON.stringify(found);
    };
    // Whatever is in the environment of who synthesizes, as pipelines have it.
    const environment = { ...process.env, ...Object.fromEntries(Object.entries(canaries).map(([name, value]) => [`TF_VAR_${name.replaceAll(/\W/g, "_")}`, value])), TF_VAR_cloudfront_origin_secret: NEXT, QUICKTURN_API_KEY: canaries["an API key"], QUICKTURN_TOKEN: canaries["a token"] };
    const outputDirectory = join(stack.folder, "canaries.out");
    await synth({ projectDirectory: PROJECT, environment, progress: SILENT, signal: new AbortController().signal }, { outputDirectory });
    const told = async (...file: string[]) => (await promisify(execFile)("terraform", ["show", "-no-color", ...file], { cwd: stack.directory, env: stack.environment, maxBuffer: 64 * 1024 * 1024 })).stdout;
    const forPeople = await told();
    const found = canariesIn(canaries, {
      "the state": textOf(join(stack.directory, "terraform.tfstate")),
      "the state before it": textOf(join(stack.directory, "terraform.tfstate.backup")),
      "the state for machines": JSON.stringify(shown),
      "the state for people": forPeople,
      "the plan": textOf(join(stack.directory, PLAN)),
      "the plan for machines": JSON.stringify(plan),
      "the plan for people": await told(PLAN),
      "an alarm": ofTypes(/^aws_cloudwatch_(metric|composite)_alarm\./),
      "a dashboard": ofTypes(/^aws_cloudwatch_dashboard\./),
      "a function's environment": ofTypes(/^aws_lambda_function\./),
      "the API's body": ofTypes(/^aws_api_gateway_rest_api\./),
      ...filesBelow(join(stack.folder, "logs"), "the log"),
      ...filesBelow(outputDirectory, "the synthesized"),
      ...filesBelow(join(PROJECT, "dist"), "dist/"),
    });
    const plans = ["the plan", "the plan for machines"];
    const states = ["the state", "the state for machines"];
    expect(found).toEqual([
      // AWS makes it, so it is in the state, and in what a plan starts from; its link to the usage plan has it unmarked.
      ...[...plans, ...states, "the state for people"].map((place) => `an API key in ${place}`),
      // A distribution's header has no write-only form.
      ...[...plans, ...states, "the state before it"].map((place) => `cloudfront_origin_secret in ${place}`),
      // A plan keeps every variable that it was made with; of this one the functions get a hash.
      ...plans.map((place) => `cloudfront_origin_previous_secret in ${place}`),
    ].sort());
    const unmarked = forPeople.split("# ").filter((block) => block.includes(canaries["an API key"]!)).map((block) => /^[\w.]+/.exec(block)?.[0]);
    expect(unmarked).toEqual([expect.stringMatching(/^aws_api_gateway_usage_plan_key\./)]);
  });
});
