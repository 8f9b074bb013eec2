import { openCounters } from "../../handlers/counters";
import { measureFunction, openColdStart } from "../../handlers/function-metrics";

test("only the first request of a process is cold", () => {
  const coldStart = openColdStart();
  expect([coldStart(), coldStart(), coldStart()]).toEqual([1, 0, 0]);
});

test("what was counted since the last time is told by function, a cold start also where there was none", () => {
  const parts = { coldStart: openColdStart(), counters: openCounters() };
  parts.counters.add("CacheHit", 2);
  expect(measureFunction("api", parts)).toEqual({ metrics: { CacheHit: 2, ColdStart: 1 }, dimensions: { Function: "api" } });
  expect(measureFunction("worker", parts)).toEqual({ metrics: { ColdStart: 0 }, dimensions: { Function: "worker" } });
});
