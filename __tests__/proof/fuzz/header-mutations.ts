import { withBody } from "./body-mutations";
import { WRONG_CREDENTIALS, type ProofKind } from "./caller-proof";
import { mutationsFrom, withHeader, withoutHeader, type Given, type Mutation } from "./mutation";
import { latin1, utf8Header, type FuzzRequest } from "./request";

type Change = Mutation["apply"];

const mediaType =
  (...types: readonly string[]): Change =>
  (request) =>
    types.reduce((changed, type) => withHeader(changed, "Content-Type", type), withoutHeader(request, "content-type"));
const more =
  (name: string, value: string): Change =>
  (request) =>
    withHeader(request, name, value);

/** Headers of the body's type and coding, with the statuses allowed. No statuses: the answer must not change. */
const MEDIA: Readonly<Record<string, readonly [Change, (readonly number[])?]>> = {
  "in upper case": [mediaType("APPLICATION/JSON")],
  "charset=utf-8": [mediaType('application/json; charset="UTF-8"')],
  none: [mediaType(), [415]],
  empty: [mediaType(""), [400, 415]],
  "text/plain": [mediaType("text/plain"), [415]],
  "a form": [mediaType("application/x-www-form-urlencoded"), [415]],
  multipart: [mediaType("multipart/form-data; boundary=x"), [415]],
  bytes: [mediaType("application/octet-stream"), [415]],
  XML: [mediaType("application/xml"), [415]],
  "nearly JSON": [mediaType("application/jsonx"), [415]],
  "a kind of JSON": [mediaType("application/problem+json"), [415]],
  "charset=utf-16": [mediaType("application/json; charset=utf-16"), [415]],
  "charset=latin1": [mediaType("application/json;charset=ISO-8859-1"), [415]],
  "two types": [mediaType("application/json", "text/plain"), [415]],
  "one type twice": [mediaType("application/json", "application/json"), [415]],
  "300 characters": [mediaType(`application/json; ${"x".repeat(300)}`), [415]],
  gzip: [more("Content-Encoding", "gzip"), [415]],
  "gzip, twice": [more("Content-Encoding", "gzip, br"), [415]],
  identity: [more("Content-Encoding", "identity")],
};

const agent = (value: string): Change => more("User-Agent", value);

/** Headers that an answer must not depend on. */
const IGNORED: Readonly<Record<string, Change>> = {
  "Cache-Control: max-age=0": more("Cache-Control", "max-age=0"),
  "Cache-Control: no-cache": more("Cache-Control", "no-cache, no-store, must-revalidate"),
  Pragma: more("Pragma", "no-cache"),
  "If-None-Match": more("If-None-Match", "*"),
  "If-Modified-Since": more("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"),
  Range: more("Range", "bytes=0-0"),
  "Accept: text/html": more("Accept", "text/html"),
  "Accept: nothing": more("Accept", "*/*;q=0"),
  "Accept-Encoding": more("Accept-Encoding", "gzip, br, zstd"),
  "Accept-Language": more("Accept-Language", "de-DE,*;q=0"),
  Origin: more("Origin", "https://other.example"),
  Referer: more("Referer", "https://other.example/?a=b"),
  Cookie: more("Cookie", "session=1; __proto__=2"),
  "X-Forwarded-For": more("X-Forwarded-For", "127.0.0.1, ::1, unknown"),
  "X-Forwarded-Host": more("X-Forwarded-Host", "other.example"),
  "X-Forwarded-Proto": more("X-Forwarded-Proto", "http"),
  "X-Forwarded-Prefix": more("X-Forwarded-Prefix", "/other"),
  Forwarded: more("Forwarded", "for=127.0.0.1;host=other.example;proto=http"),
  "X-Original-URL": more("X-Original-URL", "/api/v1/health"),
  "X-Quickturn-Caller": more("x-quickturn-caller", "AIDAOTHER"),
  "X-Quickturn-Origin": more("x-quickturn-origin", "guess"),
  "X-Amzn-Trace-Id": more("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678;Self=x;__proto__=1"),
  "a trace id that is none": more("X-Amzn-Trace-Id", '"}{\\'),
  traceparent: more("traceparent", "00-zz-zz-01"),
  "a look-up as user agent": (request, given) => agent(`\${jndi:ldap://localhost/${given.marker}}`)(request, given),
  "an expression as user agent": agent("$context.identity.caller ${aws.secret}"),
  "Latin-1": agent("\xe9\xff"),
  "UTF-8": agent(utf8Header("日本語 😀")),
  JSON: agent('"}],"level":"error","event":"forged"\\'),
  "a tab": agent("a\tb"),
  "an empty value": more("X-Empty", ""),
  "one header 50 times": (request) =>
    Array.from({ length: 50 }).reduce<FuzzRequest>((changed) => withHeader(changed, "X-Many", "1"), request),
  __proto__: more("__proto__", "1"),
  constructor: more("constructor", "1"),
  "5,000 characters": more("X-Long", "x".repeat(5_000)),
};

/** Values of Idempotency-Key that are no key. */
const BAD_KEYS: Readonly<Record<string, string>> = {
  "a space in it": "a b",
  "256 characters": "k".repeat(256),
  "300 characters": "k".repeat(300),
  "a tab in it": "a\tb",
  "UTF-8": utf8Header("ключ"),
  "Latin-1": "\xe9",
  "an open quote": '"a',
  "only quotes": '""',
  "only a quote": '"',
  "a backslash before a letter": '"a\\b"',
  "quoted with more after it": '"a"b',
};

/** What each change of the bytes sets in the request. */
type Framing = Partial<FuzzRequest> | Change;

/** A start line instead of the request's own; `{method}` stands for its method. */
const startLine =
  (line: string): Change =>
  (request) => ({ ...request, startLine: line.replace("{method}", request.method) });
const bodyLength = ({ body }: FuzzRequest): number => body?.length ?? 0;

/** Bytes that are no HTTP, or that two servers read in two ways. */
const FRAMING: Readonly<Record<string, Framing>> = {
  "Content-Length and Transfer-Encoding": (request) => ({
    ...request,
    contentLength: String(bodyLength(request)),
    lines: ["Transfer-Encoding: chunked"],
  }),
  "two lengths": { lines: ["Content-Length: 0", "Content-Length: 5"] },
  "a negative length": { contentLength: "-1" },
  "a length that is no number": { contentLength: "many" },
  "a length beyond the body": (request) => ({ ...request, contentLength: String(bodyLength(request) + 100) }),
  "chunks that are none": { body: latin1("zz\r\nabc\r\n0\r\n\r\n"), lines: ["Transfer-Encoding: chunked"] },
  "an unknown transfer coding": { lines: ["Transfer-Encoding: gzip, chunked"] },
  "a space before a colon": { lines: ["X-Space : 1"] },
  "a folded header": { lines: ["X-Folded: a", " b"] },
  "NUL in a header": { lines: ["X-Nul: a\0b"] },
  "a bare line feed": { lines: ["X-Bare: a\nX-Injected: b"] },
  "a header without a colon": { lines: ["nonsense"] },
  "no Host": { withoutHost: true },
  "two Hosts": { lines: ["Host: other.example"] },
  "another version of HTTP": startLine("{method} {target} HTTP/9.9"),
  "no version of HTTP": startLine("{method} {target}"),
  "a target with a space": startLine("{method} {target} x HTTP/1.1"),
  "a target in UTF-8": startLine(`{method} {target}?${utf8Header("ключ")} HTTP/1.1`),
  "a whole URL as target": startLine("{method} http://other.example{target} HTTP/1.1"),
  "an empty line first": startLine("\r\n{method} {target} HTTP/1.1"),
  "40,000 characters of headers": more("X-Huge", "x".repeat(40_000)),
  "11,000 characters of headers": more("X-Huge", "x".repeat(11_000)),
  "an upgrade": {
    lines: [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ],
  },
  "an expectation that nobody can meet": { lines: ["Expect: 200-maybe"] },
};

/** Statuses of a caller whose credentials are wrong; which one depends on the mode of access. */
const REFUSED = [401, 403];

/** Values of Idempotency-Key that are one, and what they lead to. */
const KEYS: Readonly<Record<string, readonly [(given: Given) => string, Partial<Mutation>?]>> = {
  "255 characters": [({ canary }) => canary.padEnd(255, "k")],
  "every sign": [({ canary }) => `${canary}!#$%&'()*+,-./:;<=>?@[]^_\`{|}~`],
  empty: [() => "", { allowed: [202, 400] }],
  "sent before with another prompt": [({ usedKey }) => usedKey, { alone: true, allowed: [422] }],
};

/** How a key and a body that the caller has sent before are sent again. */
const REPLAYS: Readonly<Record<string, (usedKey: string) => string>> = {
  "sent again": (used) => used,
  "sent again in quotes": (used) => `"${used}"`,
};

const withKey = (request: FuzzRequest, ...keys: readonly string[]): FuzzRequest =>
  keys.reduce((changed, key) => withHeader(changed, "Idempotency-Key", key), withoutHeader(request, "idempotency-key"));
const KEY = { part: "key", operations: ["invoke"] } as const;

/** Every change of headers and framing. @param proof how callers prove who they are */
export function headerMutations(proof: ProofKind): readonly Mutation[] {
  const credentials = Object.fromEntries(WRONG_CREDENTIALS[proof].map((kind) => [kind, kind]));
  return [
    ...mutationsFrom("media type", MEDIA, ([apply, allowed]) => ({
      part: "media",
      operations: ["invoke"],
      allowed,
      apply,
    })),
    ...mutationsFrom("header", IGNORED, (apply) => ({ part: "header", apply })),
    // API Gateway itself uses this header as the method, and then finds no such route.
    ...["GET", "DELETE", "TRACE"].map(
      (method): Mutation => ({
        name: `header: X-HTTP-Method-Override: ${method}`,
        part: "header",
        allowed: [200, 202, 403],
        apply: more("X-HTTP-Method-Override", method),
      }),
    ),
    ...mutationsFrom("framing", FRAMING, (change) => ({
      part: "framing",
      malformed: true,
      allowed: [200, 202, 400, 403, 404, 413, 415, 417, 431, 501, 505],
      apply: typeof change === "function" ? change : (request) => ({ ...request, ...change }),
    })),
    ...mutationsFrom("Idempotency-Key", KEYS, ([value, rest]) => ({
      ...KEY,
      ...rest,
      apply: (request, given) => withKey(request, value(given)),
    })),
    ...mutationsFrom("Idempotency-Key", BAD_KEYS, (value) => ({
      ...KEY,
      allowed: [400],
      apply: (request) => withKey(request, value),
    })),
    ...mutationsFrom("Idempotency-Key", REPLAYS, (value) => ({
      ...KEY,
      alone: true,
      apply: (request, { usedKey, usedBody }) => withBody(withKey(request, value(usedKey)), usedBody),
    })),
    {
      name: "Idempotency-Key: twice",
      ...KEY,
      allowed: [400],
      apply: (request, { canary }) => withKey(request, canary, `${canary}-2`),
    },
    ...mutationsFrom("credentials", credentials, (kind) => ({
      part: "credentials",
      operations: ["invoke", "status"],
      allowed: proof === "anonymous" ? undefined : kind === "long" ? [...REFUSED, 400, 413, 431] : REFUSED,
      apply: (request) => ({ ...request, credentials: kind }),
    })),
    {
      name: "body: one where none belongs",
      part: "body",
      operations: ["status", "health"],
      allowed: [200, 400, 403],
      apply: (request, { canary }) =>
        withBody(withHeader(request, "Content-Type", "application/json"), `{"prompt":"${canary}"}`),
    },
  ];
}
