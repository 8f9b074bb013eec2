import { readAnswer } from "../../../handlers/agents/answers";

const SSE = "text/event-stream";

test.each([
  ['{"result":"a"}', "a"],
  ['{"answer":"a","other":1}', "a"],
  ['{"output":"a"}', "a"],
  ['{"response":"a"}', "a"],
  ['{"result":null,"answer":"a"}', "a"],
  ['{"response":"b","result":"a"}', "a"],
  ['{"result":{"text":"a"}}', '{"text":"a"}'],
  ['{"score": 3}', '{"score":3}'],
  ['["a", 1]', '["a",1]'],
  ['"a"', "a"],
  ["42", "42"],
  ["plain text, {not JSON", "plain text, {not JSON"],
])("the JSON %s answers %s", (body, answer) => {
  expect(readAnswer(body, "application/json")).toEqual({ text: answer });
});

test.each([
  ["lines of their own are joined by line breaks", "data: one\n\ndata: two\n\n", "one\ntwo"],
  ["JSON strings are pieces of one text", 'data: "Hel"\n\ndata: "lo"\n\n', "Hello"],
  ["several data lines make one event", "data: one\ndata: two\n\n", "one\ntwo"],
  ["an event may end in CR LF, and its data may lack the space", "event: x\r\ndata:one\r\n\r\n", "one"],
  ["comments, ids and empty events are passed over", ": ping\n\nid: 1\n\ndata: one\n\n", "one"],
  ["an answer field counts in an event too", 'data: {"result":"one"}\n\n', "one"],
  ["the end may lack its blank line", "data: one", "one"],
  ["the mark of the end is no part of the answer", 'data: "one"\n\ndata: [DONE]\n\n', "one"],
])("in a stream, %s", (_fact, body, answer) => {
  expect(readAnswer(body, `${SSE}; charset=utf-8`)).toEqual({ text: answer });
});

test.each([
  ["", undefined],
  [" \n", "text/plain"],
  ['""', "application/json"],
  ['{"result":""}', "application/json"],
  ["null", "application/json"],
  [": ping\n\n", SSE],
])("nothing in %j of %s is refused", (body, contentType) => {
  expect(() => readAnswer(body, contentType)).toThrow("The agent gave an empty answer.");
});

test("a stream that ends in an error is no answer, and the error's text stays out of the message", () => {
  expect(() => readAnswer('data: "Half an"\n\ndata: {"error":"canary"}\n\n', SSE)).toThrow(
    /^The agent reported an error in its stream\.$/,
  );
});

test("an object that reports an error and no answer is none, and the error's text stays out of the message", () => {
  expect(() => readAnswer('{"error":"canary"}')).toThrow(/^The agent reported an error\.$/);
  expect(readAnswer('{"error":"in part","answer":"a"}')).toEqual({ text: "a" });
});

test("tokens and model are told beside the answer", () => {
  const usage = { inputTokens: 5, outputTokens: 3 };
  expect(readAnswer(JSON.stringify({ answer: "a", usage, model: "m" }))).toEqual({
    text: "a",
    tokens: { input: 5, output: 3 },
    model: "m",
  });
});

test("an event of a stream that has an answer beside its error is an error all the same", () => {
  expect(() => readAnswer('data: "Half an"\n\ndata: {"error":"canary","answer":"half"}\n\n', SSE)).toThrow(
    /^The agent reported an error in its stream\.$/,
  );
});

test("in a stream the last counts are the whole, and an event of counts is no part of the answer", () => {
  const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  const counted = (output: number) => event({ usage: { input_tokens: 5, output_tokens: output } });
  expect(readAnswer(event("Hel") + counted(1) + event("lo") + counted(2), SSE)).toEqual({
    text: "Hello",
    tokens: { input: 5, output: 2 },
  });
});

test("a stream of counts alone is empty", () => {
  expect(() => readAnswer('data: {"usage":{"inputTokens":5,"outputTokens":3}}\n\n', SSE)).toThrow(
    "The agent gave an empty answer.",
  );
});
