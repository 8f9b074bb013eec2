import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import { agentCoreAgent, runtimeSessionId } from "../../../handlers/agents/agentcore";
import { openConnection } from "../../../handlers/clients/connection";
import { orchestrate } from "../../../handlers/orchestrator";
import { keepingLog, never } from "../fixtures";

const ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-1";
const input = { prompt: "How tall?", context: { turns: [{ prompt: "Hi", answer: "Hello" }], answers: [] }, conversation: "session:anonymous#talk" };

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;
let behave: Behaviour;
let server: Server;
let client: BedrockAgentCoreClient;

beforeAll(async () => {
  server = createServer((request, response) => behave(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  client = new BedrockAgentCoreClient({ ...openConnection(), endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials });
});

afterAll(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

const agent = agentCoreAgent("planner", ARN, async () => client);

function answer(contentType: string, body: string, status = 200): Behaviour {
  return (_request, response) => void response.writeHead(status, { "content-type": contentType }).end(body);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

test("a runtime is sent the prompt and its context, under a session of its own", async () => {
  const seen: { url?: string; method?: string; session?: unknown; body?: Promise<unknown> } = {};
  behave = (request, response) => {
    Object.assign(seen, { url: request.url, method: request.method, session: request.headers["x-amzn-bedrock-agentcore-runtime-session-id"], body: bodyOf(request) });
    answer("application/json", '{"result":"324 m"}')(request, response);
  };
  expect(await agent.run(input, never)).toBe("324 m");
  expect(seen).toMatchObject({ method: "POST", session: runtimeSessionId("planner", input.conversation) });
  expect(decodeURIComponent(seen.url ?? "")).toContain(`/runtimes/${ARN}/invocations`);
  expect(await seen.body).toEqual({ prompt: "How tall?", context: input.context });
});

test("a stream of events is read to its end", async () => {
  behave = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write('data: "324"\n\n');
    setTimeout(() => response.end('data: " m"\n\n'), 20);
  };
  expect(await agent.run(input, never)).toBe("324 m");
});

test("a refusal is told by its kind, without the service's words", async () => {
  behave = (_request, response) =>
    void response.writeHead(400, { "content-type": "application/json", "x-amzn-errortype": "ValidationException" }).end(`{"message":"canary ${ARN}"}`);
  await expect(agent.run(input, never)).rejects.toThrow(/^The agent's runtime gave ValidationException \(HTTP 400\)\.$/);
});

test("a connection that breaks is a failure of the agent", async () => {
  behave = (request) => request.socket.destroy();
  await expect(agent.run(input, never)).rejects.toThrow(/^The agent's runtime gave \w+/);
});

test.each<[string, Behaviour]>([
  ["before the headers", () => undefined],
  ["after the headers", (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).write('{"result":"half')],
])("a runtime that hangs %s is timed out, and sees its socket close", async (_when, hang) => {
  const closed = new Promise((resolve) => {
    behave = (request, response) => {
      request.socket.once("close", resolve);
      hang(request, response);
    };
  });
  const { log, records } = keepingLog();
  const definition = { name: "planner", kind: "agentcore" as const, target: ARN, timeout_seconds: 0.2, phases: [1] };
  const { agents } = await orchestrate({ agents: [{ definition, agent }], prompt: "?", turns: [], conversation: "c", maxParallel: 0, signal: never, nowMs: Date.now, log });
  expect(agents).toMatchObject([{ status: "timed_out", error: "No answer within 0.2 s." }]);
  await closed;
  expect(records).toMatchObject([{ event: "agent_failed", fields: { agent: "planner", status: "timed_out" } }]);
});

test("a session id is long enough for the service, the same for the same conversation, and an agent's own", () => {
  const id = runtimeSessionId("planner", "session:anonymous#talk");
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(runtimeSessionId("planner", "session:anonymous#talk")).toBe(id);
  expect(runtimeSessionId("critic", "session:anonymous#talk")).not.toBe(id);
  expect(runtimeSessionId("planner", "request:1")).not.toBe(id);
});
