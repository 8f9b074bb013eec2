import type { SQSEvent } from "aws-lambda";
import type * as Worker from "../../handlers/worker";
import { coldStart } from "./cold-start";

const VARIABLES = {
  AGENTS: JSON.stringify([{ name: "a", kind: "scripted", target: "0ms hello", timeout_seconds: 1, phases: [1] }]),
  AWS_REGION: "us-east-1",
  MAX_PARALLEL_AGENTS: "0",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  SESSIONS_TABLE: "sessions",
};

test("the worker takes batches of SQS, and reports what it refuses", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const { handler } = coldStart<typeof Worker>("worker", VARIABLES);
  const event = { Records: [{ messageId: "1", eventSource: "aws:sqs", body: "" }] } as unknown as SQSEvent;
  const response = await handler(event, { getRemainingTimeInMillis: () => 10_000 });
  write.mockRestore();
  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
});

test("without its environment the worker does not start, and says what is missing", () => {
  expect(() => coldStart("worker", {})).toThrow(/REQUESTS_TABLE is missing.*AGENTS is missing.*SESSIONS_TABLE is missing/);
});
