import { AgentFailure, type Agent } from "../../handlers/agents/agent";
import { batchHandler, deadLetterHandler } from "../../handlers/requests/batch";
import { frontDoor } from "../../handlers/http/front-door";
import { runJob } from "../../handlers/requests/job";
import { memoryWorkQueue } from "../support/memory-work-queue";
import { invokeRoute } from "../../handlers/http/invoke";
import { statusRoute } from "../../handlers/http/status";
import { memoryRequests } from "../support/memory-requests";
import { memoryResults } from "../support/memory-results";
import { memorySessions } from "../support/memory-sessions";
import type { RequestStore } from "../../handlers/requests/requests";
import { sweep } from "../../handlers/requests/sweep";
import { jsonLines } from "../../handlers/telemetry";
import {
  DEAD_LETTER_QUEUE_ARN,
  DEADLINE_MS,
  gatewayEvent,
  invokeEvent,
  newProcess,
  noCache,
  NOW_MS,
  readyAgent,
  sqsBatch,
  statusEvent,
  WORK_QUEUE_ARN,
} from "./fixtures";

/** What must be in no line of any log: it stands in for prompts, keys, answers and secrets. */
const CANARY = "canary-7f3a";
const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 50_000 };

/** Everything between the gateway and the agents, in this process, with all the lines that it logs. */
function system(run: Agent["run"], broken: Partial<RequestStore> = {}) {
  const lines: string[] = [];
  const clock = { nowMs: NOW_MS };
  const nowMs = () => clock.nowMs;
  const log = jsonLines((line) => lines.push(line), nowMs, "quickturn-test");
  const sessions = memorySessions();
  const requests = { ...memoryRequests(sessions), ...broken };
  const [queue, results] = [memoryWorkQueue(), memoryResults()];
  let ids = 0;
  const newId = () => `0b8a1c52-7f8e-4c1b-9d59-${String(++ids).padStart(12, "0")}`;
  const settings = {
    authorization: "none" as const,
    originSecretSha256: "",
    requestDeadlineSeconds: DEADLINE_MS / 1000,
    requestRetentionDays: 7,
  };
  const job = {
    agents: { agents: [readyAgent("a", run)], maxParallel: 0, policy: "any" as const, quorum: 0 },
    requests,
    sessions,
    results,
    nowMs,
    newId,
    log,
    ...newProcess(),
  };
  const door = frontDoor({
    routes: {
      invoke: invokeRoute({ settings, requests, queue, nowMs, newId, log }),
      status: statusRoute({ settings, requests, results, cache: noCache(), nowMs }),
      health: async () => ({ status: 200, body: {} }),
    },
    originSecretSha256: "",
    nowMs,
    log,
    ...newProcess(),
  });
  return {
    lines,
    clock,
    bodies: queue.bodies,
    call: (event: Parameters<typeof door>[0]) => door(event, context),
    worker: batchHandler({
      queueArn: WORK_QUEUE_ARN,
      queue,
      runJob: (message, remainingMs) => runJob(job, message, remainingMs),
      random: () => 0,
      log,
    }),
    deadLetters: deadLetterHandler({ queueArn: DEAD_LETTER_QUEUE_ARN, requests, nowMs, log }),
    sweep: () => sweep({ requests, queue, nowMs, log }, 50_000),
  };
}
type System = ReturnType<typeof system>;

const headers = {
  "Content-Type": "application/json",
  "Idempotency-Key": `key-${CANARY}`,
  "User-Agent": `\${jndi:${CANARY}}\r\nX: y`,
  Authorization: CANARY,
};
const asked = invokeEvent({ prompt: `Say ${CANARY}.`, session_id: CANARY }, { headers });

/** From the front door through every handler, with calls that are refused among them. */
async function live({ call, worker, deadLetters, sweep: sweepOnce, clock, bodies }: System): Promise<void> {
  await call(asked);
  clock.nowMs += 1;
  await call(asked);
  await call(invokeEvent({ prompt: `Other ${CANARY}` }, { headers }));
  await call(invokeEvent(`{"${CANARY}":1,"prompt":["${CANARY}"]`, { headers }));
  await call(invokeEvent({ prompt: "x" }, { headers: { ...headers, "Idempotency-Key": `${CANARY} ${CANARY}` } }));
  await call(statusEvent(CANARY));
  await call(gatewayEvent({ httpMethod: CANARY, resource: `/${CANARY}`, path: `/${CANARY}` }));
  await worker(
    sqsBatch(WORK_QUEUE_ARN, ...bodies, CANARY, `{"version":2,"request_id":"x","deadline":"${CANARY}"}`),
    context,
  );
  await deadLetters(sqsBatch(DEAD_LETTER_QUEUE_ARN, ...bodies, CANARY), context);
  clock.nowMs += 90_000;
  await sweepOnce();
  const { body } = await call(asked);
  await call(statusEvent((JSON.parse(body) as { request_id?: string }).request_id ?? ""));
}

const away = () => Promise.reject(Object.assign(new Error("no network"), { code: "ECONNREFUSED" }));

test.each<[string, Agent["run"], Partial<RequestStore>]>([
  ["agents that answer", async () => ({ text: CANARY, tokens: { input: 1, output: 2 } }), {}],
  [
    "agents that fail in their own words",
    () => Promise.reject(new AgentFailure(CANARY, { cause: new Error(CANARY) })),
    {},
  ],
  ["agents that throw", () => Promise.reject(new SyntaxError(CANARY)), {}],
  ["a store that cannot end requests", async () => ({ text: CANARY }), { finish: away }],
  [
    "a store that is away",
    async () => ({ text: CANARY }),
    { create: away, find: away, claim: away, close: away, withdraw: away },
  ],
  ["a store that cannot mark", async () => ({ text: CANARY }), { markSent: away, renew: away }],
])(
  "with %s, no prompt, session, key, header, answer or error of the caller's is in any log line or metric",
  async (_what, run, broken) => {
    const running = system(run, broken);
    await live(running);
    expect(running.lines.length).toBeGreaterThan(10);
    expect(running.lines.filter((line) => line.includes(CANARY))).toEqual([]);
    // A line feed in a header must not make a line of its own.
    for (const line of running.lines) expect(JSON.parse(line)).toMatchObject({ event: expect.any(String) as string });
  },
);

test("nor in a message of the queue", async () => {
  const running = system(async () => ({ text: CANARY }));
  await live(running);
  expect(running.bodies.length).toBeGreaterThan(0);
  expect(running.bodies.join()).not.toContain(CANARY);
});
