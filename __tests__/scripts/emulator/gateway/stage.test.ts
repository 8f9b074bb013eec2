import type { ServedRoute } from "../../../../scripts/emulator/gateway/route";
import {
  readCacheControl,
  makeCacheKey,
  MAX_ENTRY_BYTES,
  ResponseCache,
  namePeriod,
  Throttle,
  AccessLog,
  formatLine,
} from "../../../../scripts/emulator/gateway/stage";
import type { GatewayAnswer } from "../../../../scripts/emulator/gateway/gateway-responses";
import { integration, folder } from "../fixtures";
import { request, route, source } from "./gateway-fixtures";
import type { AppliedApiKey } from "../../../../scripts/emulator/applied/api";
import { readFileSync } from "node:fs";
import { join } from "node:path";

describe("response cache", () => {
  const answer = (bytes: number, status = 200): GatewayAnswer => ({ status, headers: [], body: Buffer.alloc(bytes) });

  test("an entry is kept until its time is over, whatever its status", () => {
    let now = 0;
    const cache = new ResponseCache(() => now);
    cache.put("k", answer(1, 404), 5);
    now = 4_999;
    expect(cache.get("k")?.status).toBe(404);
    now = 5_000;
    expect([cache.get("k"), cache.size]).toEqual([undefined, 0]);
  });

  test("an answer above 1,048,576 bytes is not kept, and removes the entry before it", () => {
    const cache = new ResponseCache(() => 0);
    cache.put("k", answer(MAX_ENTRY_BYTES), 5);
    expect(cache.get("k")?.body.length).toBe(MAX_ENTRY_BYTES);
    cache.put("k", answer(MAX_ENTRY_BYTES + 1), 5);
    expect(cache.get("k")).toBeUndefined();
  });

  test("the cache is limited in entries and in bytes, and drops the least recently used entry", () => {
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
      makeCacheKey(
        subject as ServedRoute,
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
    expect(control("no-cache", { requiresAuthorizationForCacheControl: false })).toEqual({
      refresh: true,
      headers: [],
    });
    expect(control("max-age=05", { requiresAuthorizationForCacheControl: false })).toEqual({
      refresh: false,
      headers: [],
    });
  });
});

describe("throttle", () => {
  const KEY: AppliedApiKey = {
    id: "k",
    value: "v",
    plan: { id: "p", throttle: { rate: 1, burst: 1 }, quota: undefined },
  };

  test("a method without a limit is never throttled", () => {
    const throttle = new Throttle(() => 0);
    for (let request = 0; request < 1_000; request += 1) expect(throttle.check(route(), undefined)).toBeUndefined();
  });

  test("a key's own limit holds for all methods together and refills at its rate", () => {
    let now = 0;
    const throttle = new Throttle(() => now);
    const check = () => throttle.check(route(), KEY)?.type;
    expect([check(), check()]).toEqual([undefined, "THROTTLED"]);
    now = 999;
    expect(check()).toBe("THROTTLED");
    now = 1_000;
    expect(check()).toBeUndefined();
  });

  test("a quota starts again with its period", () => {
    let now = Date.UTC(2026, 0, 1, 23, 59);
    const throttle = new Throttle(() => now);
    const key: AppliedApiKey = { ...KEY, plan: { id: "p", throttle: undefined, quota: { limit: 1, period: "DAY" } } };
    expect([throttle.check(route(), key)?.type, throttle.check(route(), key)?.type]).toEqual([
      undefined,
      "QUOTA_EXCEEDED",
    ]);
    now += 60_000;
    expect(throttle.check(route(), key)).toBeUndefined();
  });

  test("a week begins on Sunday", () => {
    const week = (day: number) => namePeriod(Date.UTC(2026, 0, day), "WEEK");
    // The 4th was a Sunday.
    expect([week(3) === week(4), week(4) === week(10), week(10) === week(11)]).toEqual([false, true, false]);
    expect(namePeriod(Date.UTC(2026, 0, 4), "MONTH")).toBe("2026-01");
  });
});

describe("access log", () => {
  test("a caller's text can end neither the line nor a JSON string", () => {
    const line = formatLine(
      '{"u":"$context.identity.userAgent",\n"m":$context.error.messageString}',
      new Map([
        ["identity.userAgent", 'a"b\nc'],
        ["error.messageString", '"said"'],
      ]),
    );
    expect(JSON.parse(line)).toEqual({ u: 'a"b\nc', m: "said" });
    expect(line).not.toContain("\n");
  });

  test("lines are written in the order of the requests", async () => {
    const directory = folder();
    const log = new AccessLog(directory);
    for (let index = 0; index < 50; index += 1) log.write("$context.n", new Map([["n", String(index)]]));
    await log.close();
    expect(readFileSync(join(directory, "access.log"), "utf8").trim().split("\n")).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index)),
    );
  });
});
