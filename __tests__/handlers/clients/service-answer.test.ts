import { Readable } from "node:stream";
import { readAnswer } from "../../../handlers/clients/service-answer";

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
