import type { LambdaClient, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import {
  type SQSClient,
  DeleteMessageBatchCommand,
  type ReceiveMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import {
  QueuePollers,
  QueuePoller,
  readFailedMessages,
  makeSqsEvent,
} from "../../../../scripts/emulator/events/queue-poller";
import { StatisticsRecorder } from "../../../../scripts/emulator/statistics";
import { functionArn, resource, restApi, state, holdTimers, until } from "../fixtures";
import type { AppliedMapping, AppliedQueue } from "../../../../scripts/emulator/applied/functions";
import type { InvocationResult } from "../../../../scripts/emulator/functions/function-host";

jest.mock("node:timers/promises", () => jest.requireActual<object>("../../../support/timers-promises"));

describe("the pollers of an apply", () => {
  function applied(enabled: boolean, queues = true) {
    const mapping = {
      uuid: "u1",
      event_source_arn: "arn:aws:sqs:us-east-1:1:work",
      function_name: functionArn("api"),
      enabled,
    };
    const queue = resource("aws_sqs_queue", "work", {
      arn: "arn:aws:sqs:us-east-1:1:work",
      url: "http://127.0.0.1:1/work",
    });
    return readApplied(
      state(restApi({ paths: {} }), resource("aws_lambda_event_source_mapping", "work", mapping), queues ? queue : []),
      () => undefined,
    );
  }

  function pollers(answer: () => Promise<unknown> = () => Promise.resolve({})) {
    const updates: unknown[] = [];
    const warnings: string[] = [];
    const polls: (() => void)[] = [];
    const lambda = {
      send: (command: UpdateEventSourceMappingCommand) => {
        updates.push(command.input);
        return answer();
      },
    } as unknown as LambdaClient;
    const sqs = { send: () => new Promise((resolve) => polls.push(() => resolve({}))) } as unknown as SQSClient;
    const subject = new QueuePollers({
      lambda,
      sqs,
      region: "us-east-1",
      statistics: new StatisticsRecorder(),
      warn: (text) => warnings.push(text),
      invoke: () => Promise.resolve({ kind: "throttled" }),
    });
    return { subject, updates, warnings, polls };
  }

  /** Everything that can go on without another answer has gone on. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test("a mapping is polled while it is applied and enabled, by one poller, one poll after the other", async () => {
    const { subject, polls } = pollers();
    await subject.configure(applied(true));
    await subject.configure(applied(true));
    expect(polls).toHaveLength(1);
    polls[0]!();
    await settled();
    expect(polls).toHaveLength(2);
    const switchedOff = subject.configure(applied(false));
    polls[1]!();
    await switchedOff;
    await settled();
    expect(polls).toHaveLength(2);
    await subject.stop();
  });

  test("the emulator's own mapping is switched off, and back before an apply; a failure names it", async () => {
    const { subject, updates } = pollers();
    await subject.silenceEmulator(applied(false));
    expect(updates).toEqual([{ UUID: "u1", Enabled: false }]);
    await subject.unsilenceEmulator(applied(true));
    await subject.unsilenceEmulator(applied(false));
    expect(updates.slice(1)).toEqual([
      { UUID: "u1", Enabled: true },
      { UUID: "u1", Enabled: false },
    ]);
    await expect(
      pollers(() => Promise.reject(new Error("gone"))).subject.silenceEmulator(applied(true)),
    ).rejects.toThrow("The emulator's own mapping u1 (aws_lambda_event_source_mapping.work) cannot be switched off.");
  });

  test("a mapping of a queue that was not applied is a warning", async () => {
    const { subject, warnings, polls } = pollers();
    await subject.configure(applied(true, false));
    expect([warnings, polls.length]).toEqual([
      [
        "aws_lambda_event_source_mapping.work is not polled: " +
          "the applied state holds no aws_sqs_queue arn:aws:sqs:us-east-1:1:work.",
      ],
      0,
    ]);
  });
});

describe("one poller", () => {
  const QUEUE: AppliedQueue = {
    arn: "arn:aws:sqs:us-east-1:123456789012:work",
    url: "http://127.0.0.1:1/work",
    visibilityTimeoutSeconds: 30,
  };
  const MAPPING: AppliedMapping = {
    address: "aws_lambda_event_source_mapping.work",
    uuid: "u1",
    eventSourceArn: QUEUE.arn,
    functionArn: functionArn("worker"),
    enabled: true,
    batchSize: 10,
    batchingWindowSeconds: 0,
    maximumConcurrency: undefined,
    reportsBatchItemFailures: true,
  };
  const DONE: InvocationResult = { kind: "answer", payload: "null" };

  interface Invocation {
    readonly bodies: readonly string[];
    readonly end: (result: InvocationResult) => void;
  }

  let poller: QueuePoller | undefined;
  afterEach(async () => {
    jest.useRealTimers();
    await poller?.stop();
  });

  /** A queue in memory, whose messages are given once, and a function that ends when the test says so. */
  function poll(bodies: readonly string[], mapping: Partial<AppliedMapping> = {}) {
    const queue = bodies.map(
      (body): Message => ({
        MessageId: `id-${body}`,
        ReceiptHandle: `handle-${body}`,
        Body: body,
        Attributes: { SentTimestamp: "0" },
      }),
    );
    const world = {
      queue,
      asked: [] as ReceiveMessageCommandInput[],
      deleted: [] as string[],
      invocations: [] as Invocation[],
      warnings: [] as string[],
      isGone: false,
    };
    const send = async (command: ReceiveMessageCommand | DeleteMessageBatchCommand) => {
      if (command instanceof DeleteMessageBatchCommand) {
        const entries = command.input.Entries ?? [];
        world.deleted.push(...entries.map(({ ReceiptHandle: handle = "" }) => handle));
        return { Successful: entries.map(({ Id }) => ({ Id })) };
      }
      await new Promise((resolve) => setImmediate(resolve));
      if (world.isGone) throw new Error("gone");
      world.asked.push(command.input);
      return { Messages: queue.splice(0, command.input.MaxNumberOfMessages) };
    };
    const statistics = new StatisticsRecorder();
    poller = new QueuePoller({ ...MAPPING, ...mapping }, QUEUE, {
      sqs: { send } as unknown as SQSClient,
      region: "us-east-1",
      statistics,
      warn: (text) => world.warnings.push(text),
      invoke: (_arn, payload) =>
        new Promise((end) =>
          world.invocations.push({
            bodies: (JSON.parse(payload) as { Records: { body: string }[] }).Records.map(({ body }) => body),
            end,
          }),
        ),
    });
    return Object.assign(world, { poller, counts: () => statistics.snapshot().queues["work"] });
  }

  /** So many more polls have come back with nothing: whatever else was to happen has happened. */
  async function polledAgain({ asked }: { readonly asked: readonly unknown[] }, times = 3): Promise<void> {
    const before = asked.length;
    await until(() => asked.length >= before + times);
  }

  test("a batch goes to the function in one event, and is deleted when the function has answered", async () => {
    const world = poll(["a", "b"]);
    await until(() => world.invocations.length === 1);
    expect([world.invocations[0]!.bodies, world.deleted]).toEqual([["a", "b"], []]);
    expect(world.asked[0]).toEqual({
      QueueUrl: QUEUE.url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      AttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    });
    world.invocations[0]!.end(DONE);
    await until(() => world.deleted.length === 2);
    expect([world.deleted, world.counts()]).toEqual([["handle-a", "handle-b"], { received: 2, deleted: 2, failed: 0 }]);
  });

  test("a message that is reported as failed stays in the queue, only where reports were applied", async () => {
    const report: InvocationResult = { kind: "answer", payload: '{"batchItemFailures":[{"itemIdentifier":"id-b"}]}' };
    const reporting = poll(["a", "b", "c"]);
    await until(() => reporting.invocations.length === 1);
    reporting.invocations[0]!.end(report);
    await until(() => reporting.deleted.length > 0);
    expect([reporting.deleted, reporting.counts()]).toEqual([
      ["handle-a", "handle-c"],
      { received: 3, deleted: 2, failed: 1 },
    ]);
    await poller!.stop();
    const plain = poll(["a", "b", "c"], { reportsBatchItemFailures: false });
    await until(() => plain.invocations.length === 1);
    plain.invocations[0]!.end(report);
    await until(() => plain.counts()?.deleted === 3);
  });

  test.each<[string, InvocationResult]>([
    ["an exception", { kind: "error", payload: "{}" }],
    [
      "a report of a message that is not in it",
      { kind: "answer", payload: '{"batchItemFailures":[{"itemIdentifier":"unknown"}]}' },
    ],
    ["a function that is gone", { kind: "unknown-function" }],
  ])("%s fails the whole batch", async (_what, result) => {
    const world = poll(["a", "b"]);
    await until(() => world.invocations.length === 1);
    world.invocations[0]!.end(result);
    await until(() => world.counts()?.failed === 2);
    await polledAgain(world);
    expect([world.deleted, world.invocations.length]).toEqual([[], 1]);
  });

  test("no more batches than the applied maximum are under way; the next waits until one has ended", async () => {
    const world = poll(["1", "2", "3", "4"], { batchSize: 1, maximumConcurrency: 2 });
    await until(() => world.invocations.length === 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect([world.invocations.length, world.asked.length, world.queue.length]).toEqual([2, 2, 2]);
    world.invocations[1]!.end(DONE);
    await until(() => world.invocations.length === 3);
    expect(world.invocations.map(({ bodies }) => bodies)).toEqual([["1"], ["2"], ["3"]]);
    expect([world.counts(), world.asked.length]).toEqual([{ received: 3, deleted: 1, failed: 0 }, 3]);
  });

  test("without an applied maximum at most five batches are under way, as when Lambda begins", async () => {
    const world = poll(["1", "2", "3", "4", "5", "6"], { batchSize: 1 });
    await until(() => world.invocations.length === 5);
    await new Promise((resolve) => setImmediate(resolve));
    expect([world.invocations.length, world.queue.length]).toEqual([5, 1]);
  });

  test("a stopped poller takes no further message; only settled waits for its batches", async () => {
    const world = poll(["1", "2"], { batchSize: 1, maximumConcurrency: 1 });
    await until(() => world.invocations.length === 1);
    await world.poller.stop();
    expect([world.deleted, world.queue.length]).toEqual([[], 1]);
    world.invocations[0]!.end(DONE);
    await world.poller.settled();
    expect([world.deleted, world.queue.length]).toEqual([["handle-1"], 1]);
  });

  test("a throttled batch is tried again at growing intervals until its messages are visible again", async () => {
    jest.useFakeTimers({
      doNotFake: ["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "clearImmediate"],
    });
    const world = poll(["a"], { maximumConcurrency: 1 });
    const waits: number[] = [];
    while (world.counts()?.failed !== 1) {
      await until(() => world.invocations.length === waits.length + 1);
      world.invocations.at(-1)!.end({ kind: "throttled" });
      await until(() => jest.getTimerCount() === 1 || world.counts()?.failed === 1);
      const beganAtMs = Date.now();
      jest.advanceTimersToNextTimer();
      waits.push(Date.now() - beganAtMs);
    }
    // The message is hidden for 30 s: after 26.3 s of waiting another 5 s would be too long.
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 0]);
    expect([world.invocations.length, world.deleted, world.counts()]).toEqual([
      11,
      [],
      { received: 1, deleted: 0, failed: 1 },
    ]);
  });

  test("an emulator that is gone is one warning, and is polled again after a second", async () => {
    const world = poll([]);
    await polledAgain(world, 1);
    holdTimers();
    world.isGone = true;
    for (let failures = 1; failures <= 3; failures += 1) {
      await until(() => jest.getTimerCount() === 1);
      jest.advanceTimersByTime(1_000);
    }
    expect(world.warnings).toEqual([
      `aws_lambda_event_source_mapping.work: ${QUEUE.url} cannot be polled: Error: gone`,
    ]);
    world.isGone = false;
    await polledAgain(world, 1);
  });

  test("a batching window collects messages until the batch is full", async () => {
    const world = poll(["1", "2", "3"], { batchSize: 2, batchingWindowSeconds: 300, maximumConcurrency: 1 });
    await until(() => world.invocations.length === 1);
    expect(world.invocations[0]!.bodies).toEqual(["1", "2"]);
  });

  test("a change of the mapping holds for the next batch", async () => {
    const world = poll(["1", "2", "3"], { batchSize: 1, maximumConcurrency: 1 });
    await until(() => world.invocations.length === 1);
    world.poller.update({ ...MAPPING, batchSize: 10, maximumConcurrency: 1 }, QUEUE);
    world.invocations[0]!.end(DONE);
    await until(() => world.invocations.length === 2);
    expect(world.invocations[1]!.bodies).toEqual(["2", "3"]);
  });
});

describe("the event and the answer of a batch", () => {
  test("nothing, null and an empty list are success", () => {
    for (const payload of ["null", "{}", '{"batchItemFailures":null}', '{"batchItemFailures":[]}'])
      expect(readFailedMessages(payload, ["a"])).toEqual(new Set());
  });

  test("a reported message failed, and only that one", () => {
    expect(readFailedMessages('{"batchItemFailures":[{"itemIdentifier":"b"}]}', ["a", "b"])).toEqual(new Set(["b"]));
  });

  test("another shape, an empty or an unknown id fails the whole batch", () => {
    const payloads = [
      '"text"',
      "[]",
      '{"batchItemFailures":"b"}',
      '{"batchItemFailures":[{"itemIdentifier":""}]}',
      '{"batchItemFailures":[{"itemIdentifier":null}]}',
      '{"batchItemFailures":[{"id":"a"}]}',
      '{"batchItemFailures":[{"itemIdentifier":"c"}]}',
      "no json",
    ];
    for (const payload of payloads)
      expect([payload, readFailedMessages(payload, ["a", "b"])]).toEqual([payload, undefined]);
  });

  test("a binary attribute is Base64", () => {
    const event = makeSqsEvent(
      [{ MessageId: "m", MessageAttributes: { b: { DataType: "Binary", BinaryValue: Buffer.from("hi") } } }],
      "arn:q",
      "us-east-1",
    );
    expect(event.Records[0]!.messageAttributes).toEqual({
      b: { binaryValue: "aGk=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
    });
  });
});
