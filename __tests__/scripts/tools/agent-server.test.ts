import { startAgentServer, type AgentBehaviour, type AgentServer } from "../../../scripts/tools/agent-server";

let server: AgentServer;
let behaviour: AgentBehaviour;
beforeAll(async () => {
  server = await startAgentServer(() => behaviour);
});
afterAll(() => server.stop());

const ask = (signal = AbortSignal.timeout(2_000)) =>
  fetch(`${server.url}/planner`, { method: "POST", body: JSON.stringify({ prompt: "?", context: { turns: [], answers: [{ name: "a" }] } }), signal });

test("an answer comes after its delay, with tokens", async () => {
  behaviour = { kind: "answer", delayMs: 30, text: "yes" };
  const started = performance.now();
  expect(await (await ask()).json()).toEqual({ answer: "yes", usage: { inputTokens: 10, outputTokens: 5 } });
  expect(performance.now() - started).toBeGreaterThanOrEqual(25);
});

test("a refusal has its status and when to try again", async () => {
  behaviour = { kind: "refuse", status: 429, retryAfterSeconds: 2 };
  const answer = await ask();
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "2"]);
});

test("a reset breaks the connection", async () => {
  behaviour = { kind: "reset" };
  await expect(ask()).rejects.toThrow("fetch failed");
});

test("a hanging call is open until its caller gives up, and is then counted as aborted", async () => {
  behaviour = { kind: "hang" };
  const before = server.statistics().aborted;
  const asked = ask(AbortSignal.timeout(100));
  await expect(asked).rejects.toThrow(/timeout/i);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.statistics()).toMatchObject({ open: 0, aborted: before + 1 });
});
