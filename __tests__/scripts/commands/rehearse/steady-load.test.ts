import { SteadyLoad } from "../../../../scripts/commands/rehearse/steady-load";
import { AgentApiClient } from "../../../../scripts/tools/agent-api-client";
import { ALICE, BOB } from "../../../support/callers";
import { answeringServer, type Answer } from "../../../support/answering-server";
import { until } from "../../local/fixtures";

async function under(answer: (method: string, url: string) => Answer, use: (load: SteadyLoad, asked: () => readonly { method: string }[]) => Promise<void>, patienceMs = 5_000): Promise<SteadyLoad> {
  const server = await answeringServer(({ method, url }) => answer(method, url));
  const clients = [ALICE, BOB].map((caller) => new AgentApiClient(server.url, "us-east-1", caller));
  const load = new SteadyLoad({ clients, requestsPerSecond: 50, patienceMs, pollMs: 5 });
  await use(load, () => server.asked);
  await load.stop();
  await server.stop();
  return load;
}
const json = (status: number, body: object): Answer => ({ status, body: JSON.stringify(body) });

test("requests begin at their rate, each is polled until its end, and stopping waits for those that are open", async () => {
  let posts = 0;
  const polls: Record<string, number> = {};
  const { requests } = await under(
    (method, url) => {
      if (method === "POST") return json(202, { request_id: `r${(posts += 1)}` });
      const polled = (polls[url] = (polls[url] ?? 0) + 1);
      return polled < 3 ? json(polled === 1 ? 500 : 200, { status: "processing" }) : json(200, { status: url.endsWith("r2") ? "failed" : "completed" });
    },
    () => until(() => posts >= 5, "five have begun"),
  );
  expect(requests).toHaveLength(posts);
  expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(posts);
  expect(requests.filter(({ outcome }) => outcome !== "completed").map(({ requestId, outcome }) => [requestId, outcome])).toEqual([["r2", "failed"]]);
  const starts = requests.map(({ startedMs }) => startedMs).sort((left, right) => left - right);
  // Fifty a second: the fifth begins 80 ms after the first, never sooner.
  expect(starts[4]! - starts[0]!).toBeGreaterThanOrEqual(75);
  expect(Math.min(...requests.map(({ durationMs }) => durationMs))).toBeGreaterThan(14);
});

test("a request that is refused, one that has no end, and an API that is gone are told apart, and none is sent again", async () => {
  const refused = await under(() => json(503, {}), (load) => until(() => load.requests.length >= 2, "two were refused"));
  expect(new Set(refused.requests.map(({ outcome, requestId }) => `${outcome} ${requestId}`))).toEqual(new Set(["refused (503) undefined"]));
  const endless = await under((method) => (method === "POST" ? json(202, { request_id: "r" }) : json(200, { status: "processing" })), (load) => until(() => load.requests.length >= 1, "one was given up"), 30);
  expect(new Set(endless.requests.map(({ outcome }) => outcome))).toEqual(new Set(["no end"]));
  const gone = new SteadyLoad({ clients: [new AgentApiClient("http://127.0.0.1:9", "us-east-1", ALICE)], requestsPerSecond: 50, patienceMs: 100, pollMs: 5 });
  await until(() => gone.requests.length >= 1, "one got no answer");
  expect((await gone.stop())[0]).toMatchObject({ outcome: "refused (no answer)", requestId: undefined });
});
