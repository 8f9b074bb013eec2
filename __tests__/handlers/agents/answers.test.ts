import { readAnswer, MAX_ANSWER_BYTES, readBody, isOnlyUsage, readUsage } from "../../../handlers/agents/answers";
import { Readable } from "node:stream";

describe("answers", () => {
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
});

describe("body", () => {
  test("a body is read to its end, also where a character is cut in two", async () => {
    const bytes = Buffer.from("324 m ★");
    expect(await readBody(Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]))).toBe("324 m ★");
  });

  test("an empty body is an empty text", async () => {
    expect(await readBody(Readable.from([]))).toBe("");
  });

  test("a body that breaks off rejects", async () => {
    async function* broken() {
      yield Buffer.from("half");
      throw new Error("reset");
    }
    await expect(readBody(broken())).rejects.toThrow("reset");
  });

  test("a body may have the largest size, and a larger one is not read on", async () => {
    expect(await readBody(Readable.from([Buffer.alloc(MAX_ANSWER_BYTES, "x")]))).toHaveLength(MAX_ANSWER_BYTES);
    const stream = Readable.from([Buffer.alloc(MAX_ANSWER_BYTES), Buffer.alloc(1), Buffer.alloc(1)]);
    await expect(readBody(stream)).rejects.toThrow("The agent's answer is larger than 5242880 bytes.");
    expect(stream.destroyed).toBe(true);
  });
});

describe("usage", () => {
  const counts = { inputTokens: 5, outputTokens: 3 };
  const tokens = { input: 5, output: 3 };

  test.each<[object, object]>([
    [{ usage: counts }, { tokens }],
    [{ usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 } }, { tokens }],
    [{ metrics: counts }, { tokens }],
    [{ metrics: { usage: counts } }, { tokens }],
    [{ metadata: { usage: counts } }, { tokens }],
    [{ usage: {}, metadata: { usage: counts } }, { tokens }],
    [{ usage: { inputTokens: 0, outputTokens: 0 } }, { tokens: { input: 0, output: 0 } }],
    [{ model: "eu.vendor.model-1:0" }, { model: "eu.vendor.model-1:0" }],
    [
      { metadata: { model: "m" }, usage: counts },
      { tokens, model: "m" },
    ],
  ])("%j tells %j", (value, usage) => {
    expect(readUsage(value)).toEqual(usage);
  });

  test.each<unknown>([
    null,
    "usage",
    [{ usage: counts }],
    {},
    { usage: null },
    { usage: { inputTokens: 5 } },
    { usage: { inputTokens: "5", outputTokens: 3 } },
    { usage: { inputTokens: -5, outputTokens: 3 } },
    { usage: { inputTokens: 1.5, outputTokens: 3 } },
    { usage: { inputTokens: 1e300, outputTokens: 3 } },
    { model: 7 },
    { model: "" },
    { model: "a text that quotes the prompt" },
    { model: "m".repeat(201) },
  ])("%j tells nothing", (value) => {
    expect(readUsage(value)).toEqual({});
  });

  test("a value of counts and names alone is no part of an answer", () => {
    expect([{ usage: counts }, { metadata: {}, model: "m" }].map(isOnlyUsage)).toEqual([true, true]);
    expect([{}, { usage: counts, answer: "a" }, "usage", null, []].map(isOnlyUsage)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
