import type { SQSEvent } from "aws-lambda";
import type * as Sweeper from "../../handlers/sweeper";
import { coldStart } from "./cold-start";

const VARIABLES = {
  AWS_REGION: "us-east-1",
  DEAD_LETTER_QUEUE_ARN: "arn:aws:sqs:us-east-1:123456789012:work-failed",
  DEPLOYMENT: "quickturn-dev",
  REQUESTS_TABLE: "requests",
  WORK_QUEUE_URL: "http://127.0.0.1:9/work",
};

test("the sweeper takes batches of its own queue, and leaves what it cannot read to a person", async () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const { handler } = coldStart<typeof Sweeper>("sweeper", VARIABLES);
  const event = {
    Records: [{ messageId: "1", eventSource: "aws:sqs", eventSourceARN: VARIABLES.DEAD_LETTER_QUEUE_ARN, body: "" }],
  } as unknown as SQSEvent;
  const response = await handler(event, { getRemainingTimeInMillis: () => 10_000 });
  const lines = write.mock.calls.map(([line]) => JSON.parse(String(line)) as object);
  write.mockRestore();
  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  expect(lines).toMatchObject([{ event: "dead_letter_unreadable", code: "not_json", DeadLetters: 1 }]);
});

test("without its environment the sweeper does not start, and says what is missing", () => {
  expect(() => coldStart("sweeper", {})).toThrow(
    /REQUESTS_TABLE is missing.*DEAD_LETTER_QUEUE_ARN is missing.*WORK_QUEUE_URL is missing/,
  );
});
