import { startFunctionServices } from "../../support/function-services";
import { connectTo, partsFor } from "../emulated";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connectDynamoDb, type DynamoDb, connectSqs, readAnswer } from "../../../handlers/aws/json-service";
import { isUnavailable } from "../../../handlers/aws/guards";
import { settled } from "../fixtures";
import { Readable } from "node:stream";

describe("dynamodb", () => {
  test("an operation goes to DynamoDB by its name, and its output comes back; the stores' tests have the rest", async () => {
    const services = await startFunctionServices();
    const dynamodb = connectTo(services.url);
    expect((await dynamodb("GetItem", { TableName: "t", Key: {} })).Item?.["status"]).toEqual({ S: "processing" });
    expect(await dynamodb("Query", { TableName: "t" })).toMatchObject({ Items: [] });
    expect([...services.calls.keys()]).toEqual(["DynamoDB_20120810.GetItem", "DynamoDB_20120810.Query"]);
    await services.stop();
  });
});

describe("json service", () => {
  interface Asked {
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }
  /** What the server does with a call; "hang": nothing, "cut": ends the connection. */
  type Answer =
    | { readonly status?: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
    | "hang"
    | "cut";

  let server: Server;
  let answers: Answer[];
  let asked: Asked[];
  let url: string;
  beforeEach(async () => {
    answers = [];
    asked = [];
    server = createServer((message, reply) => {
      let body = "";
      message
        .setEncoding("utf8")
        .on("data", (part: string) => (body += part))
        .once("end", () => {
          asked.push({ headers: message.headers, body });
          const answer = answers.shift() ?? { body: "{}" };
          if (answer === "cut") message.socket.destroy();
          else if (answer !== "hang")
            reply
              .writeHead(answer.status ?? 200, { "content-type": "application/x-amz-json-1.0", ...answer.headers })
              .end(answer.body);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    server.closeAllConnections();
    server.close();
  });

  const INPUT = { TableName: "t", Key: { k: { S: "1" } } };
  const read = (dynamodb: DynamoDb, signal?: AbortSignal) => dynamodb("GetItem", INPUT, signal);
  const failure = (type: string, status = 400, fields: object = {}) => ({
    status,
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: "no", ...fields }),
  });
  const connect = () => connectDynamoDb(partsFor(url));

  test("a call is what the SDK sends: the same target, body and signed host", async () => {
    answers = [{ body: '{"Item":{"k":{"S":"1"}}}' }];
    expect(await read(connect())).toEqual({ Item: { k: { S: "1" } } });
    await new DynamoDBClient({
      endpoint: url,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    }).send(new GetItemCommand(INPUT));
    const [ours, theirs] = asked as [Asked, Asked];
    expect(JSON.parse(ours.body)).toEqual(JSON.parse(theirs.body));
    for (const header of ["host", "content-type", "x-amz-target", "content-length"])
      expect(ours.headers[header]).toBe(theirs.headers[header]);
    expect(ours.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=test\/\d{8}\/us-east-1\/dynamodb\/aws4_request, SignedHeaders=[^,]*host[^,]*x-amz-target, Signature=[0-9a-f]{64}$/,
    );
    expect(ours.headers["amz-sdk-request"]).toBe("attempt=1; max=3");
  });

  test("the credentials of the moment sign, with their token, and the invocation's trace goes along", async () => {
    const variables: Record<string, string> = { ...partsFor(url).variables, AWS_SESSION_TOKEN: "one" } as Record<
      string,
      string
    >;
    const dynamodb = connectDynamoDb({ ...partsFor(url), variables });
    await read(dynamodb);
    Object.assign(variables, { AWS_ACCESS_KEY_ID: "next", AWS_SESSION_TOKEN: "two", _X_AMZN_TRACE_ID: "Root=1-2-3" });
    await read(dynamodb);
    expect(
      asked.map(({ headers }) => [
        headers["x-amz-security-token"],
        headers["x-amzn-trace-id"],
        /Credential=(\w+)/.exec(String(headers.authorization))?.[1],
      ]),
    ).toEqual([
      ["one", undefined, "test"],
      ["two", "Root=1-2-3", "next"],
    ]);
  });

  test.each(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])(
    "without %s no call is sent, and the error names it",
    async (name) => {
      const parts = partsFor(url);
      await expect(
        read(connectDynamoDb({ ...parts, variables: { ...parts.variables, [name]: undefined } })),
      ).rejects.toThrow(`${name} is not set. Lambda sets it; elsewhere give the process the variable.`);
      expect(asked).toEqual([]);
    },
  );

  test("without a region it is not made", () => {
    expect(() => connectDynamoDb({ ...partsFor(url), variables: {} })).toThrow("AWS_REGION is not set.");
  });

  test("an error has the service's name, message and fields, and is not tried again", async () => {
    answers = [failure("ConditionalCheckFailedException", 400, { Item: { k: { S: "1" } } })];
    const error: unknown = await read(connect()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "ConditionalCheckFailedException",
      message: "no",
      Item: { k: { S: "1" } },
      $metadata: { httpStatusCode: 400, attempts: 1 },
    });
    expect(isUnavailable(error)).toBe(false);
    expect(asked).toHaveLength(1);
  });

  test("a page that is no JSON is an error with its status, which is tried again", async () => {
    answers = Array.from({ length: 3 }, () => ({ status: 503, body: "<html>" }));
    const error: unknown = await read(connect()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "UnknownError",
      message: "UnknownError (status 503)",
      $metadata: { httpStatusCode: 503, attempts: 3 },
    });
    expect(isUnavailable(error)).toBe(true);
  });

  test.each<[string, Answer]>([
    ["status 500", failure("InternalServerError", 500)],
    ["a connection that breaks", "cut"],
    ["a busy table", failure("ProvisionedThroughputExceededException")],
  ])("after %s it tries again, under the same invocation", async (_what, answer) => {
    answers = [answer, { body: '{"Item":{}}' }];
    expect(await read(connect())).toEqual({ Item: {} });
    expect(asked.map(({ headers }) => headers["amz-sdk-request"])).toEqual(["attempt=1; max=3", "attempt=2; max=3"]);
    expect(new Set(asked.map(({ headers }) => headers["amz-sdk-invocation-id"])).size).toBe(1);
    expect(asked[1]?.body).toBe(asked[0]?.body);
  });

  test("after three attempts it gives up with the last error", async () => {
    answers = Array.from({ length: 4 }, () => failure("InternalServerError", 500));
    await expect(read(connect())).rejects.toMatchObject({ name: "InternalServerError", $metadata: { attempts: 3 } });
    expect(asked).toHaveLength(3);
  });

  test("an attempt that the connection gave up is made again", async () => {
    const parts = partsFor(url);
    const timedOut = Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
    const handle = jest.spyOn(parts.connection.requestHandler, "handle").mockRejectedValueOnce(timedOut);
    answers = [{ body: '{"Item":{}}' }];
    expect(await read(connectDynamoDb(parts))).toEqual({ Item: {} });
    expect(handle).toHaveBeenCalledTimes(2);
  });

  test("a signal ends a call that hangs", async () => {
    answers = ["hang"];
    const caller = new AbortController();
    const call = read(connect(), caller.signal);
    while (asked.length === 0) await settled();
    caller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
  });

  test("a signal ends the wait for another attempt, and none is made after it", async () => {
    // The connection and the server do not wait by this clock: the call that waits would never go on.
    jest.useFakeTimers({ doNotFake: ["performance", "nextTick", "queueMicrotask", "setImmediate", "setInterval"] });
    // This clock takes a fraction of a millisecond for none, and the wait for it would be begun again for ever.
    const { setTimeout: counted } = globalThis;
    jest
      .spyOn(globalThis, "setTimeout")
      .mockImplementation(((then: () => void, ms = 0) => counted(then, Math.ceil(ms))) as typeof setTimeout);
    answers = Array.from({ length: 3 }, () => failure("ThrottlingException"));
    const caller = new AbortController();
    const parts = partsFor(url);
    const { handle } = parts.connection.requestHandler;
    const answered = jest
      .spyOn(parts.connection.requestHandler, "handle")
      .mockImplementation((...given) => handle.apply(parts.connection.requestHandler, given));
    const call = read(connectDynamoDb(parts), caller.signal);
    while (answered.mock.results.length === 0) await settled();
    await answered.mock.results[0]?.value;
    for (let turn = 0; turn < 100; turn++) await settled();
    caller.abort(new Error("not needed"));
    await expect(call).rejects.toThrow("not needed");
    await jest.runAllTimersAsync();
    expect(asked).toHaveLength(1);
  });

  test("a call whose signal is aborted already is not sent", async () => {
    await expect(read(connect(), AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
    expect(asked).toEqual([]);
  });

  test("the guard stands around all attempts of a call", async () => {
    const run = jest.fn((work: () => Promise<unknown>) => work());
    answers = [failure("InternalServerError", 500)];
    await read(connectDynamoDb({ ...partsFor(url), guard: { run: run as never } }));
    expect(asked).toHaveLength(2);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("calls one after the other share a socket", async () => {
    const ports = new Set<number | undefined>();
    server.on("connection", ({ remotePort }) => ports.add(remotePort));
    const dynamodb = connect();
    for (let call = 0; call < 3; call++) await read(dynamodb);
    answers = [failure("ConditionalCheckFailedException")];
    await read(dynamodb).catch(() => undefined);
    await read(dynamodb);
    expect(ports.size).toBe(1);
  });

  test("SQS is called where the queue is", async () => {
    const variables = { ...partsFor(url).variables, AWS_ENDPOINT_URL: undefined };
    answers = [
      { body: '{"MessageId":"1"}' },
      { status: 400, body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}' },
    ];
    const sqs = connectSqs({ ...partsFor(url), variables }, `${url}/123456789012/work`);
    expect(await sqs("SendMessage", { QueueUrl: `${url}/123456789012/work`, MessageBody: "x" })).toEqual({
      MessageId: "1",
    });
    expect(asked[0]?.headers["x-amz-target"]).toBe("AmazonSQS.SendMessage");
    await expect(sqs("SendMessage", { QueueUrl: "q", MessageBody: "x" })).rejects.toMatchObject({
      name: "QueueDoesNotExist",
      message: "gone",
    });
  });
});

describe("service answer", () => {
  const answer = (statusCode: number, text: string, headers: Record<string, string> = {}) =>
    readAnswer({
      statusCode,
      headers,
      body: Readable.from([Buffer.from(text).subarray(0, 5), Buffer.from(text).subarray(5)]),
    });

  test("an output is read whole, characters across two parts too, and nothing is an empty one", async () => {
    expect(await answer(200, '{"a":"€€"}')).toEqual({ a: "€€" });
    expect(await answer(200, "")).toEqual({});
  });

  test.each<[string, string, Record<string, string>, object]>([
    [
      "a namespace",
      '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}',
      {},
      { name: "ThrottlingException", message: "slow" },
    ],
    [
      "the other spelling",
      '{"__type":"AccessDeniedException","Message":"no"}',
      {},
      { name: "AccessDeniedException", message: "no" },
    ],
    [
      "a header",
      "{}",
      { "x-amzn-errortype": "SlowDown:http://internal/" },
      { name: "SlowDown", message: "SlowDown (status 400)" },
    ],
    [
      "fields",
      '{"__type":"x#TransactionCanceledException","message":"m","CancellationReasons":[{"Code":"None"}]}',
      {},
      { CancellationReasons: [{ Code: "None" }] },
    ],
    ["a text", '"gone"', {}, { name: "UnknownError", message: "UnknownError (status 400)" }],
  ])("an error with %s is told apart", async (_what, text, headers, expected) => {
    await expect(answer(400, text, { ...headers, "x-amzn-requestid": "r" })).rejects.toMatchObject({
      ...expected,
      $metadata: { httpStatusCode: 400, requestId: "r" },
    });
  });
});

describe("sqs", () => {
  test("without an address of an emulator SQS is called where the queue is", async () => {
    const services = await startFunctionServices();
    const variables = { ...partsFor(services.url).variables, AWS_ENDPOINT_URL: undefined };
    const sqs = connectSqs({ ...partsFor(services.url), variables }, `${services.url}/123456789012/work`);
    expect(await sqs("GetQueueAttributes", { QueueUrl: "q" })).toMatchObject({
      Attributes: { ApproximateNumberOfMessages: "0" },
    });
    expect([...services.calls.keys()]).toEqual(["AmazonSQS.GetQueueAttributes"]);
    await services.stop();
  });
});
