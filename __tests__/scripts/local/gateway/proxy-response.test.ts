import { parseProxyResponse } from "../../../../scripts/local/gateway/proxy-response";

test("status, headers and body are taken over", () => {
  const answer = parseProxyResponse(
    JSON.stringify({
      statusCode: 201,
      headers: { "X-A": 1 },
      multiValueHeaders: { "Set-Cookie": ["a", "b"] },
      body: "hi",
    }),
    false,
  )!;
  expect([answer.status, answer.headers, answer.body.toString()]).toEqual([
    201,
    [
      ["Content-Type", "application/json"],
      ["Set-Cookie", "a"],
      ["Set-Cookie", "b"],
      ["X-A", "1"],
    ],
    "hi",
  ]);
});

test("Base64 is decoded only where the API has binary media types", () => {
  const payload = JSON.stringify({ statusCode: "200", body: "aGk=", isBase64Encoded: true });
  expect([true, false].map((decodes) => parseProxyResponse(payload, decodes)!.body.toString())).toEqual(["hi", "aGk="]);
});

test("everything else is malformed", () => {
  const payloads = [
    "null",
    '"text"',
    "[]",
    "{}",
    "no json",
    '{"statusCode":99}',
    '{"statusCode":""}',
    '{"statusCode":200,"body":{}}',
    '{"statusCode":200,"headers":"x"}',
    '{"statusCode":200,"headers":{"a":{}}}',
  ];
  for (const payload of payloads) expect([payload, parseProxyResponse(payload, false)]).toEqual([payload, undefined]);
});
