import { billedMsOf } from "../../../../scripts/judges/tuning/run";

const run = { memoryMiB: 512, durationMs: 100.2, initMs: null, billedMs: null, usedMiB: null, failure: null };

test("a part of a millisecond is billed as a whole one", () => expect(billedMsOf(run)).toBe(101));
test("INIT is billed, be the line older than that", () =>
  expect(billedMsOf({ ...run, initMs: 300, billedMs: 101 })).toBe(401));
test("what Lambda says it billed counts where it is more", () =>
  expect(billedMsOf({ ...run, billedMs: 450 })).toBe(450));
