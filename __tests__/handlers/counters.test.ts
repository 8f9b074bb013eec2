import { openCounters } from "../../handlers/counters";

test("what was counted is taken once, and names that were never counted are left out", () => {
  const counters = openCounters();
  counters.add("CacheHit");
  counters.add("CacheHit");
  counters.add("PoolIdleDropped", 5);
  expect(counters.take()).toEqual({ CacheHit: 2, PoolIdleDropped: 5 });
  expect(counters.take()).toEqual({});
});
