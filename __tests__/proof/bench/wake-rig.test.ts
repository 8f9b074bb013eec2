import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { WakeRig, type WakeTimes } from "../../../bench/wake-rig";
import { PROJECT } from "../../support/stack-json";

const TIMES: WakeTimes = { idleMs: 1_800_000, frozenMs: 100, requestTimeoutMs: 1_000, cutMs: 120_000 };

// How our own connection wakes up, and the SDK's default does not: handlers/clients/frozen.test.ts.
test("time-outs find a second socket where one is dead, and fail where five are; a fresh connection is never hit", async () => {
  const rig = await WakeRig.open(PROJECT);
  try {
    expect(existsSync(rig.nodePath)).toBe(true);
    const samples = await Promise.all([
      rig.measure({ variant: "time-outs", incident: "black hole", sockets: 1 }, TIMES),
      rig.measure({ variant: "time-outs", incident: "freeze", sockets: 5 }, TIMES),
      rig.measure({ variant: "fresh", incident: "reset in freeze", sockets: 5 }, TIMES),
    ]);
    expect(samples).toMatchObject([
      { variant: "time-outs", incident: "black hole", sockets: 1, outcome: "answered", attempts: 2 },
      { outcome: "failed", error: expect.stringContaining("requestTimeout") as unknown },
      { outcome: "answered", attempts: 1 },
    ]);
  } finally {
    await rig.close();
  }
});

test("a probe that cannot be bundled is an error, and leaves no folder", async () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("quickturn-wake-"));
  const before = folders();
  await expect(WakeRig.open("/nowhere")).rejects.toThrow(/handlers\/clients\/connection/);
  expect(folders().filter((name) => !before.includes(name))).toEqual([]);
});
