import type { APIGatewayProxyEvent } from "aws-lambda";
import fc from "fast-check";
import { frontDoor } from "../../handlers/http/front-door";
import { memoryWorkQueue } from "../support/memory-work-queue";
import { readMessage } from "../../handlers/requests/work-queue";
import { healthRoute } from "../../handlers/http/health";
import { invokeRoute } from "../../handlers/http/invoke";
import { statusRoute } from "../../handlers/http/status";
import { memoryRequests } from "../support/memory-requests";
import { memoryResults } from "../support/memory-results";
import type { NewRequest } from "../../handlers/requests/requests";
import { anyCharacter } from "../support/any-character";
import {
  DEADLINE_MS,
  gatewayEvent,
  invokeEvent,
  keepingLog,
  newProcess,
  noCache,
  NOW_MS,
  statusEvent,
} from "./fixtures";

const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 10_000 };
const ALLOWED = { invoke: [202, 400, 413, 415, 422], status: [200, 400, 404], health: [200], other: [404] };

function open(authorization: "none" | "api_key" = "none") {
  const { log } = keepingLog();
  const queue = memoryWorkQueue();
  const store = memoryRequests();
  const created: string[] = [];
  const requests = {
    ...store,
    create: (request: NewRequest, dueMs: number) => (created.push(request.requestId), store.create(request, dueMs)),
  };
  let moment = NOW_MS;
  let ids = 0;
  const nowMs = () => moment++;
  const newId = () => `0b8a1c52-7f8e-4c1b-9d59-${String(++ids).padStart(12, "0")}`;
  const settings = {
    authorization,
    originSecretSha256: "",
    requestDeadlineSeconds: DEADLINE_MS / 1000,
    requestRetentionDays: 7,
  };
  const door = frontDoor({
    routes: {
      invoke: invokeRoute({ settings, requests, queue, nowMs, newId, log }),
      status: statusRoute({ settings, requests, results: memoryResults(), cache: noCache(), nowMs }),
      health: healthRoute({ checks: {}, nowMs, log }),
    },
    originSecretSha256: "",
    nowMs,
    log,
    ...newProcess(),
  });
  /** Records without a message, and messages without a record. */
  const orphans = async () => {
    const sent = new Set(queue.bodies.map((body) => readMessage(body).requestId));
    const kept = new Set<string>();
    for (const id of created) if (await store.find(id)) kept.add(id);
    return [...kept].filter((id) => !sent.has(id)).concat([...sent].filter((id) => !kept.has(id)));
  };
  return { call: (event: APIGatewayProxyEvent) => door(event, context), orphans };
}

const text = fc.oneof(fc.string({ unit: anyCharacter, maxLength: 60 }), fc.string({ maxLength: 40 }));
const mark = fc.uuid().map((id) => `echo-${id}`);
const names = fc.oneof(
  text,
  fc.constantFrom(
    "Content-Type",
    "content-type",
    "Content-Encoding",
    "Idempotency-Key",
    "X-HTTP-Method-Override",
    "__proto__",
    "Authorization",
  ),
);
const values = fc.oneof(
  text,
  mark,
  fc.constantFrom("application/json", "text/plain", '"k"', "k", "", "gzip", "DELETE"),
);
const headers = fc.dictionary(names, values, { maxKeys: 6 });
const multiple = fc.dictionary(names, fc.array(values, { maxLength: 3 }), { maxKeys: 4 });
const body = fc.oneof(
  text,
  fc.json(),
  fc
    .record(
      { prompt: fc.oneof(text, mark, fc.anything()), session_id: fc.oneof(text, fc.constant("talk")) },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value) ?? ""),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  fc.constantFrom("[".repeat(20_000), '{"prompt":1e999}', `{"prompt":"${"a".repeat(70_000)}"}`),
);

async function check(
  event: APIGatewayProxyEvent,
  allowed: readonly number[],
  secret: string,
  opened = open(),
): Promise<void> {
  const answer = await opened.call(event);
  expect(allowed).toContain(answer.statusCode);
  expect(() => JSON.parse(answer.body)).not.toThrow();
  expect(answer.body).not.toMatch(/\n\s+at |node_modules|handlers\//);
  if (secret !== "") expect(JSON.stringify(answer)).not.toContain(secret);
  expect(await opened.orphans()).toEqual([]);
}

test("whatever is posted, it is accepted with a message, or refused without a trace, and never repeated", async () => {
  await fc.assert(
    fc.asyncProperty(body, headers, multiple, fc.boolean(), mark, async (sent, one, many, isBase64Encoded, secret) => {
      const event = invokeEvent(sent, {
        headers: { "Content-Type": "application/json", ...one, "X-Mark": secret },
        multiValueHeaders: many,
        isBase64Encoded,
      });
      await check(event, ALLOWED.invoke, secret);
      await check(
        invokeEvent({ prompt: 1, session_id: `#${secret}` }, { headers: event.headers }),
        ALLOWED.invoke,
        secret,
      );
    }),
    { numRuns: 100 },
  );
});

test("however often and with whatever keys it is posted, each record has its message", async () => {
  const key = fc.constantFrom("a", '"a"', "b", "not visible", "");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(key, fc.constantFrom("x", "y"), fc.constantFrom("k1", "k2", undefined)), { maxLength: 12 }),
      async (posts) => {
        const opened = open("api_key");
        for (const [idempotencyKey, prompt, apiKeyId] of posts) {
          const event = invokeEvent(
            { prompt },
            {
              headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
              identity: { apiKeyId },
            },
          );
          await check(event, [...ALLOWED.invoke, 403], "", opened);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("whatever id is asked for, with whatever headers and parameters, it is not found or refused, and never repeated", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(text, fc.uuid(), mark, fc.string({ minLength: 2_000, maxLength: 2_100 })),
      headers,
      multiple,
      headers,
      mark,
      async (id, one, many, parameters, secret) => {
        const event = statusEvent(id, {
          headers: { ...one, "X-Mark": secret },
          multiValueHeaders: many,
          queryStringParameters: { ...parameters, secret },
        });
        await check(event, ALLOWED.status, secret);
        await check(statusEvent(secret), ALLOWED.status, secret);
      },
    ),
    { numRuns: 60 },
  );
});

test("whatever is sent along, the health is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.option(body), headers, headers, mark, async (sent, one, parameters, secret) => {
      const event = gatewayEvent({
        body: sent,
        headers: { ...one, "X-Mark": secret },
        queryStringParameters: { ...parameters, secret },
      });
      await check(event, ALLOWED.health, secret);
    }),
    { numRuns: 20 },
  );
});

test("whatever method and path there is no route for is not found", async () => {
  await fc.assert(
    fc.asyncProperty(text, text, mark, async (httpMethod, resource, secret) => {
      await check(
        gatewayEvent({ httpMethod, resource: `${resource}/${secret}`, path: `/${secret}` }),
        ALLOWED.other,
        secret,
      );
    }),
    { numRuns: 100 },
  );
});
