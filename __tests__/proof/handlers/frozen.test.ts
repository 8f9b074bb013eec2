import { WakeRig, type Incident, type WakeTimes } from "../../../bench/wake-rig";
import { PROJECT } from "../../support/stack-json";

/** Half an hour without an invocation, by the wall clock alone: a frozen environment's timers stand still. */
const TIMES: WakeTimes = { idleMs: 1_800_000, frozenMs: 300, requestTimeoutMs: 60_000, cutMs: 600_000 };

let rig: WakeRig;
beforeAll(async () => void (rig = await WakeRig.open(PROJECT)));
afterAll(() => rig.close());

const WHERE: readonly (readonly [Incident, string])[] = [
  ["black hole", "the open sockets lead into a black hole"],
  ["freeze", "the process was frozen and the open sockets lead into a black hole"],
  ["reset", "the open sockets answer with RST"],
  ["reset in freeze", "the process was frozen and the open sockets were reset meanwhile"],
];

// How long it takes is measured by the benchmark "wake", beside the SDK's default, which hangs or fails there.
describe("after half an hour without an invocation the first answer takes one attempt", () => {
  test.each(WHERE.flatMap(([incident, where]) => [1, 5].map((sockets) => ({ incident, where, sockets }))))(
    "where $where: $sockets of them",
    async ({ incident, sockets }) => {
      expect(await rig.measure({ variant: "ours", incident, sockets }, TIMES)).toMatchObject({
        outcome: "answered",
        attempts: 1,
      });
    },
  );
});
