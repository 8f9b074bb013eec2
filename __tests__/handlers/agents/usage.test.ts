import { isOnlyUsage, readUsage } from "../../../handlers/agents/usage";

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
