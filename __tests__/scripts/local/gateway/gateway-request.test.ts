import { GatewayRequest } from "../../../../scripts/local/gateway/gateway-request";

const REQUEST = new GatewayRequest({
  method: "GET",
  url: "/local/a%20b?x=1&x=%2F&y",
  rawHeaders: ["Accept", "a", "accept", "b"],
  body: Buffer.alloc(0),
  sourceIp: "127.0.0.1",
});

test("path and query stay as received, and parameters are decoded", () => {
  expect([REQUEST.rawPath, REQUEST.rawQuery]).toEqual(["/local/a%20b", "x=1&x=%2F&y"]);
  expect(Object.fromEntries(REQUEST.query)).toEqual({ x: ["1", "/"], y: [""] });
});

test("headers are found whatever their case, the last value first asked for", () => {
  expect([REQUEST.header("ACCEPT"), REQUEST.headerValues("accept"), REQUEST.header("host")]).toEqual([
    "b",
    ["a", "b"],
    undefined,
  ]);
});
