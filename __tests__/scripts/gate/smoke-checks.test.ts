import type { ProbeAnswer } from "../../../scripts/kit/api-client";
import {
  checkAnonymous,
  checkCache,
  checkEnd,
  checkHealth,
  checkInvoke,
  checkMalformed,
  checkNoStore,
  checkOtherCaller,
  checkUnknown,
  hasEnded,
  retryAfterSeconds,
  unchecked,
} from "../../../scripts/gate/smoke-checks";

const answer = (status: number, body: unknown = {}, headers: Record<string, string> = {}): ProbeAnswer => ({
  status,
  body,
  headers,
  ms: 10,
});
const error = (status: number, code: string, id = "call-1", headers: Record<string, string> = {}) =>
  answer(status, { error: { code, message: "m", gateway_request_id: id } }, headers);
const SILENT: ProbeAnswer = { status: 0, headers: {}, body: undefined, failure: "ENOTFOUND: no such host", ms: 3 };

test("a check without an answer is an error with the reason", () => {
  expect(checkHealth(SILENT)).toEqual({
    name: "health",
    verdict: "error",
    seen: "no answer: ENOTFOUND: no such host",
    ms: 3,
  });
  expect(checkAnonymous(answer(403), SILENT).verdict).toBe("error");
  expect(checkCache([[SILENT, SILENT]]).verdict).toBe("error");
});

describe("health", () => {
  test.each<[ProbeAnswer, string]>([
    [answer(200, { status: "ok", ready: true }), "pass"],
    [answer(200, { status: "ok", ready: false }), "fail"],
    [answer(200, undefined), "fail"],
    [answer(503, { status: "ok", ready: true }), "fail"],
  ])("%j is a %s", (given, verdict) => expect(checkHealth(given).verdict).toBe(verdict));

  test("a redirect is named with where it goes", () =>
    expect(checkHealth(answer(301, undefined, { location: "https://elsewhere" })).seen).toMatch(
      /^301 to https:\/\/elsewhere; expected 200/,
    ));
});

describe("invoke", () => {
  const accepted = (location: string) => answer(202, { request_id: "r1", status: "queued" }, { location });
  test("is 202 with an id, and Location leads to its status, with the stage or without", () => {
    expect([
      checkInvoke(accepted("/live/api/v1/status/r1")).verdict,
      checkInvoke(accepted("/api/v1/status/r1")).verdict,
    ]).toEqual(["pass", "pass"]);
    expect(checkInvoke(accepted("/api/v1/status/r2"))).toMatchObject({
      verdict: "fail",
      seen: '202, but Location is "/api/v1/status/r2"; expected it to end with /api/v1/status/r1',
    });
    expect(checkInvoke(answer(202, { request_id: "r1" })).verdict).toBe("fail");
    expect(checkInvoke(error(403, "invalid_signature"))).toMatchObject({
      verdict: "fail",
      seen: "403 invalid_signature; expected 202 with a request_id",
    });
  });
});

describe("the result", () => {
  test("passes for a completed request, names the code of a failed one and the time of an open one", () => {
    expect(checkEnd(answer(200, { status: "completed" }), 1_234)).toEqual({
      name: "result",
      verdict: "pass",
      seen: "200 completed",
      ms: 1_234,
    });
    expect(checkEnd(answer(200, { status: "failed", error: { code: "agents_failed" } }), 5)).toMatchObject({
      verdict: "fail",
      seen: "the request ended failed: agents_failed",
    });
    expect(checkEnd(answer(200, { status: "processing" }), 300_000)).toMatchObject({
      verdict: "fail",
      seen: "200 processing after 300.0 s; expected a terminal state within the time limit",
    });
  });

  test("has ended in three states and no other", () => {
    expect(
      ["completed", "failed", "expired", "queued", "processing", undefined].map((status) =>
        hasEnded(answer(200, { status })),
      ),
    ).toEqual([true, true, true, false, false, false]);
  });

  test("is polled when the API says so, and in two seconds where it says nothing sensible", () => {
    expect(
      ["3", "0", undefined, "-1", "soon", "9999"].map((given) =>
        retryAfterSeconds(answer(200, {}, given === undefined ? {} : { "retry-after": given })),
      ),
    ).toEqual([3, 0, 2, 2, 2, 2]);
  });
});

describe("a hit of the cache", () => {
  const unknown = (bodyId: string, headerId: string, more: Record<string, string> = {}) =>
    error(404, "request_not_found", bodyId, { "x-amzn-requestid": headerId, ...more });

  test("shows in the first call's id, which the second answer repeats under an id of its own", () => {
    expect(checkCache([[unknown("a", "a"), unknown("a", "b")]])).toMatchObject({
      verdict: "pass",
      seen: "hit at try 1: the second answer holds the first call's id",
    });
  });

  test("is not seen where the second call has its own answer, where the ids are equal, or where no id is named", () => {
    expect(checkCache([[unknown("a", "a"), unknown("b", "b")]])).toMatchObject({
      verdict: "inconclusive",
      seen: "no hit in 1 try; see the KPI cache_hit_rate over time",
    });
    expect(checkCache([[unknown("a", "a"), unknown("a", "a")]]).verdict).toBe("inconclusive");
    expect(checkCache([[answer(404), answer(404)]]).verdict).toBe("inconclusive");
  });

  test("shows in a header of a distribution or of the local runtime, and a miss there is none", () => {
    expect(checkCache([[answer(404), answer(404, {}, { "x-cache": "Hit from cloudfront" })]])).toMatchObject({
      verdict: "pass",
      seen: "hit at try 1: x-cache: Hit from cloudfront",
    });
    expect(
      checkCache([
        [answer(404), answer(404, {}, { "x-cache": "Miss from cloudfront" })],
        [answer(404), answer(404, {}, { "x-local-cache": "hit" })],
      ]),
    ).toMatchObject({ seen: "hit at try 2: x-local-cache: hit" });
  });
});

test("another caller must be told 404; 403 proves nothing; the request itself is a leak", () => {
  expect(checkOtherCaller(error(404, "request_not_found")).verdict).toBe("pass");
  expect(checkOtherCaller(error(403, "access_denied")).verdict).toBe("inconclusive");
  expect(checkOtherCaller(answer(200, { status: "completed" }))).toMatchObject({
    verdict: "fail",
    seen: expect.stringContaining("200 completed; expected 404") as unknown,
  });
});

test("refusals are 403 without credentials, 400 for a bad body, 404 for an unknown id, each with its code", () => {
  expect([
    checkAnonymous(error(403, "x"), error(403, "x")).verdict,
    checkAnonymous(error(404, "x"), error(403, "x")).verdict,
    checkAnonymous(error(403, "x"), error(400, "x")).verdict,
  ]).toEqual(["pass", "fail", "fail"]);
  expect([
    checkAnonymous(error(401, "x"), error(401, "x"), 401).verdict,
    checkAnonymous(error(403, "x"), error(401, "x"), 401).verdict,
  ]).toEqual(["pass", "fail"]);
  expect([
    checkMalformed(error(400, "invalid_request")).verdict,
    checkMalformed(answer(400)).verdict,
    checkMalformed(answer(202)).verdict,
  ]).toEqual(["pass", "fail", "fail"]);
  expect([
    checkUnknown(error(404, "request_not_found")).verdict,
    checkUnknown(error(404, "route_not_found")).verdict,
    checkUnknown(answer(200)).verdict,
  ]).toEqual(["pass", "fail", "fail"]);
});

test("a refusal that a cache may store is named", () => {
  const stored = error(400, "invalid_request");
  expect(checkNoStore([error(403, "x", "i", { "cache-control": "no-store" })]).verdict).toBe("pass");
  expect(checkNoStore([error(403, "x", "i", { "cache-control": "no-store" }), stored])).toMatchObject({
    verdict: "fail",
    seen: '400 invalid_request with Cache-Control ""; expected no-store',
  });
});

test("a check that was not tried says so", () =>
  expect(unchecked("result", "error", "not tried")).toEqual({
    name: "result",
    verdict: "error",
    seen: "not tried",
    ms: 0,
  }));
