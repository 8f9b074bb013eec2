import { decideFate, type Fault } from "../../../../scripts/emulator/faults/fault";
import { proxied, ask, begin, proxyTo, serve } from "./servers";
import { holdTimers, until } from "../fixtures";
import { DynamoDBClient, GetItemCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, InvokeCommand } from "@aws-sdk/client-lambda";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { isUnavailable } from "../../../../handlers/aws/guards";

jest.mock("node:timers/promises", () => jest.requireActual<object>("../../../support/timers-promises"));

describe("fault", () => {
  /** Gives these numbers, one after the other. */
  const numbers =
    (...values: number[]) =>
    () => {
      const next = values.shift();
      if (next === undefined) throw new Error("More numbers were drawn than expected");
      return next;
    };

  test("without faults a request is passed on unchanged, and no number is drawn", () => {
    expect(decideFate(proxied(), [], numbers())).toEqual({ delayMs: 0, hit: [] });
  });

  test("the latencies that hit add up, and the first other fault that hits decides", () => {
    const faults: Fault[] = [
      { kind: "latency", ms: 10 },
      { kind: "reset", when: ({ method }) => method === "GET" },
      { kind: "latency", ms: 5 },
      { kind: "throttle" },
      { kind: "error" },
      { kind: "latency", ms: 1_000 },
    ];
    expect(decideFate(proxied(), faults, numbers())).toEqual({
      delayMs: 15,
      decision: { kind: "throttle" },
      hit: [faults[0], faults[2], faults[3]],
    });
  });

  test("a fault hits its share of the requests that it chooses, and draws no number for others", () => {
    const fault: Fault = { kind: "reset", share: 0.5, when: ({ operation }) => operation === "SendMessage" };
    const [chosen, other] = [proxied({ operation: "SendMessage" }), proxied()];
    const random = numbers(0.49, 0.5);
    expect(
      [
        decideFate(chosen, [fault], random),
        decideFate(other, [fault], random),
        decideFate(chosen, [fault], random),
      ].map(({ decision }) => decision?.kind),
    ).toEqual(["reset", undefined, undefined]);
  });

  test("a share of 0 never hits", () => {
    expect(decideFate(proxied(), [{ kind: "error", share: 0 }], numbers(0)).decision).toBeUndefined();
  });

  test("a fault of kind refuse hits connections and no requests", () => {
    expect(decideFate(proxied(), [{ kind: "refuse" }], numbers())).toEqual({ delayMs: 0, hit: [] });
  });
});

describe("what the caller of a faulty request sees", () => {
  const under = async (fault: Fault) => {
    const upstream = await serve();
    return { upstream, proxy: await proxyTo(upstream.url, { faults: [fault] }) };
  };

  test("reset: the connection breaks, and the upstream never sees the request", async () => {
    const { upstream, proxy } = await under({ kind: "reset" });
    await expect(ask(proxy.url)).rejects.toThrow("read ECONNRESET");
    expect(upstream.asked).toEqual([]);
  });

  test("black-hole: there is no answer, and the upstream never sees the request", async () => {
    const { upstream, proxy } = await under({ kind: "black-hole" });
    const { answered } = begin(proxy.url);
    await until(() => proxy.statistics().faults["black-hole"] === 1);
    // Others are answered meanwhile; the one that was swallowed learns only that its connection is gone.
    proxy.setFaults([]);
    await ask(`${proxy.url}/other`);
    await proxy.stop();
    await expect(answered).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(upstream.asked).toEqual(["GET /other"]);
  });

  test("drop-reply: the upstream handles the request, and the caller gets no answer", async () => {
    const { upstream, proxy } = await under({ kind: "drop-reply" });
    await expect(ask(`${proxy.url}/a`, { method: "POST" })).rejects.toThrow("read ECONNRESET");
    expect(upstream.asked).toEqual(["POST /a"]);
  });

  test("hold-reply: the upstream handles the request, held is called, and the caller gets no answer", async () => {
    const held: string[] = [];
    const { upstream, proxy } = await under({
      kind: "hold-reply",
      held: ({ method, path }) => held.push(`${method} ${path}, done: ${upstream.asked.length}`),
    });
    const { answered } = begin(`${proxy.url}/a`);
    await until(() => held.length === 1);
    expect(held).toEqual(["GET /a, done: 1"]);
    await proxy.stop();
    await expect(answered).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(upstream.asked).toEqual(["GET /a"]);
  });

  test("duplicate: the upstream handles the request twice, and the caller gets the first answer", async () => {
    let answers = 0;
    const upstream = await serve((_asked, reply) => reply.end(String((answers += 1))));
    const proxy = await proxyTo(upstream.url, { faults: [{ kind: "duplicate" }] });
    expect(await ask(`${proxy.url}/a`, { method: "POST", body: "x" })).toMatchObject({ status: 200, body: "1" });
    expect(upstream.asked).toEqual(["POST /a x", "POST /a x"]);
  });

  test("truncate: the answer is cut after so many bytes", async () => {
    const { proxy } = await under({ kind: "truncate", bytes: 5 });
    await expect(ask(`${proxy.url}/abcdef`)).rejects.toThrow('cut after "GET /"');
  });

  test("slow: the answer comes in pieces, and is complete", async () => {
    const { proxy } = await under({ kind: "slow", bytes: 2, everyMs: 30 });
    holdTimers();
    try {
      const asked = ask(`${proxy.url}/abcd`);
      // Nine bytes are five pieces, each after a wait of its own.
      for (let piece = 1; piece <= 5; piece++) {
        await until(() => jest.getTimerCount() === 1);
        jest.advanceTimersByTime(29);
        expect(jest.getTimerCount()).toBe(1);
        jest.advanceTimersByTime(1);
      }
      expect((await asked).body).toBe("GET /abcd");
    } finally {
      jest.useRealTimers();
    }
  });

  test("throttle and error: the answer is AWS's own, and the upstream never sees the request", async () => {
    const { upstream, proxy } = await under({ kind: "throttle" });
    expect(await ask(proxy.url)).toMatchObject({ status: 429, headers: { "x-amzn-errortype": "ThrottlingException" } });
    proxy.setFaults([{ kind: "error" }]);
    expect(await ask(proxy.url)).toMatchObject({ status: 500, headers: { "x-amzn-errortype": "InternalServerError" } });
    expect(upstream.asked).toEqual([]);
  });
});

describe("a service's own answer", () => {
  const configuration = (endpoint: string, maxAttempts: number) => ({
    endpoint,
    maxAttempts,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });

  /** One call of each service's client. */
  const CALLS = {
    "a read of DynamoDB": (url, attempts) =>
      new DynamoDBClient(configuration(url, attempts)).send(
        new GetItemCommand({ TableName: "t", Key: { k: { S: "1" } } }),
      ),
    "DynamoDB's account": (url, attempts) =>
      new DynamoDBClient(configuration(url, attempts)).send(new ListTablesCommand({})),
    SQS: (url, attempts) =>
      new SQSClient(configuration(url, attempts)).send(
        new SendMessageCommand({ QueueUrl: `${url}/1/q`, MessageBody: "x" }),
      ),
    S3: (url, attempts) =>
      new S3Client({ ...configuration(url, attempts), forcePathStyle: true }).send(
        new GetObjectCommand({ Bucket: "b", Key: "k" }),
      ),
    STS: (url, attempts) => new STSClient(configuration(url, attempts)).send(new GetCallerIdentityCommand({})),
    Lambda: (url, attempts) =>
      new LambdaClient(configuration(url, attempts)).send(new InvokeCommand({ FunctionName: "f" })),
  } as const satisfies Readonly<Record<string, (url: string, attempts: number) => Promise<unknown>>>;
  type Called = keyof typeof CALLS;

  test.each<[Called, string, number]>([
    ["a read of DynamoDB", "ProvisionedThroughputExceededException", 400],
    ["DynamoDB's account", "ThrottlingException", 400],
    ["SQS", "ThrottlingException", 400],
    ["S3", "SlowDown", 503],
    ["STS", "Throttling", 400],
    ["Lambda", "ThrottlingException", 429],
  ])("%s throttles with %s, which its client knows as such", async (called, name, status) => {
    const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "throttle" }] });
    const error: unknown = await CALLS[called](proxy.url, 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name, $metadata: { httpStatusCode: status } });
  });

  test.each(Object.keys(CALLS) as Called[])(
    "%s breaks with status 500: its client tries again, and the handlers know it as unavailable",
    async (called) => {
      const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "error" }] });
      const error: unknown = await CALLS[called](proxy.url, 2).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 500, attempts: 2 } });
      expect(isUnavailable(error)).toBe(true);
      expect(proxy.statistics()).toMatchObject({ requests: 2, forwarded: 0, faults: { error: 2 } });
    },
  );

  test.each<[Called, string, number]>([
    ["a read of DynamoDB", "AccessDeniedException", 400],
    ["SQS", "AccessDeniedException", 403],
    ["S3", "AccessDenied", 403],
    ["STS", "AccessDenied", 403],
    ["Lambda", "AccessDeniedException", 403],
  ])("%s denies with %s, which its client does not try again", async (called, name, status) => {
    const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "deny" }] });
    const error: unknown = await CALLS[called](proxy.url, 3).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name, $metadata: { httpStatusCode: status, attempts: 1 } });
    expect(isUnavailable(error)).toBe(false);
  });
});
