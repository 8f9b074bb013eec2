import { startColdServices } from "../../../scripts/commands/bench/cold-services";
import { connectSqs } from "../../../handlers/clients/sqs";
import { partsFor } from "../emulated";

test("without an address of an emulator SQS is called where the queue is", async () => {
  const services = await startColdServices();
  const variables = { ...partsFor(services.url).variables, AWS_ENDPOINT_URL: undefined };
  const sqs = connectSqs({ ...partsFor(services.url), variables }, `${services.url}/123456789012/work`);
  expect(await sqs("GetQueueAttributes", { QueueUrl: "q" })).toMatchObject({
    Attributes: { ApproximateNumberOfMessages: "0" },
  });
  expect([...services.calls.keys()]).toEqual(["AmazonSQS.GetQueueAttributes"]);
  await services.stop();
});
