import { type Given, type Mutation, filled, MAX_PROMPT_BYTES, mutationsFrom } from "./mutation";
import { latin1, utf8, type FuzzRequest } from "./request";

type Body = (given: Given) => string | Uint8Array;

const asBytes = (text: string | Uint8Array): Uint8Array => (typeof text === "string" ? utf8(text) : text);
const json = (value: unknown): string => JSON.stringify(value);
/** A prompt of so many bytes, of one character over and over. */
const long =
  (character: string, length: number): Body =>
  ({ canary }) =>
    json({ prompt: filled(canary, character, length) });
const MIB = 1024 * 1024;

/** An invocation that whitespace makes as long as `bytes`. */
const padded =
  (bytes: number): Body =>
  ({ canary }) => {
    const text = json({ prompt: canary });
    return `${" ".repeat(bytes - text.length)}${text}`;
  };
/** A prompt with raw text inside its JSON string. */
const prompt =
  (inside: string): Body =>
  ({ canary }) =>
    `{"prompt":"${canary} ${inside}"}`;
const fields =
  (more: string): Body =>
  ({ canary }) =>
    `{"prompt":"${canary}",${more}}`;
const bytes = (...parts: readonly (string | Uint8Array)[]): Uint8Array => Buffer.concat(parts.map(asBytes));
/** A prompt with bytes inside that are given as one-byte characters. */
const promptBytes =
  (inside: string): Body =>
  ({ canary }) =>
    bytes(`{"prompt":"${canary} `, latin1(inside), '"}');

/** Bodies that keep the contract: 202. */
const VALID: Readonly<Record<string, Body>> = {
  "every field": ({ canary, draw }) => json({ prompt: canary, session_id: draw.pick(["a", "A-_9", "s".repeat(64)]) }),
  "fields in another order": ({ canary }) => `{"session_id":"s","prompt":"${canary}"}`,
  "whitespace between": ({ canary }) => `\r\n\t { \n "prompt" : "${canary}" \t } \n`,
  "escaped letters": ({ canary }) => `{"\\u0070rompt":"\\u0041 \\ud83d\\ude00 ${canary}"}`,
  "a prompt of exactly 32,768 bytes": long("a", MAX_PROMPT_BYTES),
  "a prompt of exactly 32,768 bytes in emoji": long("😀", MAX_PROMPT_BYTES),
  "a body of exactly 65,536 bytes": padded(65_536),
};

/** Bodies that break the contract: 400, from the gateway or from the front door. */
const INVALID: Readonly<Record<string, Body>> = {
  empty: () => "",
  "only whitespace": () => " \n",
  "no JSON": ({ canary }) => canary,
  "a trailing comma": ({ canary }) => `{"prompt":"${canary}",}`,
  "single quotes": ({ canary }) => `{'prompt':'${canary}'}`,
  "a comment": ({ canary }) => `{"prompt":"${canary}"} // x`,
  "two documents": ({ canary }) => `{"prompt":"${canary}"}{"prompt":"${canary}"}`,
  "cut off": ({ canary }) => `{"prompt":"${canary}`,
  "a byte order mark first": ({ canary }) => bytes(latin1("\xef\xbb\xbf"), json({ prompt: canary })),
  "UTF-16": ({ canary }) => Buffer.from(json({ prompt: canary }), "utf16le"),
  gzip: () => latin1("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV*(\xca\xcf-(Q\xb2RJT\xaa\x05\x00"),
  "base64 of a good body": ({ canary }) => btoa(json({ prompt: canary })),
  "a form": ({ canary }) => `prompt=${canary}`,
  XML: ({ canary }) => `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///">]><prompt>${canary}&b;</prompt>`,
  NaN: () => '{"prompt":NaN}',
  "1e999": () => '{"prompt":1e999}',
  "a number of 400 digits": () => `{"prompt":${"9".repeat(400)}}`,
  "a session of 20 digits": fields('"session_id":12345678901234567890'),
  "a session without end": fields('"session_id":1e999'),
  "prompt twice": ({ canary }) => `{"prompt":"${canary}","prompt":"other"}`,
  "prompt twice, once escaped": ({ canary }) => `{"prompt":"${canary}","\\u0070rompt":"other"}`,
  "session_id twice": fields('"session_id":"a","session_id":"b"'),
  __proto__: fields('"__proto__":{"admin":true}'),
  "__proto__, escaped": fields('"\\u005f_proto__":{"prompt":"x"}'),
  "__proto__ with the prompt in it": ({ canary }) => `{"__proto__":{"prompt":"${canary}"}}`,
  constructor: fields('"constructor":{"prototype":{"admin":true}}'),
  prototype: fields('"prototype":null'),
  toString: fields('"toString":"x"'),
  "an empty field name": fields('"":1'),
  "a field name with a line break": fields('"a\\nb":1'),
  "a field name of 5,000 characters": fields(`"${"n".repeat(5_000)}":1`),
  "5,000 fields": fields(Array.from({ length: 5_000 }, (_, index) => `"f${index}":1`).join(",")),
  "200,000 arrays deep": () => `{"prompt":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
  "arrays deep in a further field": fields(`"x":${"[".repeat(9_000)}${"]".repeat(9_000)}`),
  "objects deep in a further field": fields(`"x":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`),
  "deep without an end": () => "[".repeat(60_000),
  "half a surrogate pair": prompt("\\ud800"),
  "the other half": prompt("\\udc00 x"),
  "halves in the wrong order": prompt("\\udc00\\ud800"),
  "NUL, escaped": prompt("\\u0000"),
  "NUL as it is": prompt("\0"),
  "an escape character": prompt("\\u001b[31m"),
  "a bell as it is": prompt("\x07"),
  DEL: prompt("\\u007f"),
  "a C1 control": prompt("\\u0085"),
  "a line break as it is": prompt("\n"),
  "only spaces": () => '{"prompt":"   \\t\\n"}',
  "only zero-width characters": () => '{"prompt":"\\u200b\\u200d\\ufeff\\u2060"}',
  "only a blank Hangul filler": () => '{"prompt":"\\u3164"}',
};

/** Bodies whose bytes are no UTF-8: the gateway may repair them before the front door sees them. */
const MENDED: Readonly<Record<string, Body>> = {
  "a byte that is no UTF-8": promptBytes("\xff\xfe"),
  "an overlong NUL": promptBytes("\xc0\x80"),
  "a surrogate in UTF-8": promptBytes("\xed\xa0\x80"),
  "half a character": promptBytes("\xf0\x9f\x98"),
  "Latin-1": ({ canary }) => latin1(`{"prompt":"${canary} \xe9t\xe9"}`),
};

/** Bodies over a limit: by characters the gateway says 400, by bytes the front door 413. */
const LARGE: Readonly<Record<string, Body>> = {
  "a prompt of 32,769 bytes": long("é", MAX_PROMPT_BYTES + 1),
  "a prompt of 32,769 characters": long("a", MAX_PROMPT_BYTES + 1),
  "a prompt of 8,193 emoji": ({ canary }) => json({ prompt: `${canary}${"😀".repeat(8_193)}` }),
  "a body of 65,537 bytes": padded(65_537),
  "a body of 200,000 bytes": padded(200_000),
};
const HUGE: Readonly<Record<string, Body>> = {
  "a body of 7 MiB": padded(7 * MIB),
  "a body of just over 10 MiB": padded(10 * MIB + 1),
};

const bodiesOf = (bodies: Readonly<Record<string, Body>>, more: Pick<Mutation, "allowed" | "costly">): Mutation[] =>
  mutationsFrom("body", bodies, (body) => ({
    part: "body",
    operations: ["invoke"],
    ...more,
    apply: (request, given) => withBody(request, body(given)),
  }));

/** Every body that is not drawn from the schema. */
export const BODY_MUTATIONS: readonly Mutation[] = [
  ...bodiesOf(VALID, {}),
  ...bodiesOf(INVALID, { allowed: [400] }),
  ...bodiesOf(MENDED, { allowed: [202, 400] }),
  ...bodiesOf(LARGE, { allowed: [400, 413] }),
  ...bodiesOf(HUGE, { allowed: [413], costly: true }),
];

/** The request with another body; a text is sent in UTF-8. */
export const withBody = (request: FuzzRequest, body: string | Uint8Array): FuzzRequest => ({
  ...request,
  body: asBytes(body),
});
