import { RequestNotFoundError, ServiceUnavailableError } from "../../../handlers/http/errors";
import {
  toErrorReply,
  readHeader,
  MAX_BODY_BYTES,
  readJsonText,
  toResponse,
  findRoute,
} from "../../../handlers/http/gateway";
import { gatewayEvent, invokeEvent } from "../fixtures";

describe("http", () => {
  test("a response is JSON that no cache keeps and no browser guesses at", () => {
    const { statusCode, headers, body, isBase64Encoded } = toResponse({
      status: 202,
      body: { a: 1 },
      headers: { Location: "/x" },
    });
    expect({ statusCode, body, isBase64Encoded }).toEqual({ statusCode: 202, body: '{"a":1}', isBase64Encoded: false });
    expect(headers).toMatchObject({
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Location: "/x",
    });
  });

  test("a cacheable response leaves the time to the cache in front", () => {
    expect(toResponse({ status: 200, body: {}, cacheable: true }).headers).not.toHaveProperty("Cache-Control");
  });

  test("an error's body holds its code, its message and the gateway's id, nothing else", () => {
    const reply = toErrorReply(new ServiceUnavailableError("Busy.", { cause: new Error("canary") }), "gateway-1");
    expect(reply).toEqual({
      status: 503,
      body: { error: { code: "service_unavailable", message: "Busy.", gateway_request_id: "gateway-1" } },
      headers: { "Retry-After": "5" },
      cacheable: false,
    });
    expect(toErrorReply(new RequestNotFoundError("No."), "g")).toMatchObject({
      status: 404,
      headers: {},
      cacheable: true,
    });
  });

  test("headers are found in any case, and all their values", () => {
    expect(readHeader(gatewayEvent({ headers: { "X-One": "a" } }), "x-one")).toEqual(["a"]);
    expect(
      readHeader(gatewayEvent({ headers: { "x-one": "b" }, multiValueHeaders: { "X-ONE": ["a", "b"] } }), "x-one"),
    ).toEqual(["a", "b"]);
    expect(readHeader({ headers: null, multiValueHeaders: null } as never, "x-one")).toEqual([]);
  });

  test.each(["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'])(
    "a body of type %s is read",
    (type) => {
      expect(readJsonText(invokeEvent("{}", { headers: { "content-type": type } }))).toBe("{}");
    },
  );

  test.each([
    {},
    { "content-type": "text/plain" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/jsonx" },
  ])("a body with the headers %j is refused", (headers) => {
    expect(() => readJsonText(invokeEvent("{}", { headers }))).toThrow(
      "Send the body with Content-Type: application/json, in UTF-8.",
    );
  });

  test("two content types are refused", () => {
    const multiValueHeaders = { "content-type": ["application/json", "text/plain"] };
    expect(() => readJsonText(invokeEvent("{}", { multiValueHeaders }))).toThrow(
      "Send the body with Content-Type: application/json",
    );
  });

  test("a compressed body is refused", () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect(() => readJsonText(invokeEvent("{}", { headers }))).toThrow("Send the body without Content-Encoding.");
  });

  test("a body counts in bytes, and may have 64 KiB of them", () => {
    const body = "€".repeat(Math.floor(MAX_BODY_BYTES / 3));
    expect(readJsonText(invokeEvent(`${body}.`))).toBe(`${body}.`);
    expect(() => readJsonText(invokeEvent(`${body}..`))).toThrow("The body is over 65536 bytes.");
  });

  test("a base64 body is decoded, and refused where it is none", () => {
    const read = (body: string) => readJsonText(invokeEvent(body, { isBase64Encoded: true }));
    expect(read(Buffer.from('{"prompt":"€"}').toString("base64"))).toBe('{"prompt":"€"}');
    for (const body of ["{}", "abc", "ab=c", "====", "a\nbc"])
      expect(() => read(body)).toThrow("The body is not valid base64.");
    expect(() => read(Buffer.from([0xc3, 0x28]).toString("base64"))).toThrow("The body is not valid UTF-8.");
  });

  test("a byte order mark stays, for the parser to refuse", () => {
    expect(readJsonText(invokeEvent(Buffer.from("\ufeff{}").toString("base64"), { isBase64Encoded: true }))).toBe(
      "\ufeff{}",
    );
  });

  test("a missing body is an empty text", () => {
    expect(readJsonText(invokeEvent("{}", { body: null }))).toBe("");
  });
});

describe("router", () => {
  test.each([
    ["POST", "/api/v1/invoke", "invoke"],
    ["GET", "/api/v1/status/{request_id}", "status"],
    ["GET", "/api/v1/health", "health"],
  ])("%s %s is the route %s", (method, resource, route) => {
    expect(findRoute(method, resource)).toBe(route);
  });

  test.each([
    ["GET", "/api/v1/invoke"],
    ["post", "/api/v1/invoke"],
    ["POST", "/api/v1/invoke/"],
    ["POST", "//api/v1/invoke"],
    ["GET", "/API/V1/HEALTH"],
    ["GET", "/api/v1/status/1"],
    ["__proto__", ""],
  ])("%s %s is no route, and the message names those there are", (method, resource) => {
    expect(() => findRoute(method, resource)).toThrow(
      "No such route. There are: POST /api/v1/invoke, GET /api/v1/status/{request_id}, GET /api/v1/health.",
    );
  });
});
