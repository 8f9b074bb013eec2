import type { LambdaClient, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { QueuePollers } from "../../../../scripts/emulator/events/queue-pollers";
import { StatisticsRecorder } from "../../../../scripts/emulator/statistics";
import { functionArn, resource, restApi, state } from "../fixtures";

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

test("the emulator's own mapping is switched off, enabled or not, and for an apply back to what was applied; a failure names it", async () => {
  const { subject, updates } = pollers();
  await subject.silenceEmulator(applied(false));
  expect(updates).toEqual([{ UUID: "u1", Enabled: false }]);
  await subject.unsilenceEmulator(applied(true));
  await subject.unsilenceEmulator(applied(false));
  expect(updates.slice(1)).toEqual([
    { UUID: "u1", Enabled: true },
    { UUID: "u1", Enabled: false },
  ]);
  await expect(pollers(() => Promise.reject(new Error("gone"))).subject.silenceEmulator(applied(true))).rejects.toThrow(
    "The emulator's own mapping u1 (aws_lambda_event_source_mapping.work) cannot be switched off.",
  );
});

test("a queue that was not applied is warned of", async () => {
  const { subject, warnings, polls } = pollers();
  await subject.configure(applied(true, false));
  expect([warnings, polls.length]).toEqual([
    [
      "aws_lambda_event_source_mapping.work is not polled: the applied state holds no aws_sqs_queue arn:aws:sqs:us-east-1:1:work.",
    ],
    0,
  ]);
});
