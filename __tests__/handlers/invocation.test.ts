import fc from "fast-check";
import { ApiError } from "../../handlers/errors";
import { MAX_PROMPT_BYTES, readInvocation } from "../../handlers/invocation";
import { anyCharacter } from "../support/any-character";

const refusalOf = (text: string): ApiError => {
  try {
    readInvocation(text);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error(`${text} is accepted`);
};

test("a prompt comes back as it was sent, with its session", () => {
  expect(readInvocation('{"prompt":"a\\tb\\r\\nc €😀","session_id":"Talk_1-x"}')).toEqual({
    prompt: "a\tb\r\nc €😀",
    sessionId: "Talk_1-x",
  });
  expect(readInvocation('{"prompt":"a"}')).toEqual({ prompt: "a" });
});

test.each([
  ["", "the body is not valid JSON"],
  ["[]", "the body must be a JSON object"],
  ['"prompt"', "the body must be a JSON object"],
  ["null", "the body must be a JSON object"],
  ["{}", "prompt is missing"],
  ['{"prompt":null}', "prompt must be a string"],
  ['{"prompt":["a"]}', "prompt must be a string"],
  ['{"prompt":""}', "prompt must hold something to read"],
  ['{"prompt":" \\n\\u00a0\\u200b\\u200d\\ufeff\\u2800\\u3164"}', "prompt must hold something to read"],
  ['{"prompt":"a\\u0000"}', "prompt must not hold control characters other than tab and line breaks"],
  ['{"prompt":"a\\u0085"}', "prompt must not hold control characters other than tab and line breaks"],
  ['{"prompt":"a\\ud800"}', "prompt must not hold half a surrogate pair"],
  ['{"prompt":"\\udc00\\ud800"}', "prompt must not hold half a surrogate pair"],
  ['{"prompt":"a","session_id":""}', "session_id must be 1 to 64 letters, digits, _ or -"],
  ['{"prompt":"a","session_id":"../x"}', "session_id must be 1 to 64 letters, digits, _ or -"],
  ['{"prompt":"a","session_id":"a\\n"}', "session_id must be 1 to 64 letters, digits, _ or -"],
  ['{"prompt":"a","session_id":null}', "session_id must be 1 to 64 letters, digits, _ or -"],
  ['{"prompt":"a","max_tokens":1e999}', "the field max_tokens is unknown"],
  ['{"prompt":"a","<script>":1}', "the field (name not shown) is unknown"],
  ['{"prompt":"a","prompt":"b"}', "the key prompt is given twice"],
])("%s is refused", (text, problem) => {
  expect(refusalOf(text)).toMatchObject({
    status: 400,
    code: "invalid_request",
    message: `The request is not valid: ${problem}.`,
  });
});

test("every problem is told at once", () => {
  expect(refusalOf('{"prompt":7,"session_id":"#","model":"x","__proto__":{}}').message).toBe(
    "The request is not valid: the key __proto__ is not allowed; the field model is unknown; the field __proto__ is unknown; " +
      "prompt must be a string; session_id must be 1 to 64 letters, digits, _ or -.",
  );
});

test("of very many problems the first ten are told", () => {
  const body = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 1]));
  expect(refusalOf(JSON.stringify({ prompt: "a", ...body })).message).toMatch(
    /; the field f9 is unknown; and 490 more\.$/,
  );
});

test("a prompt counts in bytes of UTF-8", () => {
  const prompt = "😀".repeat(MAX_PROMPT_BYTES / 4);
  expect(readInvocation(JSON.stringify({ prompt })).prompt).toBe(prompt);
  expect(refusalOf(JSON.stringify({ prompt: `${prompt}a` }))).toMatchObject({
    status: 413,
    message: "The prompt is over 32768 bytes.",
  });
  expect(refusalOf(JSON.stringify({ prompt: `${prompt}a`, x: 1 }))).toMatchObject({
    status: 400,
    message: "The request is not valid: the field x is unknown; prompt is over 32768 bytes.",
  });
});

test("any text is either refused in a way a caller can act on, or accepted as it stands", () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.json(),
    fc.record({ prompt: fc.anything(), session_id: fc.anything() }).map((body) => JSON.stringify(body) ?? ""),
  );
  fc.assert(
    fc.property(text, (body) => {
      try {
        expect(readInvocation(body)).toMatchObject({ prompt: (JSON.parse(body) as { prompt: string }).prompt });
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError);
      }
    }),
  );
});

test("a refusal never repeats the prompt", () => {
  expect(refusalOf('{"prompt":"canary\\u0000","session_id":"canary!"}').message).not.toContain("canary");
});
