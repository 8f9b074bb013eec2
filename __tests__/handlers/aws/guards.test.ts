import {
  isUnavailable,
  DependencyDownError,
  NotNeededError,
  type Guard,
  guardClient,
  FAILURES_TO_OPEN,
  openGuards,
  HALF_OPEN_AFTER_MS,
  MAX_WAITING,
} from "../../../handlers/aws/guards";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openCounters } from "../../../handlers/telemetry";
import { keepingLog, NOW_MS } from "../fixtures";
import { AgentFailure } from "../../../handlers/agents/agent";
import { MAX_SOCKETS } from "../../../handlers/aws/connection";

describe("unavailable", () => {
  const error = (facts: object) => Object.assign(new Error("x"), facts);

  test.each([
    { name: "ThrottlingException" },
    { name: "ProvisionedThroughputExceededException" },
    { name: "TimeoutError" },
    { name: "AbortError" },
    { name: "DependencyDownError" },
    { code: "ECONNREFUSED" },
    { code: "ECONNRESET" },
    { $retryable: { throttling: true } },
    { $metadata: { httpStatusCode: 503 } },
  ])("an error with %j means unavailable", (facts) => {
    expect(isUnavailable(error(facts))).toBe(true);
  });

  test.each([
    { name: "ResourceNotFoundException", $metadata: { httpStatusCode: 400 } },
    { name: "AccessDeniedException" },
    { name: "NotNeededError" },
    { code: "ENOENT" },
    {},
  ])("an error with %j does not", (facts) => {
    expect(isUnavailable(error(facts))).toBe(false);
  });

  test("what is no error does not either", () => {
    expect(isUnavailable("ThrottlingException")).toBe(false);
  });
});

describe("guard", () => {
  test("a dependency that is down makes the service unavailable; an answer that nobody needs does not", () => {
    expect(isUnavailable(new DependencyDownError("sqs was not called"))).toBe(true);
    expect(isUnavailable(new NotNeededError("enough agents answered"))).toBe(false);
  });

  test("they are told apart by name, as a bundle's chunks may each have a class", () => {
    expect([new DependencyDownError("x").name, new NotNeededError("x").name]).toEqual([
      "DependencyDownError",
      "NotNeededError",
    ]);
  });
});

describe("guarded client", () => {
  let server: Server;
  let answers: { status: number; body: string }[];
  let asked: number;
  beforeEach(async () => {
    answers = [];
    asked = 0;
    server = createServer((message, reply) => {
      asked += 1;
      const { status, body } = answers.shift() ?? { status: 200, body: "{}" };
      message
        .resume()
        .once("end", () => reply.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const configuration = () => ({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
  const read = new GetItemCommand({ TableName: "t", Key: { k: { S: "1" } } });
  const failure = (type: string, status = 400) => ({ status, body: JSON.stringify({ __type: type, message: "no" }) });

  test("each operation of a client goes through the guard, once for all of its attempts", async () => {
    const run = jest.fn(<T>(work: () => Promise<T>) => work());
    const client = guardClient(new DynamoDBClient({ ...configuration(), maxAttempts: 3 }), { run } as Guard);
    answers = [failure("InternalServerError", 500)];
    await client.send(read);
    expect(asked).toBe(2);
    expect(run).toHaveBeenCalledTimes(1);
    await client.send(read);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test("clients of every service that we use take a guard, and stay what they are", () => {
    const guard: Guard = { run: (work) => work() };
    const clients = [
      new DynamoDBClient(configuration()),
      new SQSClient(configuration()),
      new S3Client(configuration()),
    ] as const;
    for (const client of clients)
      expect(guardClient<{ middlewareStack: typeof client.middlewareStack }>(client, guard)).toBe(client);
  });

  test("a client whose service fails five times is not let through, and another is", async () => {
    const guards = openGuards({ counters: openCounters(), log: keepingLog().log });
    const dynamodb = guardClient(new DynamoDBClient(configuration()), guards("dynamodb"));
    const sqs = guardClient(new SQSClient(configuration()), guards("sqs"));
    answers = Array.from({ length: FAILURES_TO_OPEN }, () => failure("ProvisionedThroughputExceededException"));
    for (let time = 0; time < FAILURES_TO_OPEN; time++)
      await expect(dynamodb.send(read)).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
    await expect(dynamodb.send(read)).rejects.toThrow("dynamodb was not called: it failed 5 times in a row.");
    expect(asked).toBe(FAILURES_TO_OPEN);
    await sqs
      .send(new SendMessageCommand({ QueueUrl: `${configuration().endpoint}/1/q`, MessageBody: "x" }))
      .catch((error: unknown) => expect(error).not.toMatchObject({ name: "DependencyDownError" }));
    expect(asked).toBe(FAILURES_TO_OPEN + 1);
  });

  test("what the service refuses never opens the circuit", async () => {
    const client = guardClient(
      new DynamoDBClient(configuration()),
      openGuards({ counters: openCounters(), log: keepingLog().log })("dynamodb"),
    );
    answers = Array.from({ length: 2 * FAILURES_TO_OPEN }, () => failure("ConditionalCheckFailedException"));
    for (let time = 0; time < 2 * FAILURES_TO_OPEN; time++)
      await expect(client.send(read)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
    await expect(client.send(read)).resolves.toBeDefined();
  });
});

describe("guards", () => {
  beforeEach(() => jest.useFakeTimers({ now: NOW_MS, doNotFake: ["nextTick", "queueMicrotask", "setImmediate"] }));
  afterEach(() => jest.useRealTimers());

  const named = (name: string, facts: object = {}) => Object.assign(new Error(`it says ${name}`), { name, ...facts });
  const throttled = () => named("ThrottlingException");
  const aborted = (reason: Error) => named("AbortError", { cause: reason });

  function setUp() {
    const { log, records } = keepingLog();
    const counters = openCounters();
    const guards = openGuards({ counters, log });
    const guard = guards("sqs");
    const fail = (error: Error) => guard.run(() => Promise.reject(error));
    const failTimes = async (times: number, error: () => Error = throttled) => {
      for (let time = 0; time < times; time++) await expect(fail(error())).rejects.toThrow("it says");
    };
    const work = jest.fn(async () => "done");
    return { guards, guard, counters, records, fail, failTimes, work, call: () => guard.run(work) };
  }

  const DOWN = "sqs was not called: it failed 5 times in a row. Try again in 10 s.";

  test("what the work gives and what it rejects with passes through", async () => {
    const { call, fail } = setUp();
    await expect(call()).resolves.toBe("done");
    const error = throttled();
    await expect(fail(error)).rejects.toBe(error);
  });

  test("after five failures in a row nothing is called any more, which is counted and logged once", async () => {
    const { call, counters, failTimes, records, work } = setUp();
    await failTimes(FAILURES_TO_OPEN);
    await expect(call()).rejects.toMatchObject({ name: "DependencyDownError", message: DOWN });
    expect(work).not.toHaveBeenCalled();
    expect(counters.take()).toEqual({ BreakerOpen: 1 });
    expect(records).toEqual([{ level: "warn", event: "circuit_opened", fields: { dependency: "sqs" } }]);
  });

  test("a success in between begins the count anew, and so does a refusal: who refuses is up", async () => {
    const { call, failTimes } = setUp();
    await failTimes(FAILURES_TO_OPEN - 1);
    await call();
    await failTimes(FAILURES_TO_OPEN - 1);
    await failTimes(1, () => named("ConditionalCheckFailedException"));
    await failTimes(FAILURES_TO_OPEN - 1);
    await expect(call()).resolves.toBe("done");
  });

  test.each<[string, () => Error]>([
    ["throttling", throttled],
    ["a reset connection", () => named("Error", { code: "ECONNRESET" })],
    ["a server error", () => named("Error", { $metadata: { httpStatusCode: 503 } })],
    ["a time-out", () => named("TimeoutError")],
    ["an abort because the time ran out", () => aborted(named("TimeoutError"))],
    ["an agent's failure by throttling", () => new AgentFailure("it says no", { cause: throttled() })],
  ])("%s is a failure", async (_what, error) => {
    const { call, failTimes } = setUp();
    await failTimes(FAILURES_TO_OPEN, error);
    await expect(call()).rejects.toThrow(DOWN);
  });

  test.each<[string, () => Error]>([
    [
      "a condition that does not hold",
      () => named("ConditionalCheckFailedException", { $metadata: { httpStatusCode: 400 } }),
    ],
    ["a request that is not valid", () => named("ValidationException")],
    [
      "an agent's failure by a refusal",
      () => new AgentFailure("it says no", { cause: named("AccessDeniedException") }),
    ],
    ["an agent's failure by itself", () => new AgentFailure("it says nothing")],
    ["an abort because nobody needs the answer", () => aborted(new NotNeededError("enough answered"))],
    ["an answer that nobody needs", () => Object.assign(new NotNeededError("it says: enough answered"))],
  ])("%s is none", async (_what, error) => {
    const { call, fail } = setUp();
    for (let time = 0; time < 2 * FAILURES_TO_OPEN; time++) await expect(fail(error())).rejects.toThrow();
    await expect(call()).resolves.toBe("done");
  });

  test("an abort that nobody needs leaves the count of failures as it is", async () => {
    const { call, fail, failTimes } = setUp();
    await failTimes(FAILURES_TO_OPEN - 1);
    await expect(fail(aborted(new NotNeededError("x")))).rejects.toThrow();
    await failTimes(1);
    await expect(call()).rejects.toThrow(DOWN);
  });

  test("causes that go round in a circle are no trap", async () => {
    const { call, fail } = setUp();
    const error = new Error("it says: round and round");
    error.cause = error;
    await expect(fail(error)).rejects.toBe(error);
    await expect(call()).resolves.toBe("done");
  });

  describe("10 s later", () => {
    const opened = async () => {
      const parts = setUp();
      await parts.failTimes(FAILURES_TO_OPEN);
      parts.counters.take();
      jest.setSystemTime(NOW_MS + HALF_OPEN_AFTER_MS);
      return parts;
    };

    test("and not before, a call goes through", async () => {
      const { call } = await opened();
      jest.setSystemTime(NOW_MS + HALF_OPEN_AFTER_MS - 1);
      await expect(call()).rejects.toThrow(DOWN);
      jest.setSystemTime(NOW_MS + HALF_OPEN_AFTER_MS);
      await expect(call()).resolves.toBe("done");
    });

    test("only one call tries, the others are turned away at once; its success closes the circuit", async () => {
      const { guard, call, records } = await opened();
      let succeed: (value: string) => void = () => undefined;
      const trial = guard.run(() => new Promise<string>((resolve) => (succeed = resolve)));
      await new Promise(setImmediate);
      await expect(call()).rejects.toThrow(DOWN);
      succeed("up again");
      await expect(trial).resolves.toBe("up again");
      await expect(call()).resolves.toBe("done");
      expect(records.map(({ event }) => event)).toEqual(["circuit_opened", "circuit_closed"]);
    });

    test("a refusal closes it as well", async () => {
      const { call, fail } = await opened();
      await expect(fail(named("ValidationException"))).rejects.toThrow("it says ValidationException");
      await expect(call()).resolves.toBe("done");
    });

    test.each<[string, () => Error]>([
      ["a failure", throttled],
      ["a trial that nobody needs any more, which proves nothing,", () => aborted(new NotNeededError("x"))],
    ])("%s opens it for another 10 s, and that is no news", async (_what, error) => {
      const { call, counters, fail, records } = await opened();
      await expect(fail(error())).rejects.toThrow();
      jest.setSystemTime(NOW_MS + 2 * HALF_OPEN_AFTER_MS - 1);
      await expect(call()).rejects.toThrow(DOWN);
      jest.setSystemTime(NOW_MS + 2 * HALF_OPEN_AFTER_MS);
      await expect(call()).resolves.toBe("done");
      expect(counters.take()).toEqual({ BreakerOpen: 1 });
      expect(records.map(({ event }) => event)).toEqual(["circuit_opened", "circuit_closed"]);
    });
  });

  test("50 calls run at once, 50 wait, and the next is turned away without touching the circuit", async () => {
    const { guard, counters, call } = setUp();
    let running = 0;
    const ends: (() => void)[] = [];
    const calls = Array.from({ length: MAX_SOCKETS + MAX_WAITING }, () =>
      guard.run(() => {
        running += 1;
        return new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await new Promise(setImmediate);
    expect(running).toBe(MAX_SOCKETS);
    await expect(call()).rejects.toMatchObject({
      name: "DependencyDownError",
      message: "sqs was not called: 50 calls run and 50 wait already. Try again later.",
    });
    while (ends.length > 0) {
      ends.splice(0).forEach((end) => end());
      await new Promise(setImmediate);
    }
    await Promise.all(calls);
    expect(running).toBe(MAX_SOCKETS + MAX_WAITING);
    await expect(call()).resolves.toBe("done");
    expect(counters.take()).toEqual({});
  });

  test("each dependency has one guard, and its own circuit", async () => {
    const { guards, guard, failTimes } = setUp();
    await failTimes(FAILURES_TO_OPEN);
    expect(guards("sqs")).toBe(guard);
    await expect(guards("dynamodb").run(async () => "up")).resolves.toBe("up");
  });

  test("work that throws before it gives a promise rejects like any other", async () => {
    const { guard } = setUp();
    const work = () => {
      throw new Error("it never began");
    };
    await expect(guard.run(work)).rejects.toThrow("it never began");
  });
});
