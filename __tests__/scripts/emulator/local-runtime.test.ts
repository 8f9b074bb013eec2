import { createEmulatorClients } from "../../../scripts/emulator/local-runtime";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import {
  CACHE_HEADER,
  startLocalRuntime,
  type LocalRuntime,
  type LocalRuntimeOptions,
} from "../../../scripts/emulator";
import {
  ALICE,
  answering,
  BOB,
  folder,
  functionArn,
  integration,
  isAlive,
  lambda,
  methodSettings,
  NOWHERE,
  permission,
  REGION,
  resource,
  restApi,
  state,
  until,
  type Resource,
} from "./fixtures";

const run = promisify(execFile);
const started: LocalRuntime[] = [];
let directory: string;

beforeEach(() => {
  directory = folder();
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((runtime) => runtime.stop()));
});

async function start(applied: unknown, options: Partial<LocalRuntimeOptions> = {}): Promise<LocalRuntime> {
  const beganAtMs = Date.now();
  const runtime = await startLocalRuntime({
    environment: process.env,
    state: applied,
    now: () => beganAtMs,
    moduleDirectory: directory,
    endpoint: NOWHERE,
    region: REGION,
    callers: [ALICE, BOB],
    workDirectory: join(directory, "work"),
    ...options,
  });
  started.push(runtime);
  return runtime;
}

async function get(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** Real curl with its own SigV4. */
async function curl(
  url: string,
  caller: { accessKeyId: string; secretAccessKey: string } | undefined,
  ...extra: string[]
): Promise<{ status: number; body: string; cache: string }> {
  const signing =
    caller === undefined
      ? []
      : ["--aws-sigv4", `aws:amz:${REGION}:execute-api`, "--user", `${caller.accessKeyId}:${caller.secretAccessKey}`];
  const { stdout } = await run("curl", [
    "-s",
    "--noproxy",
    "*",
    "-w",
    `\n%{http_code} %header{${CACHE_HEADER}}`,
    ...signing,
    ...extra,
    url,
  ]);
  const [status = "", cache = ""] = stdout.slice(stdout.lastIndexOf("\n") + 1).split(" ");
  return { status: Number(status), body: stdout.slice(0, stdout.lastIndexOf("\n")), cache };
}

/** A GET that an SDK's signer has signed. */
async function signedGet(
  url: string,
  caller: { accessKeyId: string; secretAccessKey: string },
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; cache: string; headers: Headers }> {
  const { host, hostname, pathname: path } = new URL(url);
  const signer = new SignatureV4({
    credentials: caller,
    region: REGION,
    service: "execute-api",
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.sign({
    method: "GET",
    protocol: "http:",
    hostname,
    path,
    query: {},
    headers: { host, ...headers },
  });
  const answer = await get(url, signed.headers);
  return { ...answer, cache: answer.headers.get(CACHE_HEADER) ?? "" };
}

/** Code of a handler that waits until {@link letGo} is called. */
const HELD = `while (!existsSync(process.env.LET_GO)) await new Promise((go) => setTimeout(go, 5));`;
const held = (code: string) => `import { existsSync } from "node:fs";\n${code}`;
const letGoPath = () => join(directory, "let-go");
const letGo = () => writeFileSync(letGoPath(), "");

const OPEN = { "/echo": { get: { ...integration() } } };
const STATUS_PATH = "/api/v1/status/{request_id}";

function signedStatus(cacheKeyParameters: string[]): Record<string, unknown> {
  const requestParameters = { "integration.request.header.X-Caller": "context.identity.userArn" };
  return {
    [STATUS_PATH]: {
      get: { security: [{ sigv4: [] }], ...integration("api", { cacheKeyParameters, requestParameters }) },
    },
  };
}

function cachedStatus(cacheKeyParameters: string[], settings: Record<string, unknown> = {}): Resource[] {
  const code = answering("{ for: event.requestContext.identity.userArn, id: event.pathParameters.request_id, calls }");
  return [
    ...restApi({ paths: signedStatus(cacheKeyParameters) }, { cache_cluster_enabled: true, cache_cluster_size: "0.5" }),
    methodSettings("api/v1/status/{request_id}/GET", { caching_enabled: true, cache_ttl_in_seconds: 5, ...settings }),
    ...lambda(directory, { code }),
    permission("api"),
  ];
}

describe("a request", () => {
  test("runs the applied zip with the applied variables and the event of a proxy integration", async () => {
    const code = answering(
      "{ name: process.env.GREETING, resource: event.resource, path: event.path, " +
        "query: event.queryStringParameters, stage: event.requestContext.stage }",
    );
    const { url } = await start(
      state(
        restApi({ paths: OPEN }),
        lambda(directory, { code, environment: { GREETING: "hello" } }),
        permission("api"),
      ),
    );
    const answer = await get(`${url}/echo?x=1&x=2`);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      name: "hello",
      resource: "/echo",
      path: "/echo",
      query: { x: "2" },
      stage: "local",
    });
    expect(answer.headers.get(CACHE_HEADER)).toBe("off");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/local$/);
  });

  test("to an unknown path, method or stage is answered 403, as a REST API does", async () => {
    const { url } = await start(
      state(restApi({ paths: OPEN }), lambda(directory, { code: answering("1") }), permission("api")),
    );
    for (const path of ["/nothing", "/echo/more", "/../other/echo"]) {
      expect(await get(url + path)).toMatchObject({ status: 403, body: '{"message":"Missing Authentication Token"}' });
    }
    expect((await fetch(`${url}/echo`, { method: "DELETE" })).status).toBe(403);
  });

  test("is answered 500 where no permission lets the gateway invoke the alias", async () => {
    const { url } = await start(
      state(
        restApi({ paths: OPEN }),
        lambda(directory, { code: answering("1") }),
        permission("api", "events.amazonaws.com"),
      ),
    );
    expect(await get(`${url}/echo`)).toMatchObject({ status: 500, body: '{"message":"Internal server error"}' });
  });

  test("is answered 502 where the function fails or answers otherwise, and 500 where it is throttled", async () => {
    const code = `export const handler = async (event) => {
      if (event.queryStringParameters) throw new Error("broken");
      return "not a proxy response";
    };`;
    const api = restApi({ paths: OPEN });
    const runtime = await start(state(api, lambda(directory, { code }), permission("api")));
    expect((await get(`${runtime.url}/echo`)).status).toBe(502);
    expect(await get(`${runtime.url}/echo?throw=1`)).toMatchObject({
      status: 502,
      body: '{"message":"Internal server error"}',
    });
    await runtime.reload(state(api, lambda(directory, { code, reserved: 0 }), permission("api")));
    expect((await get(`${runtime.url}/echo`)).status).toBe(500);
    expect(runtime.statistics().functions.api).toMatchObject({ invocations: 2, errors: 1, throttles: 1 });
  });

  test("is answered 504 after the integration's time-out, while the function runs on", async () => {
    const code = held(`export const handler = async () => { ${HELD} return { statusCode: 200 }; };`);
    const paths = { "/echo": { get: integration("api", { timeoutInMillis: 50 }) } };
    const runtime = await start(
      state(restApi({ paths }), lambda(directory, { code, environment: { LET_GO: letGoPath() } }), permission("api")),
    );
    expect(await get(`${runtime.url}/echo`)).toMatchObject({
      status: 504,
      body: '{"message":"Endpoint request timed out"}',
    });
    await until(() => runtime.environments.some(({ busy }) => busy));
    letGo();
    await until(() => runtime.statistics().functions.api?.invocations === 1);
    expect(runtime.statistics().functions.api).toMatchObject({ invocations: 1, errors: 0 });
  });

  test("of more than 10 MB is answered 413 and never reaches the function", async () => {
    const paths = { "/echo": { post: integration() } };
    const runtime = await start(
      state(restApi({ paths }), lambda(directory, { code: answering("1") }), permission("api")),
    );
    const response = await fetch(`${runtime.url}/echo`, { method: "POST", body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect(response.status).toBe(413);
    expect(runtime.statistics().functions).toEqual({});
  });

  test("writes one line of the applied access log format", async () => {
    const stage = {
      access_log_settings: [
        {
          format:
            '{"m":"$context.httpMethod","r":"$context.resourcePath","s":$context.status,' +
            '"u":"$context.identity.userAgent","e":"$context.error.message"}',
        },
      ],
    };
    const runtime = await start(
      state(restApi({ paths: OPEN }, stage), lambda(directory, { code: answering("1") }), permission("api")),
    );
    await get(`${runtime.url}/echo`, { "user-agent": 'a "quoted" agent' });
    await get(`${runtime.url}/nothing`, { "user-agent": "b" });
    await runtime.stop();
    const lines = readFileSync(join(directory, "work", "logs", "access.log"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { m: "GET", r: "/echo", s: 200, u: 'a "quoted" agent', e: "-" },
      { m: "GET", r: "-", s: 403, u: "b", e: "Missing Authentication Token" },
    ]);
  });
});

describe("Signature Version 4", () => {
  const paths = {
    "/api/v1/invoke": {
      post: { security: [{ sigv4: [] }], ...integration() },
      get: { security: [{ sigv4: [] }], ...integration() },
    },
  };
  const code = answering(
    "{ caller: event.requestContext.identity.caller, arn: event.requestContext.identity.userArn, body: event.body, " +
      "authorization: Object.keys(event.headers).some((name) => /^authorization$/i.test(name)) }",
  );
  const applied = () => state(restApi({ paths }), lambda(directory, { code }), permission("api"));

  test("of curl is accepted for GET and for POST with a body", async () => {
    const { url } = await start(applied());
    const read = await curl(`${url}/api/v1/invoke?a=1`, ALICE);
    expect(read.status).toBe(200);
    expect(JSON.parse(read.body)).toEqual({
      caller: "AIDAALICE",
      arn: "arn:aws:iam::123456789012:user/alice",
      body: null,
      authorization: false,
    });
    const written = await curl(
      `${url}/api/v1/invoke`,
      BOB,
      "-X",
      "POST",
      "-H",
      "Content-Type: application/json",
      "-d",
      '{"prompt":"häuser"}',
    );
    expect(JSON.parse(written.body)).toMatchObject({ caller: "AIDABOB", body: '{"prompt":"häuser"}' });
  });

  test("is refused where it is missing, wrong, or of an unknown key", async () => {
    const runtime = await start(applied());
    const invoke = `${runtime.url}/api/v1/invoke`;
    expect(await curl(invoke, undefined)).toMatchObject({
      status: 403,
      body: '{"message":"Missing Authentication Token"}',
    });
    const wrong = await curl(invoke, { ...ALICE, secretAccessKey: "guess" });
    expect(wrong).toMatchObject({ status: 403 });
    expect(wrong.body).toContain("The request signature we calculated does not match the signature you provided.");
    expect((await curl(invoke, { accessKeyId: "AKIDEVE", secretAccessKey: "x" })).body).toContain(
      "The security token included in the request is invalid.",
    );
    expect(runtime.statistics().functions).toEqual({});
  });

  test("is refused five minutes after its date", async () => {
    const { url } = await start(applied(), { now: () => Date.now() + 6 * 60_000 });
    const late = await signedGet(`${url}/api/v1/invoke`, ALICE);
    expect(late.status).toBe(403);
    expect(late.body).toContain("Signature expired");
  });
});

describe("an API key", () => {
  const keys = [
    resource("aws_api_gateway_api_key", "on", { id: "k1", value: "good-key-0123456789abc", enabled: true }),
    resource("aws_api_gateway_api_key", "off", { id: "k2", value: "disabled-key-012345678", enabled: false }),
    resource("aws_api_gateway_usage_plan", "plan", {
      id: "p1",
      api_stages: [{ api_id: "api1", stage: "local" }],
      quota_settings: [{ limit: 2, period: "DAY" }],
      throttle_settings: [],
    }),
    ...["k1", "k2"].map((id) => resource("aws_api_gateway_usage_plan_key", id, { key_id: id, usage_plan_id: "p1" })),
  ];
  const paths = { "/echo": { get: { security: [{ api_key: [] }], ...integration() } } };

  test("has to be applied, enabled and in a usage plan of the stage, and is refused past its quota", async () => {
    const code = answering("event.requestContext.identity.apiKeyId");
    const { url } = await start(state(restApi({ paths }), lambda(directory, { code }), permission("api"), keys));
    expect(await get(`${url}/echo`)).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
    expect((await get(`${url}/echo`, { "x-api-key": "disabled-key-012345678" })).status).toBe(403);
    const good = { "x-api-key": "good-key-0123456789abc" };
    expect(await get(`${url}/echo`, good)).toMatchObject({ status: 200, body: '"k1"' });
    expect((await get(`${url}/echo`, good)).status).toBe(200);
    expect(await get(`${url}/echo`, good)).toMatchObject({ status: 429, body: '{"message":"Limit Exceeded"}' });
  });
});

describe("limits and validation", () => {
  test("a method's token bucket answers 429 and fills again", async () => {
    let now = Date.now();
    const settings = methodSettings("*/*", { throttling_rate_limit: 1, throttling_burst_limit: 2 });
    const { url } = await start(
      state(restApi({ paths: OPEN }), settings, lambda(directory, { code: answering("1") }), permission("api")),
      { now: () => now },
    );
    const statuses = async () => [
      (await get(`${url}/echo`)).status,
      (await get(`${url}/echo`)).status,
      (await get(`${url}/echo`)).status,
    ];
    expect(await statuses()).toEqual([200, 200, 429]);
    now += 1_000;
    expect(await statuses()).toEqual([200, 429, 429]);
  });

  test("a bad body and a missing parameter are answered by the applied gateway responses", async () => {
    const schema = { type: "object", required: ["prompt"], properties: { prompt: { type: "string", minLength: 1 } } };
    const document = {
      components: { schemas: { Invoke: schema } },
      "x-amazon-apigateway-request-validators": { all: { validateRequestBody: true, validateRequestParameters: true } },
      "x-amazon-apigateway-request-validator": "all",
      "x-amazon-apigateway-gateway-responses": {
        BAD_REQUEST_BODY: {
          statusCode: 422,
          responseTemplates: {
            "application/json": '{"error":$context.error.messageString,"why":"$context.error.validationErrorString"}',
          },
          responseParameters: { "gatewayresponse.header.Cache-Control": "'no-store'" },
        },
      },
      paths: {
        "/invoke": {
          post: {
            parameters: [{ name: "X-Tenant", in: "header", required: true }],
            requestBody: {
              required: true,
              content: { "application/json": { schema: { $ref: "#/components/schemas/Invoke" } } },
            },
            ...integration(),
          },
        },
      },
    };
    const runtime = await start(
      state(restApi(document), lambda(directory, { code: answering("1") }), permission("api")),
    );
    const post = (body: string, headers: Record<string, string>) =>
      fetch(`${runtime.url}/invoke`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      });
    const missing = await post('{"prompt":"x"}', {});
    expect([missing.status, await missing.text()]).toEqual([
      400,
      '{"message":"Missing required request parameters: [X-Tenant]"}',
    ]);
    const bad = await post("{}", { "x-tenant": "t" });
    expect([bad.status, bad.headers.get("cache-control")]).toEqual([422, "no-store"]);
    expect(await bad.json()).toEqual({
      error: "Invalid request body",
      why: "[object must have required property 'prompt']",
    });
    expect((await post('{"prompt":"x"}', { "x-tenant": "t" })).status).toBe(200);
    expect(runtime.statistics().routes["POST /invoke"]).toMatchObject({
      requests: 3,
      integrationCalls: 1,
      responses: { 200: 1, 400: 1, 422: 1 },
    });
  });
});

describe("the cache", () => {
  const KEYS = ["method.request.path.request_id", "integration.request.header.X-Caller"];

  test("answers within its time, never another caller, and asks again after it", async () => {
    let now = Date.now();
    const runtime = await start(state(cachedStatus(KEYS)), { now: () => now });
    const status = `${runtime.url}/api/v1/status/r1`;
    expect(
      [await signedGet(status, ALICE), await signedGet(status, ALICE), await signedGet(status, BOB)].map(
        ({ cache, body }) => [cache, (JSON.parse(body) as { for: string }).for],
      ),
    ).toEqual([
      ["miss", "arn:aws:iam::123456789012:user/alice"],
      ["hit", "arn:aws:iam::123456789012:user/alice"],
      ["miss", "arn:aws:iam::123456789012:user/bob"],
    ]);
    now += 4_999;
    expect((await signedGet(status, ALICE)).cache).toBe("hit");
    now += 1;
    expect((await signedGet(status, ALICE)).cache).toBe("miss");
    expect(runtime.statistics().routes[`GET ${STATUS_PATH}`]).toMatchObject({
      requests: 5,
      cacheHits: 2,
      cacheMisses: 3,
      integrationCalls: 3,
    });
  });

  test("is never reached without a valid signature", async () => {
    const runtime = await start(state(cachedStatus(KEYS)));
    const status = `${runtime.url}/api/v1/status/r1`;
    await signedGet(status, ALICE);
    expect((await get(status)).status).toBe(403);
    expect((await signedGet(status, { ...ALICE, secretAccessKey: "guess" })).status).toBe(403);
  });

  test("shows a caller the answer of another one where the key does not include the caller", async () => {
    const runtime = await start(state(cachedStatus(["method.request.path.request_id"])));
    await signedGet(`${runtime.url}/api/v1/status/r1`, ALICE);
    const leaked = await signedGet(`${runtime.url}/api/v1/status/r1`, BOB);
    expect([leaked.cache, (JSON.parse(leaked.body) as { for: string }).for]).toEqual([
      "hit",
      "arn:aws:iam::123456789012:user/alice",
    ]);
  });

  test("is not bypassed by Cache-Control, and sends the warning only where that is applied", async () => {
    const strategy = (value: string) =>
      state(
        cachedStatus(KEYS, {
          require_authorization_for_cache_control: true,
          unauthorized_cache_control_header_strategy: value,
        }),
      );
    const runtime = await start(strategy("SUCCEED_WITHOUT_RESPONSE_HEADER"));
    const status = `${runtime.url}/api/v1/status/r1`;
    const flood = () => signedGet(status, ALICE, { "cache-control": "max-age=0" });
    for (let request = 0; request < 10; request += 1) expect((await flood()).headers.get("warning")).toBeNull();
    expect(runtime.statistics().functions.api!.invocations).toBe(1);
    await runtime.reload(strategy("SUCCEED_WITH_RESPONSE_HEADER"));
    expect((await flood()).headers.get("warning")).toBe(
      "199 Cache-control headers were ignored because the caller was unauthorized.",
    );
    await runtime.reload(strategy("FAIL_WITH_403"));
    expect((await flood()).status).toBe(403);
    await runtime.reload(state(cachedStatus(KEYS, { require_authorization_for_cache_control: false })));
    expect((await flood()).cache).toBe("miss");
    expect(runtime.statistics().functions.api!.invocations).toBe(2);
  });

  test("loses its entries when the cluster is switched off and on, and does nothing while it is off", async () => {
    const on = cachedStatus(KEYS);
    const off = on.map((entry) =>
      entry.type === "aws_api_gateway_stage"
        ? { ...entry, values: { ...entry.values, cache_cluster_enabled: false } }
        : entry,
    );
    const runtime = await start(state(on));
    const status = `${runtime.url}/api/v1/status/r1`;
    await signedGet(status, ALICE);
    await runtime.reload(state(on));
    expect((await signedGet(status, ALICE)).cache).toBe("hit");
    await runtime.reload(state(off));
    expect((await signedGet(status, ALICE)).cache).toBe("off");
    await runtime.reload(state(on));
    expect((await signedGet(status, ALICE)).cache).toBe("miss");
  });
});

describe("a reload", () => {
  test("keeps the port, drains the warm environments, and lets a request under way end", async () => {
    const api = restApi({ paths: OPEN });
    const environment = { LET_GO: letGoPath() };
    const slow = (mark: string) =>
      held(
        `export const handler = async (event) => {
          if (event.queryStringParameters) { ${HELD} }
          return { statusCode: 200, body: "${mark}" };
        };`,
      );
    const runtime = await start(state(api, lambda(directory, { code: slow("one"), environment }), permission("api")));
    const { url } = runtime;
    await get(`${url}/echo`);
    const [warm] = runtime.environments.map(({ pid }) => pid);
    const underWay = get(`${url}/echo?slow=1`);
    await until(() => runtime.statistics().routes["GET /echo"]?.integrationCalls === 2);
    await runtime.reload(
      state(api, lambda(directory, { code: slow("two"), version: "2", environment }), permission("api")),
    );
    expect(runtime.url).toBe(url);
    expect((await get(`${url}/echo`)).body).toBe("two");
    letGo();
    expect((await underWay).body).toBe("one");
    await until(() => !isAlive(warm!));
    expect(runtime.statistics().functions.api).toMatchObject({ coldStarts: 2, versions: { 1: 2, 2: 1 } });
  });

  test("that fails leaves the earlier configuration in place", async () => {
    const runtime = await start(
      state(restApi({ paths: OPEN }), lambda(directory, { code: answering("1") }), permission("api")),
    );
    await expect(runtime.reload({ values: {} })).rejects.toThrow("values.root_module is missing");
    expect((await get(`${runtime.url}/echo`)).status).toBe(200);
  });
});

describe("the runtime", () => {
  test("refuses an endpoint that is not loopback", async () => {
    await expect(start(state(), { endpoint: "https://lambda.us-east-1.amazonaws.com" })).rejects.toThrow(
      'endpoint is "https://lambda.us-east-1.amazonaws.com", and the local runtime works on loopback only',
    );
  });

  test("reports what the state lacks", async () => {
    await expect(start(state())).rejects.toThrow(
      "exactly one aws_api_gateway_rest_api; the applied state holds 0: none",
    );
  });

  test("fires an applied schedule at its alias", async () => {
    const ticks: (() => void)[] = [];
    const timers = { every: (_ms: number, callback: () => void) => (ticks.push(callback), () => undefined) };
    const rule = "arn:aws:events:us-east-1:123456789012:rule/beat";
    const code = `export const handler = async (event) => {
      console.log("beat " + event["detail-type"] + " " + event.resources);
    };`;
    const runtime = await start(
      state(
        restApi({ paths: OPEN }),
        lambda(directory, { code }),
        permission("api"),
        permission("api", "events.amazonaws.com", rule),
        resource("aws_cloudwatch_event_rule", "beat", {
          name: "beat",
          arn: rule,
          schedule_expression: "rate(5 minutes)",
          state: "ENABLED",
        }),
        resource("aws_cloudwatch_event_target", "beat", { rule: "beat", arn: functionArn("api") }),
      ),
      { timers },
    );
    ticks.forEach((tick) => tick());
    const log = join(directory, "work", "logs", "api.log");
    await until(() => existsSync(log) && readFileSync(log, "utf8").includes("REPORT"));
    expect(readFileSync(log, "utf8")).toContain(`beat Scheduled Event ${rule}`);
    expect(runtime.statistics().functions.api!.invocations).toBe(1);
  });

  test("leaves no process and no server behind, even where a function is busy", async () => {
    const code = `export const handler = () => new Promise(() => setInterval(() => undefined, 1_000));`;
    const runtime = await start(state(restApi({ paths: OPEN }), lambda(directory, { code }), permission("api")));
    const { url } = runtime;
    const pending = get(`${url}/echo`).catch((error: unknown) => error);
    await until(() => runtime.environments.length > 0);
    const pids = runtime.environments.map(({ pid }) => pid);
    await runtime.stop();
    expect(pids.map(isAlive)).toEqual([false]);
    expect(await pending).toMatchObject({ message: "fetch failed" });
    await expect(get(`${url}/echo`)).rejects.toThrow("fetch failed");
    await runtime.stop();
  });
});

test("the clients call the given endpoint, with credentials that open nothing", async () => {
  process.env.AWS_ENDPOINT_URL = "http://10.1.2.3";
  try {
    const { lambda, sqs, destroy } = createEmulatorClients("http://127.0.0.1:5000", "us-east-1");
    for (const client of [lambda, sqs]) {
      expect(await client.config.endpoint?.()).toMatchObject({ hostname: "127.0.0.1", port: 5000 });
      expect(await client.config.credentials()).toMatchObject({ accessKeyId: "local", secretAccessKey: "local" });
    }
    destroy();
  } finally {
    delete process.env.AWS_ENDPOINT_URL;
  }
});
