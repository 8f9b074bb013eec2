import { leaksIn, leaksInLog } from "../leaks";

const secrets = { marker: "mk", names: ["quickturn-dev-requests"] };
const id = "0f6c2f0e-8a3b-4c57-9d0a-3f1f6f0c2b11";
const leaks = (status: number, body: string, caller: number | undefined = 0, headers: [string, string][] = []) =>
  leaksIn({ kind: "answer", status, headers, body, ms: 1 }, caller, secrets, new Map([[id, 1]])).map(
    ({ what }) => what,
  );

test.each([
  ["Error\n    at run (file:///var/task/a.mjs:1:2)", "a stack trace"],
  ["see /var/task/node_modules/x", "a file's path"],
  ["api.js:12", "a line of source"],
  ["arn:aws:dynamodb:eu-west-1:1:table/x", "an ARN"],
  ["https://sqs.eu-west-1.amazonaws.com/1/q", "a host of AWS"],
  ["AKIAIOSFODNN7EXAMPLE", "an access key"],
  ["ConditionalCheckFailedException", "an exception's name"],
  ["undefined is not allowed", "a variable that is not there"],
  ["quickturn-dev-requests", "the name quickturn-dev-requests"],
])("an answer that shows %j is found", (text, what) =>
  expect(leaks(400, JSON.stringify({ error: { message: text } }).replaceAll("\\n", "\n"))).toContain(
    `400 with ${what}`,
  ),
);

test("what another caller sent is found in any answer, and one's own only in a refusal", () => {
  expect(leaks(200, '{"result":{"answer":"mk-1-7"}}')).toEqual(["200 with what another caller sent"]);
  expect(leaks(200, '{"result":{"answer":"mk-0-7"}}')).toEqual([]);
  expect(leaks(400, '{"error":"mk-0-7"}')).toEqual(["400 with what was sent"]);
  expect(leaks(202, "{}", 0, [["location", "/mk-1-7"]])).toEqual(["202 with what another caller sent"]);
  expect(
    leaksIn({ kind: "answer", status: 200, headers: [], body: "mk-0-7", ms: 1 }, undefined, secrets, new Map()),
  ).toHaveLength(1);
});

test("another caller's id is found, an unknown one is not", () => {
  expect(leaks(404, `{"error":"${id}"}`)).toEqual(["404 with the id of another caller's request"]);
  expect(leaks(200, `{"request_id":"${id}"}`, 1)).toEqual([]);
  expect(leaks(200, '{"request_id":"00000000-0000-4000-8000-000000000000"}')).toEqual([]);
});

test("what agents say is theirs, and API Gateway's own class of error is no secret", () => {
  expect(leaks(200, '{"status":"completed","result":{"answer":"arn:aws:s3:::x at TypeError"}}')).toEqual([]);
  expect(leaks(403, '{"error":{}}', 0, [["x-amzn-errortype", "AccessDeniedException"]])).toEqual([]);
  expect(leaks(200, '{"note":"arn:aws:s3:::x","result":{}}')).toEqual(["200 with an ARN"]);
});

test("a log with what callers sent, with a signature or a secret is found, with the line", () => {
  const log = [
    "good",
    'prompt "mk-0-1"',
    "Signature=0123456789abcdef0",
    "alice-secret",
    "mk-0-2",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
  ].join("\n");
  expect(leaksInLog("api.log", log, "mk", ["alice-secret"]).map(({ what }) => what)).toEqual([
    "api.log has what a caller sent in line 2, and in 2 of 6 lines",
    "api.log has a signature in line 3, and in 1 of 6 lines",
    "api.log has a token in line 6, and in 1 of 6 lines",
    "api.log has a secret in line 4, and in 1 of 6 lines",
  ]);
  expect(leaksInLog("api.log", "good\n", "mk", ["", "x-secret"])).toEqual([]);
});
