import {
  readCacheControl,
  cacheKey,
  MAX_ENTRY_BYTES,
  ResponseCache,
} from "../../../../scripts/emulator/gateway/response-cache";
import type { GatewayAnswer } from "../../../../scripts/emulator/gateway/gateway-responses";
import { integration } from "../fixtures";
import { request, route, source } from "./gateway-fixtures";

const answer = (bytes: number, status = 200): GatewayAnswer => ({ status, headers: [], body: Buffer.alloc(bytes) });

test("an entry lives as long as its time, whatever its status", () => {
  let now = 0;
  const cache = new ResponseCache(() => now);
  cache.put("k", answer(1, 404), 5);
  now = 4_999;
  expect(cache.get("k")?.status).toBe(404);
  now = 5_000;
  expect([cache.get("k"), cache.size]).toEqual([undefined, 0]);
});

test("an answer above 1,048,576 bytes is not kept, and replaces what was", () => {
  const cache = new ResponseCache(() => 0);
  cache.put("k", answer(MAX_ENTRY_BYTES), 5);
  expect(cache.get("k")?.body.length).toBe(MAX_ENTRY_BYTES);
  cache.put("k", answer(MAX_ENTRY_BYTES + 1), 5);
  expect(cache.get("k")).toBeUndefined();
});

test("its size has a bound in entries and in bytes, and the longest unused goes", () => {
  const cache = new ResponseCache(() => 0);
  for (let entry = 0; entry < 10_100; entry += 1) {
    cache.put(String(entry), answer(1), 5);
    cache.get("0");
  }
  expect([cache.size, cache.get("0") === undefined, cache.get("1")]).toEqual([10_000, false, undefined]);
  for (let entry = 0; entry < 100; entry += 1) cache.put(`big${entry}`, answer(MAX_ENTRY_BYTES), 5);
  expect(cache.size).toBeLessThanOrEqual(64);
});

test("only the named parameters are in the key, and a missing one is not an empty one", () => {
  const requestParameters = { "integration.request.header.X": "context.identity.userArn" };
  const subject = route(
    integration("api", {
      cacheKeyParameters: ["method.request.path.id", "integration.request.header.X"],
      requestParameters,
    }),
  );
  const key = (id: string, arn: string | undefined, url = "/") =>
    cacheKey(
      subject,
      subject.integration!,
      source({
        request: request({ url }),
        pathParameters: { id },
        context: new Map(arn === undefined ? [] : [["identity.userArn", arn]]),
      }),
    );
  expect(key("1", "a")).toBe(key("1", "a", "/other?q=1"));
  expect(
    new Set([key("1", "a"), key("2", "a"), key("1", "b"), key("1", undefined), key("1", ""), key('1","a', "")]).size,
  ).toBe(6);
});

test("a client's Cache-Control refreshes only where no permission is required", () => {
  const settings = { ...route().settings };
  const control = (value: string, extra = {}) =>
    readCacheControl(request({ headers: { "cache-control": value } }), { ...settings, ...extra });
  expect(control("max-age=0")).toEqual({
    refresh: false,
    headers: [["Warning", "199 Cache-control headers were ignored because the caller was unauthorized."]],
  });
  expect(control("max-age=0", { cacheControlStrategy: "SUCCEED_WITHOUT_RESPONSE_HEADER" })).toEqual({
    refresh: false,
    headers: [],
  });
  expect(control("no-store, no-cache", { cacheControlStrategy: "FAIL_WITH_403" })).toEqual({ type: "ACCESS_DENIED" });
  expect(control("no-cache", { requiresAuthorizationForCacheControl: false })).toEqual({ refresh: true, headers: [] });
  expect(control("max-age=05", { requiresAuthorizationForCacheControl: false })).toEqual({
    refresh: false,
    headers: [],
  });
});
