import { readFailedMessages, sqsEvent } from "../../../../scripts/emulator/events/sqs-event";

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
  const event = sqsEvent(
    [{ MessageId: "m", MessageAttributes: { b: { DataType: "Binary", BinaryValue: Buffer.from("hi") } } }],
    "arn:q",
    "us-east-1",
  );
  expect(event.Records[0]!.messageAttributes).toEqual({
    b: { binaryValue: "aGk=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
  });
});
