import fc from "fast-check";
import {
  readIdempotencyKey,
  deriveRequestId,
  MAX_PROMPT_BYTES,
  readInvocation,
  nameField,
  parseStrictly,
} from "../../../handlers/http/invocation";
import { invokeEvent } from "../fixtures";
import { ApiError } from "../../../handlers/http/errors";
import { anyCharacter } from "../../support/any-character";

describe("idempotency", () => {
  const RULE = "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces, bare or in double quotes.";
  const keyIn = (...values: string[]) =>
    readIdempotencyKey(invokeEvent({}, { multiValueHeaders: { "Idempotency-Key": values } }));
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 255,
  });
  const quote = (key: string) => `"${key.replaceAll(/["\\]/g, "\\$&")}"`;

  test("without the header there is no key", () => {
    expect(readIdempotencyKey(invokeEvent({}))).toBeUndefined();
  });

  test("any key comes back as it was sent, bare or quoted", () => {
    fc.assert(
      fc.property(visible, (key) => {
        expect(keyIn(quote(key))).toBe(key);
        if (!key.startsWith('"')) expect(keyIn(` ${key}\t`)).toBe(key);
      }),
    );
  });

  test.each([
    [""],
    [" "],
    ['""'],
    ["a b"],
    ['"a b"'],
    ["ä"],
    ["a\nb"],
    ["a\u0000"],
    ["a\u007f"],
    ['"a'],
    ['"a"b"'],
    ['"a\\x"'],
    ['"a";q=1'],
    ["x".repeat(256)],
    [`"${"x".repeat(256)}"`],
  ])("the key %j is refused by the rule, and not repeated", (value) => {
    expect(() => keyIn(value)).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_request", message: RULE }),
    );
  });

  test("two headers are refused, even the same", () => {
    expect(() => keyIn("a", "a")).toThrow(
      expect.objectContaining({ status: 400, message: "Send the header Idempotency-Key once." }),
    );
  });

  test("the same owner and key make the same UUID, of version 8", () => {
    const id = deriveRequestId("key:k", "a");
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(deriveRequestId("key:k", "a")).toBe(id);
  });

  test("it is the same in every release: a repetition may meet a newer one", () => {
    expect(deriveRequestId("anonymous", "order-1")).toBe("85719fc2-87fb-82bb-853a-11d7b5eb46eb");
  });

  test("other owners and other keys make other ids, wherever the line between the two is", () => {
    fc.assert(
      fc.property(visible, visible, visible, visible, (owner, key, otherOwner, otherKey) => {
        fc.pre(owner !== otherOwner || key !== otherKey);
        expect(deriveRequestId(owner, key)).not.toBe(deriveRequestId(otherOwner, otherKey));
      }),
    );
    expect(deriveRequestId("key:a", "bc")).not.toBe(deriveRequestId("key:ab", "c"));
  });
});

describe("invocation", () => {
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
    ['{"prompt":""}', "prompt must contain readable text"],
    ['{"prompt":" \\n\\u00a0\\u200b\\u200d\\ufeff\\u2800\\u3164"}', "prompt must contain readable text"],
    ['{"prompt":"a\\u0000"}', "prompt must not contain control characters other than tab and line breaks"],
    ['{"prompt":"a\\u0085"}', "prompt must not contain control characters other than tab and line breaks"],
    ['{"prompt":"a\\ud800"}', "prompt must not contain half a surrogate pair"],
    ['{"prompt":"\\udc00\\ud800"}', "prompt must not contain half a surrogate pair"],
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
});

describe("strict json", () => {
  test("a plain document has no problems", () => {
    expect(parseStrictly('{"a":{"a":1},"b":[{"a":2},{"a":3}],"c":"\\"a\\":{["}')).toEqual({
      value: { a: { a: 1 }, b: [{ a: 2 }, { a: 3 }], c: '"a":{[' },
      problems: [],
    });
  });

  test.each(["", "{", '{"a":1,}', "\ufeff{}", "canary", "{'a':1}", "NaN"])(
    "%j is not JSON, and is not repeated",
    (text) => {
      expect(parseStrictly(text)).toEqual({ value: undefined, problems: ["the body is not valid JSON"] });
    },
  );

  test.each([
    ['{"prompt":1,"prompt":2}', "the key prompt is given twice"],
    ['{"prompt":1,"pro\\u006dpt":2}', "the key prompt is given twice"],
    ['{"a":{"b":1,"b":2}}', "the key b is given twice"],
    ['[{"b":[],"b":{}}]', "the key b is given twice"],
    ['{"__proto__":{"admin":true}}', "the key __proto__ is not allowed"],
    ['{"a":{"constructor":1}}', "the key constructor is not allowed"],
    ['{"\\u0070rototype":1}', "the key prototype is not allowed"],
    [`${"[".repeat(9)}${"]".repeat(9)}`, "the body is nested deeper than 8 levels"],
  ])("%s has the problem: %s", (text, problem) => {
    expect(parseStrictly(text).problems).toEqual([problem]);
  });

  test("eight levels are not too deep", () => {
    expect(parseStrictly(`${"[".repeat(8)}${"]".repeat(8)}`).problems).toEqual([]);
  });

  test("very deep and very long texts are told of", () => {
    expect(parseStrictly("[".repeat(32_000) + "]".repeat(32_000)).problems).toHaveLength(1);
    expect(parseStrictly(JSON.stringify("\\".repeat(30_000))).problems).toEqual([]);
    expect(parseStrictly(`"${"\\".repeat(65_000)}`).problems).toEqual(["the body is not valid JSON"]);
  });

  test("whatever JSON.stringify writes of plain values is read back as it was", () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small", maxDepth: 6 },
        fc.string({ unit: anyCharacter }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        tie("list"),
        tie("map"),
      ),
      list: fc.array(tie("value"), { maxLength: 4 }),
      map: fc.dictionary(
        fc.string().map((key) => `k${key}`),
        tie("value"),
        { maxKeys: 4 },
      ),
    })).value;
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value);
        expect(parseStrictly(text)).toEqual({ value: JSON.parse(text) as unknown, problems: [] });
      }),
    );
  });

  test("a key that is given twice is always found, however it is written and wherever it stands", () => {
    const escaped = (key: string) =>
      `"${[...key].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{1,8}$/),
        fc.jsonValue({ maxDepth: 2 }),
        fc.boolean(),
        fc.nat(5),
        (key, value, escape, levels) => {
          const twice = `{"${key}":${JSON.stringify(value)},${escape ? escaped(key) : `"${key}"`}:1}`;
          const text = `${"[".repeat(levels)}${twice}${"]".repeat(levels)}`;
          expect(parseStrictly(text).problems).toContain(`the key ${key} is given twice`);
        },
      ),
    );
  });

  test("a name that is no plain name is not shown", () => {
    expect(["top_p", "a.b-c", "<script>", "", "x".repeat(65)].map(nameField)).toEqual([
      "top_p",
      "a.b-c",
      ...Array<string>(3).fill("(name not shown)"),
    ]);
  });
});
