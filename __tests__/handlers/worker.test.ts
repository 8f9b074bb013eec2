import type { SQSEvent } from "aws-lambda";
import type * as Worker from "../../handlers/worker";
import { coldStart } from "./cold-start";

const VARIABLES = {
  AGENT_POLICY: "any",
  AGENT_QUORUM: "0",
  AGENTS: JSON.stringify([{ name: "a", kind: "scripted", target: "0ms hello", timeout_seconds: 1, phases: [1] }]),
  ARBITER: "null",
  AWS_REGION: "us-east-1",
  DEPLOYMENT: "quickturn-dev",
  MAX_PARALLEL_AGENTS: "0",
  QUERY_CACHE_TTL_SECONDS: "60",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  SESSIONS_TABLE: "sessions",
  WORK_QUEUE_ARN: "arn:aws:sqs:us-east-1:123456789012:work",
  WORK_QUEUE_URL: "http://127.0.0.1:9/work",
};

test("the worker takes batches of SQS, and reports what it refuses", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const { handler } = coldStart<typeof Worker>("worker", VARIABLES);
  const event = {
    Records: [{ messageId: "1", eventSource: "aws:sqs", eventSourceARN: VARIABLES.WORK_QUEUE_ARN, body: "" }],
  } as unknown as SQSEvent;
  const response = await handler(event, { getRemainingTimeInMillis: () => 10_000 });
  write.mockRestore();
  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
});

test("without its environment the worker does not start, and says what is missing", () => {
  expect(() => coldStart("worker", {})).toThrow(
    /REQUESTS_TABLE is missing.*AGENTS is missing.*SESSIONS_TABLE is missing/,
  );
});
