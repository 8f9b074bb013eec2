import { openCounters } from "../../handlers/counters";
import { measureFunction, openColdStart, openMemoryUse } from "../../handlers/function-metrics";

test("only the first request of a process is cold", () => {
  const coldStart = openColdStart();
  expect([coldStart(), coldStart(), coldStart()]).toEqual([1, 0, 0]);
});

test("what was counted since the last time is told by function, a cold start also where there was none", () => {
  const parts = { coldStart: openColdStart(), counters: openCounters(), memoryUsedPercent: () => undefined };
  parts.counters.add("CacheHit", 2);
  expect(measureFunction("api", parts)).toEqual({
    metrics: { CacheHit: 2, ColdStart: 1 },
    dimensions: { Function: "api" },
  });
  expect(measureFunction("worker", parts)).toEqual({ metrics: { ColdStart: 0 }, dimensions: { Function: "worker" } });
});

test("the memory is told in percent of the function's, to a tenth", () => {
  let peakKiB = 256 * 1024;
  const used = openMemoryUse("512", () => peakKiB);
  expect(used()).toBe(50);
  peakKiB += 2_000;
  expect(used()).toBe(50.4);
  const parts = { coldStart: openColdStart(), counters: openCounters(), memoryUsedPercent: used };
  expect(measureFunction("worker", parts)).toEqual({
    metrics: { ColdStart: 1, MemoryUsed: 50.4 },
    dimensions: { Function: "worker" },
  });
});

test.each([undefined, "", "0", "-1", "much"])("no memory is told where the function's is %p", (memoryMiB) => {
  expect(openMemoryUse(memoryMiB, () => 1)()).toBeUndefined();
});
