import { databaseCost, finalReads, openReadUnits, tableCalls } from "../../../scripts/cost/database";
import { monthOf, trafficOf } from "../../../scripts/cost/traffic";
import { DEFAULT_USAGE, type Usage } from "../../../scripts/cost/usage";
import { deployed } from "./fixtures";

const usage: Usage = {
  ...DEFAULT_USAGE,
  worker_cpu_seconds: 0,
  queue_wait_seconds: 0,
  health_checks_per_minute: 0,
  session_share: 0,
};
const callsOf = (given: Usage, requests = 1_000) =>
  tableCalls(given, trafficOf(deployed("optimized"), given, requests));
const unitsOf = (given: Usage, call: string) => callsOf(given).find((each) => each.call === call);

test("a request of 2 KB with an answer of 20 KB takes 66 write units and no session", () => {
  // item 2.5 KB: 3; index put 1, moved 2, removed 1. invoke 4, sent 3, claim 5, six renewals in 60 s 30, finish 23 + 1
  const units = callsOf(usage).reduce((sum, { count, writeUnits }) => sum + count * writeUnits, 0);
  expect(units / 1_000).toBe(66);
});

test("a session's turn makes the end a transaction, which costs double, and is read again with the earlier ones", () => {
  const inSession = { ...usage, session_share: 1 };
  expect(unitsOf(inSession, "worker: UpdateItem, finish")?.count).toBe(0);
  expect(unitsOf(inSession, "worker: TransactWriteItems, finish")).toMatchObject({
    count: 1_000,
    writeUnits: 2 * 23 + 1,
  });
  // a turn is 0.2 + 2 + 16 KB: 19 units, and its count 1, both double
  expect(unitsOf(inSession, "session: turn and its count, transacted")).toMatchObject({ count: 1_000, writeUnits: 40 });
  // three turns of 18.2 KB: 54.6 KB / 4
  expect(unitsOf(inSession, "session: Query, turns")).toMatchObject({ count: 1_000, readUnits: 14 });
});

test("an answer above 350 KB is not in the item", () => {
  expect(unitsOf({ ...usage, answer_kb: 350 }, "worker: UpdateItem, finish")?.writeUnits).toBe(353 + 1);
  expect(unitsOf({ ...usage, answer_kb: 351 }, "worker: UpdateItem, finish")?.writeUnits).toBe(3 + 1);
});

test("polls that no cache answers read the item, the last ones with its result", () => {
  // 10 of 30 polls a request miss
  expect(unitsOf(usage, "status: GetItem, open")).toMatchObject({ count: 9_000, readUnits: 1 });
  expect(unitsOf(usage, "status: GetItem, ended")).toMatchObject({ count: 1_000, readUnits: 6 });
  expect(openReadUnits({ ...usage, prompt_kb: 32 })).toBe(9);
  expect(finalReads(usage, trafficOf(deployed("optimized"), { ...usage, pollers: 0 }, 1_000))).toBe(0);
});

test("a keyed invocation reads the request once more", () => {
  expect(unitsOf({ ...usage, idempotent_share: 0.25 }, "invoke: GetItem, keyed")?.count).toBe(250);
});

test("a month of 1,000 requests costs $0.0891, an idle one $0.0438 for the sweeper's queries", () => {
  const costOf = (requests: number) => databaseCost(monthOf(deployed("optimized"), usage, requests));
  // writes 66,000 x 0.625/M = 0.04125; reads (9,000 + 6,000 + 350,400) x 0.125/M = 0.045675;
  // kept: 1,000 x 7 / 30.4167 days x 22.5 KB = 0.0049382 GB x (0.25 + 0.20) = 0.0022222
  expect(costOf(1_000)).toBeCloseTo(0.04125 + 0.045675 + 0.0022222, 6);
  expect(costOf(0)).toBeCloseTo(0.0438, 9);
});
