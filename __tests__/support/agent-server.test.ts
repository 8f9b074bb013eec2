import { startAgentServer, type AgentBehaviour, type AgentServer } from "./agent-server";
import { holdTimers, until } from "../scripts/emulator/fixtures";

let server: AgentServer;
let behaviour: AgentBehaviour;
beforeAll(async () => {
  server = await startAgentServer(() => behaviour);
});
afterAll(() => server.stop());

const ask = (signal?: AbortSignal) =>
  fetch(`${server.url}/planner`, {
    method: "POST",
    body: JSON.stringify({ prompt: "?", context: { turns: [], answers: [{ name: "a" }] } }),
    ...(signal && { signal }),
  });

test("an answer comes after its delay, with tokens", async () => {
  behaviour = { kind: "answer", delayMs: 3_600_000, text: "yes" };
  holdTimers();
  try {
    const asked = ask();
    await until(() => jest.getTimerCount() === 1);
    jest.advanceTimersByTime(3_599_999);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await (await asked).json()).toEqual({ answer: "yes", usage: { inputTokens: 10, outputTokens: 5 } });
  } finally {
    jest.useRealTimers();
  }
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
  const { aborted } = server.statistics();
  const caller = new AbortController();
  const asked = expect(ask(caller.signal)).rejects.toThrow(/abort/i);
  await until(() => server.statistics().open === 1);
  caller.abort();
  await asked;
  await until(() => server.statistics().open === 0);
  expect(server.statistics().aborted).toBe(aborted + 1);
});
