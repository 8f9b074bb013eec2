import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CACHE_HEADER, startLocalRuntime, type LocalRuntime } from "../../scripts/emulator";
import { synth } from "../../scripts/kit/synth";
import { SILENT } from "../../scripts/kit/context";
import { startAgentServer, type AgentServer } from "../support/agent-server";
import { LocalIssuer } from "../support/local-issuer";
import { ALICE } from "../support/callers";
import { canariesIn, filesBelow, textOf } from "../support/canary-places";
import { PROJECT } from "../support/stack-json";
import { EmulatedStack } from "../support/emulated-stack";
import { NO_SCHEDULES, untilWorked } from "../support/until";

/**
 * The applied stack behind a distribution, and where its secrets and its callers' may be found. In order: each test
 * goes on from the settings of the one before.
 */

/** What the distribution shows to the API: first, and after it was replaced. */
const SECRET = "a-secret-of-forty-characters-or-so-12345";
const NEXT = "another-secret-of-forty-characters-12345";
const REPLACED = [
  "cloudfront_enabled=true",
  `cloudfront_origin_secret=${NEXT}`,
  `cloudfront_origin_previous_secret=${SECRET}`,
  "waf_enabled=true",
  "waf_rate_limit=500",
];

/** Each stands in one thing alone, so that a failure says what was found. */
const GIVEN = {
  "a caller's prompt": "canary-prompt-1f0b7c",
  "an agent's answer": "canary-answer-2a9d4e",
  "a session": "canary-session-3c8e5f",
  "an idempotency key": "canary-idempotency-4d7f60",
  "who a token is about": "canary-subject-5e6071@example.org",
  "an agent's secret": "canary-agent-secret-6f5182",
};
const AUDIENCE = "canaries";

interface Accepted {
  readonly request_id: string;
}

let agent: AgentServer;
/** Headers Authorization that the agent was sent. */
const shownToAgent = new Set<string | undefined>();
let stack: EmulatedStack;
let issuer: LocalIssuer;
let runtime: LocalRuntime;
/** The agents, as every apply has them. */
let agents: string;
/** Requests that were accepted for the worker. */
let sent = 0;

beforeAll(async () => {
  agent = await startAgentServer(({ authorization }) => {
    shownToAgent.add(authorization);
    return { kind: "answer", delayMs: 0, text: GIVEN["an agent's answer"] };
  });
  // What is cached stays: no answer is asked for before its request has ended.
  stack = await EmulatedStack.applied({ cache_ttl_in_seconds: 3_600 }, { firewall: true });
  issuer = await LocalIssuer.start({ directory: stack.folder, env: process.env });
  const secrets = new SecretsManagerClient({
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    credentials: ALICE,
  });
  const { ARN: secretArn } = await secrets.send(
    new CreateSecretCommand({ Name: "agents/echo", SecretString: GIVEN["an agent's secret"] }),
  );
  secrets.destroy();
  agents = `agents=${JSON.stringify([{ name: "echo", kind: "http", target: `${agent.url}/echo`, timeout_seconds: 600, phases: [1], secret_arn: secretArn }])}`;
});
afterAll(async () => {
  await runtime?.stop();
  await issuer?.stop();
  await agent?.stop();
  await stack?.stop();
});

/** Applies, and serves what was applied. */
async function serve(vars: readonly string[]): Promise<unknown> {
  await runtime?.beforeApply();
  await stack.flip([...vars, agents]);
  const state = await stack.terraform.show();
  if (runtime !== undefined) await runtime.reload(state);
  runtime ??= await startLocalRuntime({
    environment: process.env,
    state,
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE],
    workDirectory: stack.folder,
    processVariables: { NODE_EXTRA_CA_CERTS: issuer.certificate },
    timers: NO_SCHEDULES,
  });
  return state;
}

const send = (headers: Record<string, string>, path: string, init: RequestInit = {}) =>
  fetch(`${runtime.url}${path}`, { ...init, headers: { "content-type": "application/json", ...headers } });
const invoke = (headers: Record<string, string>, body: object = { prompt: "x" }) =>
  send(headers, "/api/v1/invoke", { method: "POST", body: JSON.stringify(body) });
const poll = (headers: Record<string, string>, requestId: string) => send(headers, `/api/v1/status/${requestId}`);

/** An invocation that is accepted. */
async function accepted(
  headers: Record<string, string>,
  body?: object,
): Promise<{ requestId: string; location: string | null }> {
  const answer = await invoke(headers, body);
  expect(answer.status).toBe(202);
  sent += 1;
  return { requestId: ((await answer.json()) as Accepted).request_id, location: answer.headers.get("location") };
}

describe("behind a distribution", () => {
  test("a weak secret is refused at plan, and printed nowhere", async () => {
    const refused = stack.plan({
      vars: ["cloudfront_enabled=true", "cloudfront_origin_secret=weak-canary"],
      refresh: false,
    });
    await expect(refused).rejects.toThrow(/The origin's secret is too weak/);
    await expect(refused).rejects.not.toThrow(/weak-canary/);
  });

  test("the plan warns that anyone may call, masks the secret, and the functions get only its hash", async () => {
    const vars = ["authorization=none", "cloudfront_enabled=true", `cloudfront_origin_secret=${SECRET}`];
    const plan = ["plan", "-no-color", "-input=false", "-refresh=false", ...vars.map((value) => `-var=${value}`)];
    const { stdout: shown } = await promisify(execFile)("terraform", plan, {
      cwd: stack.directory,
      env: stack.environment,
    });
    expect(shown).toContain("Warning: Check block assertion failed");
    expect(shown.replaceAll(/\s+/g, " ")).toContain("anyone who finds the URL may run the agents, at your cost");
    expect(shown).toContain("ORIGIN_SECRET_SHA256");
    expect(shown).not.toContain(SECRET);
    await serve(vars);
    expect(JSON.stringify(stack.attributes()["aws_lambda_function.api_function"])).not.toContain(SECRET);
  });

  test("a direct call is refused, one with the distribution's secret is answered, and the location has no stage", async () => {
    const direct = await invoke({});
    expect({ status: direct.status, body: await direct.json() }).toMatchObject({
      status: 403,
      body: { error: { code: "direct_access_refused" } },
    });
    expect((await invoke({ "x-quickturn-origin": "guess" })).status).toBe(403);
    expect((await accepted({ "x-quickturn-origin": SECRET })).location).toMatch(/^\/api\/v1\/status\/[0-9a-f-]{36}$/);
  });

  test("what is cached for the distribution is not given to a direct call", async () => {
    const { requestId } = await accepted({ "x-quickturn-origin": SECRET });
    await untilWorked(runtime, sent);
    expect((await poll({ "x-quickturn-origin": SECRET }, requestId)).status).toBe(200);
    expect((await poll({ "x-quickturn-origin": SECRET }, requestId)).headers.get(CACHE_HEADER)).toBe("hit");
    expect((await poll({}, requestId)).status).toBe(403);
  });
});

describe("what is private or opens something", () => {
  const PLAN = "canaries.tfplan";
  const canaries: Record<string, string> = {
    ...GIVEN,
    cloudfront_origin_secret: NEXT,
    cloudfront_origin_previous_secret: SECRET,
  };
  let shown: { values: { root_module: { resources: { type: string; index?: string; values: { value?: string } }[] } } };
  const KEYS = [...REPLACED, "authorization=api_key", 'api_key_names=["one"]'];

  /** A request of somebody through the distribution, and its end. */
  async function askedAs(caller: Record<string, string>): Promise<string> {
    const headers = { "x-quickturn-origin": NEXT, "idempotency-key": GIVEN["an idempotency key"], ...caller };
    const { requestId } = await accepted(headers, {
      prompt: GIVEN["a caller's prompt"],
      session_id: GIVEN["a session"],
    });
    await untilWorked(runtime, sent);
    return (await poll(headers, requestId)).text();
  }

  test("a new secret is taken before the distribution shows it, and the one until now as long as it still does", async () => {
    await serve([...REPLACED, "authorization=jwt", `jwt_issuer=${issuer.url}`, `jwt_audiences=["${AUDIENCE}"]`]);
    expect(stack.attributes()["aws_wafv2_web_acl.firewall_acl[0]"]).toBeDefined();
    expect(JSON.stringify(stack.attributes()["aws_lambda_function.api_function"])).not.toMatch(
      new RegExp(`${SECRET}|${NEXT}`),
    );
    const authorization = `Bearer ${(canaries["a token"] = issuer.token(GIVEN["who a token is about"], AUDIENCE))}`;
    for (const secret of [SECRET, NEXT]) await accepted({ authorization, "x-quickturn-origin": secret });
    const guessed = await invoke({ authorization, "x-quickturn-origin": "guess" });
    expect({ status: guessed.status, body: await guessed.json() }).toMatchObject({
      status: 403,
      body: { error: { code: "direct_access_refused" } },
    });
  });

  test("reaches who it is for: the caller with a token the answer", async () => {
    expect(await askedAs({ authorization: `Bearer ${canaries["a token"]}` })).toContain(GIVEN["an agent's answer"]);
  });

  test("reaches who it is for: the caller with a key the answer, and the agent its secret", async () => {
    shown = (await serve(KEYS)) as typeof shown;
    canaries["an API key"] = shown.values.root_module.resources.find(({ type }) => type === "aws_api_gateway_api_key")!
      .values.value!;
    expect(await askedAs({ "x-api-key": canaries["an API key"] })).toContain(GIVEN["an agent's answer"]);
    expect([...shownToAgent]).toEqual([GIVEN["an agent's secret"]]);
  });

  test("stands in no log, environment, alarm, dashboard, package or synthesized file; state and plans hold of it the distribution's secrets and the keys' values, and nothing else", async () => {
    const plan = await stack.plan({ vars: [...KEYS, agents, "memory_size=1024"], refresh: false }, PLAN);
    const ofTypes = (pattern: RegExp) => {
      const found = Object.entries(stack.attributes()).filter(([address]) => pattern.test(address));
      expect(found.length).toBeGreaterThan(0);
      return JSON.stringify(found);
    };
    // Whatever is in the environment of who synthesizes, as pipelines have it.
    const environment = {
      ...process.env,
      ...Object.fromEntries(
        Object.entries(canaries).map(([name, value]) => [`TF_VAR_${name.replaceAll(/\W/g, "_")}`, value]),
      ),
      TF_VAR_cloudfront_origin_secret: NEXT,
      QUICKTURN_API_KEY: canaries["an API key"],
      QUICKTURN_TOKEN: canaries["a token"],
    };
    const outputDirectory = join(stack.folder, "canaries.out");
    await synth(
      { projectDirectory: PROJECT, environment, progress: SILENT, signal: new AbortController().signal },
      { outputDirectory },
    );
    const told = async (...file: string[]) =>
      (
        await promisify(execFile)("terraform", ["show", "-no-color", ...file], {
          cwd: stack.directory,
          env: stack.environment,
          maxBuffer: 64 * 1024 * 1024,
        })
      ).stdout;
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
    expect(found).toEqual(
      [
        // AWS makes it, so it is in the state, and in what a plan starts from; its link to the usage plan has it
        // unmarked.
        ...[...plans, ...states, "the state for people"].map((place) => `an API key in ${place}`),
        // A distribution's header has no write-only form.
        ...[...plans, ...states, "the state before it"].map((place) => `cloudfront_origin_secret in ${place}`),
        // A plan keeps every variable that it was made with; of this one the functions get a hash.
        ...plans.map((place) => `cloudfront_origin_previous_secret in ${place}`),
      ].sort(),
    );
    const unmarked = forPeople
      .split("# ")
      .filter((block) => block.includes(canaries["an API key"]!))
      .map((block) => /^[\w.]+/.exec(block)?.[0]);
    expect(unmarked).toEqual([expect.stringMatching(/^aws_api_gateway_usage_plan_key\./)]);
  });
});
