import { readFileSync, readdirSync } from "node:fs";
import { CACHE_HEADER, startLocalRuntime, type LocalRuntime } from "../../scripts/emulator";
import { AgentApiClient } from "../../scripts/kit/api-client";
import { startAgentServer, type AgentServer } from "../support/agent-server";
import { LocalIssuer, SigningKey } from "../support/local-issuer";
import { ALICE } from "../support/callers";
import { EmulatedStack } from "../support/emulated-stack";
import { NO_SCHEDULES, until, untilWorked } from "../support/until";

/** Callers with tokens of an issuer, on the applied stack. In order: each test goes on from the one before. */

const AUDIENCE = "agents";
const UNKNOWN = "00000000-0000-4000-8000-000000000000";
let agent: AgentServer;
let stack: EmulatedStack;
let issuer: LocalIssuer;
let runtime: LocalRuntime;
/** Requests that were accepted for the worker. */
let sent = 0;

beforeAll(async () => {
  // Answers what it is asked: each result is its caller's own.
  agent = await startAgentServer(({ prompt }) => ({ kind: "answer", delayMs: 0, text: prompt }));
  stack = await EmulatedStack.applied({
    agents: [{ name: "echo", kind: "http", target: `${agent.url}/echo`, timeout_seconds: 600, phases: [1] }],
  });
  issuer = await LocalIssuer.start({ directory: stack.folder, env: process.env });
});
beforeAll(async () => {
  await stack.flip(tokens());
  runtime = await startLocalRuntime({
    environment: process.env,
    state: await stack.terraform.show(),
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE],
    workDirectory: stack.folder,
    processVariables: { NODE_EXTRA_CA_CERTS: issuer.certificate },
    timers: NO_SCHEDULES,
  });
});
afterAll(async () => {
  await runtime?.stop();
  await issuer?.stop();
  await agent?.stop();
  await stack?.stop();
});

/** What is cached stays: no answer is asked for before its request has ended. */
const tokens = (...more: string[]) => [
  "authorization=jwt",
  `jwt_issuer=${issuer.url}`,
  `jwt_audiences=["${AUDIENCE}"]`,
  "jwt_clock_skew_in_seconds=0",
  "cache_ttl_in_seconds=3600",
  ...more,
];
const nowSeconds = () => Math.floor(Date.now() / 1_000);
const START = nowSeconds();
let made = 0;
/** Each with an end of its own, as the cache's key has it. */
const tokenOf = (subject: string, claims: Record<string, unknown> = {}) =>
  issuer.token(subject, AUDIENCE, { exp: START + 7_200 + (made += 1), ...claims });
const alice = (claims: Record<string, unknown> = {}) => tokenOf("alice@example.org", claims);
const bob = () => tokenOf("bob@example.org");
const asked = () => runtime.statistics().functions["quickturn-dev-authorizer"]?.invocations ?? 0;

async function applied(vars: readonly string[]) {
  await runtime.beforeApply();
  const changes = await stack.flip(vars);
  await runtime.reload(await stack.terraform.show());
  return changes;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error?: { readonly code: string } };
  readonly cache: string | null;
  readonly headers: Headers;
}

async function send(token: string | undefined, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${runtime.url}${path}`, {
    ...init,
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: token.includes(" ") ? token : `Bearer ${token}` }),
    },
  });
  return {
    status: response.status,
    body: (await response.json()) as Answer["body"],
    cache: response.headers.get(CACHE_HEADER),
    headers: response.headers,
  };
}
const poll = (token: string | undefined, id = UNKNOWN) => send(token, `/api/v1/status/${id}`);
async function invoke(token: string | undefined, prompt = "the answer"): Promise<Answer> {
  const answer = await send(token, "/api/v1/invoke", { method: "POST", body: JSON.stringify({ prompt }) });
  if (answer.status === 202) sent += 1;
  return answer;
}

let requestId: string;
/** A token signed before the issuer took a new key. */
let oldKeys: string;

test("a caller with a token invokes and polls, and another's poll gets 404, cold and cached", async () => {
  const token = alice();
  const accepted = await invoke(token);
  expect(accepted.status).toBe(202);
  requestId = accepted.body["request_id"] as string;
  expect((await poll(bob(), requestId)).status).toBe(404);
  await untilWorked(runtime, sent);
  const mine = await poll(token, requestId);
  expect(mine.body["status"]).toBe("completed");
  expect(JSON.stringify(mine.body)).toContain("the answer");
  const other = bob();
  const [hit, theirs, again] = [
    await poll(token, requestId),
    await poll(other, requestId),
    await poll(other, requestId),
  ];
  expect([hit.status, hit.cache]).toEqual([200, "hit"]);
  expect([theirs.status, theirs.cache]).toEqual([404, "miss"]);
  expect(JSON.stringify([theirs.body, again.body])).not.toContain("the answer");
  expect(again.status).toBe(404);
});

test("the authorizer is asked once a token, whatever the route, and another token of the same caller shares nothing but the caller", async () => {
  const token = alice();
  const before = asked();
  const answers = [await poll(token, requestId), await invoke(token), await poll(token, requestId)];
  expect(answers.map(({ status, cache }) => [status, cache])).toEqual([
    [200, "miss"],
    [202, "off"],
    [200, "hit"],
  ]);
  expect(asked() - before).toBe(1);
});

test.each([
  ["no token", () => undefined, 401],
  ["no bearer token", () => "Basic abc", 401],
  ["a key as a token", () => "abc", 401],
  ["half a token", () => alice().slice(0, -30).split(".").slice(0, 2).join("."), 401],
])("%s gets 401 as JSON without the authorizer", async (_what, token, status) => {
  const before = asked();
  for (const answer of [await poll(token(), requestId), await invoke(token())]) {
    expect(answer.status).toBe(status);
    expect(answer.body.error?.code).toBe("unauthorized");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  }
  expect(asked()).toBe(before);
});

test.each([
  ["for another audience", () => issuer.token("alice@example.org", "elsewhere")],
  ["of another issuer", () => alice({ iss: "https://issuer.example" })],
  ["that has expired", () => alice({ exp: nowSeconds() - 1 })],
  ["that begins tomorrow", () => alice({ nbf: nowSeconds() + 86_400 })],
  [
    "signed by somebody else",
    () =>
      new SigningKey("key-1").token({
        iss: issuer.url,
        sub: "alice@example.org",
        aud: AUDIENCE,
        exp: nowSeconds() + 60,
      }),
  ],
  ["signed with nothing", () => `${Buffer.from('{"alg":"none"}').toString("base64url")}.${alice().split(".")[1]}.x`],
])("a token %s gets 401", async (_what, token) => {
  const answer = await poll(token(), requestId);
  expect([answer.status, answer.body.error?.code]).toEqual([401, "unauthorized"]);
});

test("health stays open", async () => {
  expect((await send(undefined, "/api/v1/health")).status).toBe(200);
});

/** A token that the authorizer accepted a moment before its end; on a busy machine one that lasts longer. */
async function acceptedBriefly(seconds = 2): Promise<{ token: string; exp: number }> {
  const exp = nowSeconds() + seconds;
  const token = alice({ exp });
  return (await poll(token)).status === 404 ? { token, exp } : acceptedBriefly(seconds * 2);
}

test("a token that ends while the gateway still keeps the authorizer's answer is refused by the front door, and not for the caller's next token", async () => {
  const { token: brief, exp } = await acceptedBriefly();
  await until("the token has ended", () => Date.now() > exp * 1_000);
  const before = asked();
  const other = "00000000-0000-4000-8000-000000000001";
  const late = await poll(brief, other);
  expect([late.status, late.body.error?.code, asked() - before]).toEqual([401, "token_expired", 0]);
  const next = await poll(alice(), other);
  expect([next.status, next.cache]).toEqual([404, "miss"]);
});

describe("two callers who poll each other's requests at the same time", () => {
  interface Owned {
    readonly id: string;
    readonly token: string;
    readonly secret: string;
  }
  let requests: Owned[];
  const polled = (asker: string) =>
    Promise.all(
      requests.map(async (request) => ({
        request,
        isOwn: request.token === asker,
        answer: await poll(asker, request.id),
      })),
    );
  const polledByBoth = async () =>
    (await Promise.all([...new Set(requests.map(({ token }) => token))].map(polled))).flat();
  const shows = ({ request, answer }: { request: Owned; answer: Answer }) =>
    JSON.stringify(answer.body).includes(request.secret);

  beforeAll(async () => {
    requests = await Promise.all(
      [alice(), bob()].flatMap((token, caller) =>
        [0, 1].map(async (number) => {
          const secret = `secret-${number}-of-caller-${caller}.`;
          return { token, secret, id: String((await invoke(token, secret)).body["request_id"]) };
        }),
      ),
    );
    await untilWorked(runtime, sent);
  });

  test("see nothing of each other, from the store and from the cache", async () => {
    const [first, ...later] = [
      await polledByBoth(),
      await polledByBoth(),
      ...(await Promise.all(Array.from({ length: 10 }, polledByBoth))),
    ];
    expect(first).toHaveLength(8);
    expect(later.flat().map(({ answer }) => answer.cache)).toEqual(Array(88).fill("hit"));
    for (const each of [...first!, ...later.flat()])
      expect([each.answer.status, shows(each)]).toEqual(each.isOwn ? [200, true] : [404, false]);
  });

  test("and are found out once the caller is taken out of the cache's key", async () => {
    const applied = await stack.terraform.show();
    const shown = structuredClone(applied) as {
      values: { root_module: { resources: { type: string; values: { body?: string } }[] } };
    };
    const api = shown.values.root_module.resources.find(({ type }) => type === "aws_api_gateway_rest_api")!;
    const keyed = /"integration\.request\.header\.x-quickturn-(caller|token-end)",?(?=["\]])/g;
    expect(api.values.body!.match(keyed)).toHaveLength(2);
    api.values.body = api.values
      .body!.replace(keyed, "")
      .replace('"method.request.path.request_id",]', '"method.request.path.request_id"]');
    await runtime.reload(shown);
    for (const { token, id } of requests) await poll(token, id);
    const leaks = (await polledByBoth()).filter((each) => !each.isOwn && each.answer.status === 200 && shows(each));
    expect(leaks).toHaveLength(4);
    await runtime.reload(applied);
  });
});

test("tokens of a key that is not known have the keys fetched once at most, and disturb nobody", async () => {
  const { keySets } = issuer.statistics;
  oldKeys = alice({ scope: "agents.run", jti: "old" });
  issuer.rotate();
  const early: Answer[] = [];
  for (let index = 0; index < 10; index++) early.push(await poll(alice({ jti: `early-${index}` })));
  // Where the last fetch was a minute ago, the new key is found at once.
  expect(new Set(early.map(({ status }) => [401, 404].includes(status)))).toEqual(new Set([true]));
  expect(issuer.statistics.keySets - keySets).toBeLessThanOrEqual(1);
  expect((await poll(oldKeys)).status).toBe(404);
});

test("while the issuer cannot be reached a new environment answers 503 and blames no token", async () => {
  issuer.fault = "down";
  await applied(tokens('jwt_scopes=["agents.run"]'));
  const answer = await poll(alice({ scope: "agents.run" }), requestId);
  expect([answer.status, answer.body.error?.code, answer.headers.get("retry-after")]).toEqual([
    503,
    "service_unavailable",
    "1",
  ]);
  issuer.fault = undefined;
  await until(
    "the keys are fetched",
    async () => (await poll(alice({ scope: "agents.run" }), requestId)).status !== 503,
  );
});

test("a scope that is missing gets 403, one that is there passes, and neither the token nor who it is about stands in a log", async () => {
  const refused = await poll(alice({ scope: "agents.read" }), requestId);
  expect([refused.status, refused.body.error?.code]).toEqual([403, "access_denied"]);
  expect((await poll(alice({ scope: "agents.read agents.run" }), requestId)).status).toBe(200);
  // A new environment, which has fetched both keys.
  expect((await poll(alice({ scope: "agents.run" }), requestId)).status).toBe(200);
  expect((await poll(oldKeys, requestId)).status).toBe(200);
  const logs = readdirSync(`${stack.folder}/logs`)
    .map((file) => readFileSync(`${stack.folder}/logs/${file}`, "utf8"))
    .join("\n");
  expect(logs).toContain('"event":"authorized"');
  expect(logs).toContain('"outcome":"scope_missing"');
  expect(logs).toContain('"reason":"audience"');
  expect(logs).not.toMatch(/example\.org|eyJ/);
});

test("jwt becomes iam and jwt again in place, and a caller of one mode does not see the other's requests", async () => {
  const kept = [
    "aws_api_gateway_rest_api.rest_api",
    "aws_api_gateway_stage.live_stage",
    "aws_lambda_function.api_function",
  ];
  const ids = () => kept.map((address) => stack.attributes()[address]?.["id"]);
  const before = ids();
  const toIam = await applied([]);
  expect(ids()).toEqual(before);
  // The function with what belongs to it, and its alarm.
  expect(toIam.filter(({ address }) => /authorizer/.test(address)).map(({ action }) => action)).toEqual(
    Array(6).fill("delete"),
  );
  expect(toIam.filter(({ address }) => kept.includes(address)).map(({ action }) => action)).not.toContain(
    "delete,create",
  );
  const signed = new AgentApiClient(runtime.url, "us-east-1", ALICE);
  expect((await signed.status(requestId)).status).toBe(404);
  expect((await poll(alice({ scope: "agents.run" }), requestId)).status).toBe(403);
  await applied(tokens());
  expect(ids()).toEqual(before);
  expect((await poll(alice(), requestId)).status).toBe(200);
  expect((await signed.status(requestId)).status).toBe(401);
});
