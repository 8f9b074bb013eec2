import { SQSClient } from "@aws-sdk/client-sqs";
import { QueueGauge } from "../../../../scripts/local/metrics/queue-gauge";
import { answeringServer } from "../../../support/answering-server";
import { until } from "../fixtures";

test("it asks each queue at its rate, tells an emulator that is gone once, and asks no more once stopped", async () => {
  let works = true;
  const server = await answeringServer(() =>
    works
      ? {
          body: JSON.stringify({
            Attributes: { ApproximateNumberOfMessages: "4", ApproximateNumberOfMessagesNotVisible: "1" },
          }),
        }
      : { status: 400, body: "{}" },
  );
  const sqs = new SQSClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
    useQueueUrlAsEndpoint: false,
  });
  const [counted, warnings, timers]: [unknown[][], string[], { ms: number; fire: () => void }[]] = [[], [], []];
  let ended = 0;
  const every = (ms: number, fire: () => void) => {
    timers.push({ ms, fire });
    return () => void (ended += 1);
  };
  const gauge = new QueueGauge({
    sqs,
    everyMs: 2_000,
    timers: { every },
    warn: (text) => warnings.push(text),
    counted: (...counts) => counted.push(counts),
  });
  const queue = {
    arn: "arn:aws:sqs:us-east-1:123456789012:dead",
    url: `${server.url}/123456789012/dead`,
    visibilityTimeoutSeconds: 30,
  };
  gauge.configure([queue]);
  gauge.configure([queue]);
  expect(timers.map(({ ms }) => ms)).toEqual([2_000]);
  timers[0]!.fire();
  await until(() => counted.length === 1);
  expect(counted).toEqual([["dead", 4, 1]]);
  works = false;
  timers[0]!.fire();
  await until(() => warnings.length === 1);
  timers[0]!.fire();
  await gauge.stop();
  expect([warnings.length, server.asked.length, ended]).toEqual([1, 3, 1]);
  expect(warnings[0]).toContain("The queues do not tell what they hold, and their metrics have no data");
  sqs.destroy();
  await server.stop();
});
