import { judgePoll, makeRequests, pollEverything, type IsolationCaller } from "../../../bench/isolation-polls";
import { seededRandom } from "../../../scripts/kit/random";
import type { ProbeAnswer } from "../../../scripts/kit/api-client";

/** An API in memory with a cache in front, keyed by the caller or not. */
function api({ keyedByCaller = true, status404 = 404 } = {}) {
  const prompts = new Map<string, { owner: string; prompt: string }>();
  const kept = new Map<string, ProbeAnswer>();
  const answer = (status: number, body: unknown, cache = "miss"): ProbeAnswer => ({
    status,
    body,
    headers: { "x-local-cache": cache },
    ms: 0,
  });
  const caller = (name: string): IsolationCaller => ({
    name,
    async send(method, route, body) {
      if (method === "POST") {
        const id = `id-${prompts.size}`;
        prompts.set(id, { owner: name, prompt: (JSON.parse(body ?? "") as { prompt: string }).prompt });
        return answer(202, { request_id: id });
      }
      const key = keyedByCaller ? `${route} ${name}` : route;
      const hit = kept.get(key);
      if (hit !== undefined) return answer(hit.status, hit.body, "hit");
      const found = prompts.get(route.split("/").at(-1) ?? "");
      const fresh = found?.owner === name ? answer(200, { result: found.prompt }) : answer(status404, {});
      kept.set(key, fresh);
      return fresh;
    },
  });
  return [caller("alice"), caller("bob")];
}

async function measure(options: Parameters<typeof api>[0], polls = 400) {
  const callers = api(options);
  const requests = await makeRequests(callers, 3);
  return pollEverything({
    callers,
    requests,
    polls,
    lanes: 4,
    random: seededRandom(1),
    signal: new AbortController().signal,
  });
}

test("a cache that is keyed by the caller leaks nothing, and most polls are hits", async () => {
  const counts = await measure({});
  expect(counts).toMatchObject({ polls: 400, leaks: 0, wrong: 0, examples: [] });
  // Six requests of two callers are twelve misses at most; the owners' were read before.
  expect(counts.hits).toBeGreaterThanOrEqual(388);
});

test("with the caller taken out of the key the leaks are found, and told", async () => {
  const counts = await measure({ keyedByCaller: false });
  expect(counts.leaks).toBeGreaterThan(100);
  expect(counts.examples).toHaveLength(5);
  expect(counts.examples[0]).toMatch(
    /^leak: (alice polled a request of bob|bob polled a request of alice) and got 200 from the cache$/,
  );
});

test("an answer that is no 404 is wrong, though it shows nothing", async () => {
  const counts = await measure({ status404: 403 });
  expect([counts.leaks, counts.wrong > 100]).toEqual([0, true]);
  expect(counts.examples[0]).toMatch(/^wrong: .* got 403/);
});

test("a poll that is not answered twice is counted, and told with why", async () => {
  const send = jest.fn(
    async (): Promise<ProbeAnswer> => ({
      status: 0,
      body: undefined,
      headers: {},
      failure: "no answer within 32 s",
      ms: 0,
    }),
  );
  const silent: IsolationCaller = { name: "alice", send };
  const counts = await pollEverything({
    callers: [silent],
    requests: [{ id: "1", owner: silent, secret: "s" }],
    polls: 1,
    lanes: 1,
    random: () => 0,
    signal: new AbortController().signal,
  });
  expect(counts).toMatchObject({
    leaks: 0,
    wrong: 0,
    unanswered: 1,
    examples: ["unanswered: alice polled a request of alice and got no answer within 32 s"],
  });
  expect(send).toHaveBeenCalledTimes(2);
});

test("an invocation that is not taken ends the measurement", async () => {
  const refused: IsolationCaller = { name: "alice", send: async () => ({ status: 403, body: {}, headers: {}, ms: 0 }) };
  await expect(makeRequests([refused], 1)).rejects.toThrow(
    "alice's invocation was answered 403; expected 202 with a request_id",
  );
});

describe("an answer is judged", () => {
  const [alice, bob] = [{ name: "alice" }, { name: "bob" }] as [IsolationCaller, IsolationCaller];
  const [hers, his] = [
    { id: "1", owner: alice, secret: "secret-0-of-alice." },
    { id: "2", owner: bob, secret: "secret-0-of-bob." },
  ];
  const judged = (caller: IsolationCaller, request: typeof hers, status: number, body: unknown, headers = {}) =>
    judgePoll(caller, request, [hers, his], { status, body, headers });

  test.each([
    ["her own result", hers, 200, { result: hers.secret }, {}, "good"],
    ["404 for his", his, 404, {}, {}, "good"],
    ["his result", his, 200, { result: his.secret }, {}, "leak"],
    ["200 for his without a result", his, 200, { status: "queued" }, {}, "leak"],
    ["a part of his result in an error", his, 404, { error: `no ${his.secret}` }, {}, "leak"],
    ["his result in a header", hers, 200, { result: hers.secret }, { "x-debug": his.secret }, "leak"],
    ["his result for her own request", hers, 200, { result: his.secret }, {}, "leak"],
    ["404 for her own", hers, 404, {}, {}, "wrong"],
    ["her own without a result", hers, 200, {}, {}, "wrong"],
    ["429 for his", his, 429, {}, {}, "wrong"],
    ["503 for his", his, 503, {}, {}, "unanswered"],
    ["503 with his result in it", his, 503, { error: his.secret }, {}, "leak"],
  ] as const)("alice gets %s", (_what, request, status, body, headers, expected) => {
    expect(judged(alice, request, status, body, headers)).toBe(expected);
  });
});
