import { abortCanary, NoCanary, resumeCanary, startCanary } from "../../../scripts/deploy/canary-run";
import type { Verdict } from "../../../scripts/gate/judge";
import { Killed, WISH, World } from "./canary-world";

const always = (verdict: Verdict) => () => verdict;
const STABLE = { live: 7, weight: 0, provisioned: 0 };
const PROMOTED = { live: 8, weight: 0, provisioned: 0 };
const pinned = (world: World) => world.state.release?.pinned;
const events = (world: World) => world.state.release?.history.map(({ event, weight }) => `${event} ${weight}`);

describe("a canary from its start", () => {
  test("that is good gets each share in turn, each watched for its interval, and ends promoted, with nothing pinned", async () => {
    const world = new World();
    const begunMs = world.nowMs;
    expect(await startCanary(world.ports(always("pass")), WISH, world.decisions())).toMatchObject({
      ending: "promoted",
      exitCode: 0,
    });
    expect(world.aliases.worker).toEqual(PROMOTED);
    expect(pinned(world)).toEqual({ worker: null, api: null });
    expect(world.seen.filter((each) => typeof each === "number")).toEqual([10, 50, 100]);
    expect(world.nowMs - begunMs).toBe(3 * 600_000);
    expect(events(world)).toEqual(["started 10", "step 50", "step 100", "promoted 100"]);
    expect(world.aliases.api).toEqual({ live: 3, weight: 0, provisioned: 0 });
  });

  test.each([10, 50, 100])(
    "that fails at %i %% is rolled back at the first such look, whatever the interval",
    async (at) => {
      const world = new World();
      expect(
        await startCanary(
          world.ports((weight) => (weight === at ? "fail" : "pass")),
          WISH,
          world.decisions(),
        ),
      ).toMatchObject({
        ending: "rolled_back",
        exitCode: 1,
        reason: expect.stringMatching(/^fail: error_rate/) as unknown,
      });
      expect(world.aliases.worker).toEqual(STABLE);
      expect(pinned(world)).toEqual({ worker: 7, api: null });
      expect(world.seen.filter((each) => each === `fail at ${at}`)).toHaveLength(1);
    },
  );

  test("that stays undecided until the deadline is rolled back: 3; with hold it stays where it is: 3, and can go on", async () => {
    const world = new World();
    expect(await startCanary(world.ports(always("inconclusive")), WISH, world.decisions())).toMatchObject({
      ending: "rolled_back",
      exitCode: 3,
    });
    expect(world.aliases.worker).toEqual(STABLE);
    const held = new World();
    expect(
      await startCanary(held.ports(always("inconclusive")), { ...WISH, on_inconclusive: "hold" }, held.decisions()),
    ).toMatchObject({ ending: "held", exitCode: 3 });
    expect(held.aliases.worker).toEqual({ live: 7, weight: 0.1, provisioned: 0 });
    expect(await resumeCanary(held.ports(always("pass"), "run-2"), held.decisions())).toMatchObject({
      ending: "promoted",
    });
    expect(held.aliases.worker).toEqual(PROMOTED);
  });

  test("a failure to ask is no verdict: it is asked again until the deadline", async () => {
    const world = new World();
    const ports = world.ports((_, look) => (look < 30 ? new Error("ExpiredToken") : "pass"));
    expect(await startCanary(ports, WISH, world.decisions())).toMatchObject({ ending: "promoted" });
    const never = new World();
    expect(
      await startCanary(
        never.ports(() => new Error("ExpiredToken")),
        WISH,
        never.decisions(),
      ),
    ).toMatchObject({ ending: "rolled_back", exitCode: 3, reason: "error: ExpiredToken" });
  });

  test("takes provisioned concurrency away before the weights, and gives it back at the end, whichever it is", async () => {
    for (const [verdict, live] of [
      ["pass", 8],
      ["fail", 7],
    ] as const) {
      const world = new World(5);
      await startCanary(world.ports(always(verdict)), WISH, world.decisions());
      expect(world.aliases.worker).toEqual({ live, weight: 0, provisioned: 5 });
    }
  });

  test("of both functions goes on only where both are good, and both are rolled back", async () => {
    const world = new World();
    world.pending = ["worker", "api"];
    await startCanary(world.ports(always("pass")), WISH, world.decisions());
    expect([world.aliases.worker.live, world.aliases.api.live]).toEqual([8, 4]);
    world.pending = ["worker", "api"];
    await startCanary(
      world.ports((weight) => (weight === 50 ? "fail" : "pass")),
      WISH,
      world.decisions(),
    );
    expect([world.aliases.worker, world.aliases.api].map(({ live, weight }) => [live, weight])).toEqual([
      [8, 0],
      [4, 0],
    ]);
    expect(pinned(world)).toEqual({ worker: 8, api: 4 });
  });

  test("without a new version does nothing: 0", async () => {
    const world = new World();
    world.pending = [];
    expect(await startCanary(world.ports(always("pass")), WISH, world.decisions())).toEqual({
      ending: null,
      exitCode: 0,
      reason: "No function has a new version, so there is nothing to try.",
    });
    expect(world.file).toBeNull();
  });

  test("that a person does not want applies nothing: 1", async () => {
    const world = new World();
    expect(
      await startCanary(world.ports(always("pass")), WISH, world.decisions({ approve: async () => false })),
    ).toMatchObject({
      exitCode: 1,
      reason: "Nothing was applied.",
    });
    expect([world.file, world.newest.worker]).toEqual([null, 7]);
  });

  test("is refused while another is on its way, and while a weight was set by hand", async () => {
    const held = new World();
    await startCanary(held.ports(always("inconclusive")), { ...WISH, on_inconclusive: "hold" }, held.decisions());
    await expect(startCanary(held.ports(always("pass"), "run-2"), WISH, held.decisions())).rejects.toThrow(
      "A canary of q-dev is on its way since 2026-11-21T12:00:00.000Z. Go on with it: quickturn canary --resume. Take it back: quickturn canary --abort.",
    );
    const byHand = new World();
    byHand.state.weights.worker = 0.2;
    await expect(startCanary(byHand.ports(always("pass")), WISH, byHand.decisions())).rejects.toThrow(
      "The newest version of the worker has a weight that no canary gave it.",
    );
  });

  test("of a fix follows a rolled back one; the rolled back one itself is tried again only by --retry", async () => {
    const world = new World();
    await startCanary(world.ports(always("fail")), WISH, world.decisions());
    expect(await startCanary(world.ports(always("pass"), "run-2"), WISH, world.decisions())).toMatchObject({
      ending: null,
      exitCode: 0,
      reason: expect.stringContaining("Version 8 of the worker was rolled back; to try it again: --retry.") as unknown,
    });
    world.pending = ["worker"];
    expect(await startCanary(world.ports(always("pass"), "run-3"), WISH, world.decisions())).toMatchObject({
      ending: "promoted",
    });
    expect(world.aliases.worker.live).toBe(9);
    const again = new World();
    await startCanary(again.ports(always("fail")), WISH, again.decisions());
    expect(
      await startCanary(again.ports(always("pass"), "run-2"), WISH, again.decisions({ retry: true })),
    ).toMatchObject({
      ending: "promoted",
    });
    expect(again.aliases.worker.live).toBe(8);
  });

  test("of a version that an apply under a pin has published makes it live", async () => {
    const world = new World();
    await startCanary(world.ports(always("fail")), WISH, world.decisions());
    world.newest.worker = 9;
    world.state.newest = { worker: 9, api: 3 };
    expect(await startCanary(world.ports(always("pass"), "run-2"), WISH, world.decisions())).toMatchObject({
      ending: "promoted",
    });
    expect(world.aliases.worker.live).toBe(9);
  });
});

describe("what goes wrong on the way", () => {
  test("a step that cannot be applied is rolled back, and says why: 1", async () => {
    const world = new World();
    world.failApply = ({ canary }) => canary?.phase === "shift" && canary.step === 1;
    expect(await startCanary(world.ports(always("pass")), WISH, world.decisions())).toMatchObject({
      ending: "rolled_back",
      exitCode: 1,
      reason: "the step could not be applied: AccessDenied",
    });
    expect(world.aliases.worker).toEqual(STABLE);
  });

  test("where the way back fails too, the error says what to type", async () => {
    const world = new World();
    world.failApply = ({ canary }) => canary?.phase !== "publish" && world.seen.length > 0;
    await expect(startCanary(world.ports(always("fail")), WISH, world.decisions())).rejects.toThrow(
      /could not be applied: AccessDenied\nThe canary may still have traffic\. Try again, or without terraform:\n {2}quickturn canary --abort --auto-approve\n {2}aws lambda update-alias --function-name q-dev-worker --name live --function-version 7 --routing-config AdditionalVersionWeights=\{\}/,
    );
    world.failApply = () => false;
    await abortCanary(world.ports(always("pass"), "run-2"), world.decisions());
    expect(world.aliases.worker).toEqual(STABLE);
  });

  test("where publishing fails, nobody gets anything else, and the same command goes on", async () => {
    const world = new World();
    world.failApply = ({ canary }) => canary?.phase === "publish";
    await expect(startCanary(world.ports(always("pass")), WISH, world.decisions())).rejects.toThrow(
      "The apply that was to publish the new versions failed. What was live is live and pinned.",
    );
    expect(world.aliases.worker).toEqual(STABLE);
    world.failApply = () => false;
    expect(await startCanary(world.ports(always("pass"), "run-2"), WISH, world.decisions())).toMatchObject({
      ending: "promoted",
    });
  });

  test("a run whose canary another one has taken over stops and changes nothing", async () => {
    const world = new World();
    let taken = false;
    world.beforePlan = () => {
      if (taken || world.seen.length < 2) return;
      taken = true;
      world.state = {
        ...world.state,
        release: { ...world.state.release!, serial: world.state.release!.serial + 1, writer: "run-2" },
      };
    };
    await expect(startCanary(world.ports(always("pass")), WISH, world.decisions())).rejects.toThrow(
      "Another run has changed the release of q-dev meanwhile",
    );
    expect(world.aliases.worker).toEqual({ live: 7, weight: 0.1, provisioned: 0 });
    expect(world.state.release?.writer).toBe("run-2");
  });

  test("a version that somebody publishes on the way is not what was tried: rolled back", async () => {
    const world = new World();
    world.beforePlan = () => {
      if (world.seen.at(-1) === "pass at 10") world.newest.worker = 9;
      world.state = { ...world.state, newest: { ...world.newest } };
    };
    expect(await startCanary(world.ports(always("pass")), WISH, world.decisions())).toMatchObject({
      ending: "rolled_back",
      exitCode: 1,
      reason: "version 9 of the worker was published meanwhile, and the canary is version 8",
    });
    expect(world.aliases.worker).toEqual(STABLE);
  });
});

describe("abort", () => {
  test("without a canary does nothing: 0", async () => {
    const world = new World();
    expect(await abortCanary(world.ports(always("pass")), world.decisions())).toEqual({
      ending: null,
      exitCode: 0,
      reason: "No canary of q-dev is on its way.",
    });
    expect(world.file).toBeNull();
  });

  test("takes weights back that somebody set by hand", async () => {
    const world = new World();
    world.newest.worker = 8;
    world.aliases.worker.weight = 0.2;
    world.state = { ...world.state, newest: { worker: 8, api: 3 }, weights: { worker: 0.2, api: 0 } };
    expect(await abortCanary(world.ports(always("pass")), world.decisions())).toMatchObject({
      ending: "aborted",
      exitCode: 0,
    });
    expect(world.aliases.worker).toEqual(STABLE);
    expect(pinned(world)).toEqual({ worker: 7, api: null });
  });
});

describe("resume", () => {
  test("without a canary says so", async () => {
    const world = new World();
    await expect(resumeCanary(world.ports(always("pass")), world.decisions())).rejects.toThrow(
      "No canary of q-dev is on its way. Start one: quickturn canary.",
    );
  });
});

/** A run that is killed after each of its steps in turn; what comes of it once it is taken up again. */
describe("a run that is killed at any step", () => {
  const lengthOf = async (verdict: Verdict, provisioned: number, stateFirst: boolean) => {
    const world = new World(provisioned, stateFirst);
    await startCanary(world.ports(always(verdict)), WISH, world.decisions());
    return world.steps;
  };
  async function killed(at: number, verdict: Verdict, provisioned: number, stateFirst: boolean): Promise<World> {
    const world = new World(provisioned, stateFirst);
    world.killAfter = at;
    await expect(startCanary(world.ports(always(verdict)), WISH, world.decisions())).rejects.toThrow(/killed/);
    return world.revived();
  }
  /** As a pipeline does: go on, and where nothing was begun begin. */
  async function takenUp(world: World, verdict: Verdict): Promise<void> {
    const ports = () => world.ports(always(verdict), "run-2");
    try {
      await resumeCanary(ports(), world.decisions());
    } catch (error) {
      if (!(error instanceof NoCanary)) throw error;
      await startCanary(ports(), WISH, world.decisions());
    }
  }
  /** Each share but the first comes after a pass at the one before. */
  const skipsNothing = (world: World) => {
    const order = [10, 50, 100];
    world.seen.forEach((each, index) => {
      if (typeof each !== "number" || each === 10) return;
      const before = order[order.indexOf(each) - 1];
      expect(
        world.seen.slice(0, index).includes(each) || world.seen.slice(0, index).includes(`pass at ${before}`),
      ).toBe(true);
    });
  };

  describe.each([
    ["with its file", false],
    ["on another machine", true],
  ])("%s", (_, elsewhere) => {
    describe.each([
      ["aliases first", false],
      ["the state's record first", true],
    ])("%s", (__, stateFirst) => {
      test("and taken up, ends promoted where it is good, and no share was skipped", async () => {
        const steps = await lengthOf("pass", 5, stateFirst);
        expect(steps).toBeGreaterThan(60);
        for (let at = 0; at < steps; at++) {
          const world = await killed(at, "pass", 5, stateFirst);
          await takenUp(elsewhere ? world.elsewhere() : world, "pass");
          expect({ at, worker: world.aliases.worker, pinned: pinned(world) ?? { worker: null, api: null } }).toEqual({
            at,
            worker: { ...PROMOTED, provisioned: 5 },
            pinned: { worker: null, api: null },
          });
          skipsNothing(world);
        }
      });

      test("and taken up, ends at the stable version, pinned, where it is bad", async () => {
        const steps = await lengthOf("fail", 5, stateFirst);
        for (let at = 0; at < steps; at++) {
          const world = await killed(at, "fail", 5, stateFirst);
          await takenUp(elsewhere ? world.elsewhere() : world, "fail");
          expect({ at, worker: world.aliases.worker, pinned: pinned(world) }).toEqual({
            at,
            worker: { ...STABLE, provisioned: 5 },
            pinned: { worker: 7, api: null },
          });
        }
      });

      test("and aborted, ends at the stable version, unless it was promoted already", async () => {
        const steps = await lengthOf("pass", 5, stateFirst);
        for (let at = 0; at < steps; at++) {
          const world = await killed(at, "pass", 5, stateFirst);
          const promoted =
            (elsewhere ? world.elsewhere() : world).decisions().choose({}).release?.history.at(-1)?.event ===
            "promoted";
          await abortCanary(world.ports(always("pass"), "run-2"), world.decisions());
          expect({ at, live: world.aliases.worker }).toEqual({
            at,
            live: { ...(promoted ? PROMOTED : STABLE), provisioned: 5 },
          });
        }
      });
    });
  });

  test("the kill is one: nothing is done after it", async () => {
    const world = new World();
    world.killAfter = 3;
    const ports = world.ports(always("pass"));
    await expect(startCanary(ports, WISH, world.decisions())).rejects.toThrow();
    await expect(ports.deployment.outputs()).rejects.toThrow(Killed);
  });
});
