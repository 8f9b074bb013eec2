import { abortCanary, NoCanary, resumeCanary, startCanary } from "../../../scripts/deploy/canary-run";
import type { Verdict } from "../../../scripts/gate/judge";
import { Killed, WISH, World } from "./canary-world";

const always = (verdict: Verdict) => () => verdict;
const STABLE = { live: 7, weight: 0, provisioned: 0 };
const PROMOTED = { live: 8, weight: 0, provisioned: 0 };
const pinned = (world: World) => world.state.release?.pinned;
const events = (world: World) => world.state.release?.history.map(({ event, weight }) => `${event} ${weight}`);

describe("a canary", () => {
  test("a good candidate gets each share for its interval, and is promoted without a pin", async () => {
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

  test.each([10, 50, 100])("a candidate that fails at %i %% is rolled back at the first such look", async (at) => {
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
  });

  test("an undecided step is rolled back or held at the deadline, with exit code 3; a held one can go on", async () => {
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

  test("a look that fails is repeated until the deadline", async () => {
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

  test("provisioned concurrency is off during the weights, and restored at either end", async () => {
    for (const [verdict, live] of [
      ["pass", 8],
      ["fail", 7],
    ] as const) {
      const world = new World(5);
      await startCanary(world.ports(always(verdict)), WISH, world.decisions());
      expect(world.aliases.worker).toEqual({ live, weight: 0, provisioned: 5 });
    }
  });

  test("both functions advance together, and are rolled back together", async () => {
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

  test("without a new version nothing happens, with exit code 0", async () => {
    const world = new World();
    world.pending = [];
    expect(await startCanary(world.ports(always("pass")), WISH, world.decisions())).toEqual({
      ending: null,
      exitCode: 0,
      reason: "No function has a new version, so there is nothing to try.",
    });
    expect(world.file).toBeNull();
  });

  test("without approval nothing is applied, with exit code 1", async () => {
    const world = new World();
    expect(
      await startCanary(world.ports(always("pass")), WISH, world.decisions({ approve: async () => false })),
    ).toMatchObject({
      exitCode: 1,
      reason: "Nothing was applied.",
    });
    expect([world.file, world.newest.worker]).toEqual([null, 7]);
  });

  test("a canary is refused during another one, and while a weight is set by hand", async () => {
    const held = new World();
    await startCanary(held.ports(always("inconclusive")), { ...WISH, on_inconclusive: "hold" }, held.decisions());
    await expect(startCanary(held.ports(always("pass"), "run-2"), WISH, held.decisions())).rejects.toThrow(
      "A canary of q-dev is on its way since 2026-11-21T12:00:00.000Z. Go on with it: quickturn canary --resume. " +
        "Take it back: quickturn canary --abort.",
    );
    const byHand = new World();
    byHand.state.weights.worker = 0.2;
    await expect(startCanary(byHand.ports(always("pass")), WISH, byHand.decisions())).rejects.toThrow(
      "The newest version of the worker has a weight that no canary gave it.",
    );
  });

  test("a version that was rolled back is tried again only with --retry; a newer one is tried at once", async () => {
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

  test("a version that an apply published under a pin is tried and made live", async () => {
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

describe("a failure during a canary", () => {
  test("a step that cannot be applied is rolled back with its reason, with exit code 1", async () => {
    const world = new World();
    world.failApply = ({ canary }) => canary?.phase === "shift" && canary.step === 1;
    expect(await startCanary(world.ports(always("pass")), WISH, world.decisions())).toMatchObject({
      ending: "rolled_back",
      exitCode: 1,
      reason: "the step could not be applied: AccessDenied",
    });
    expect(world.aliases.worker).toEqual(STABLE);
  });

  test("an error names the commands where the rollback fails as well", async () => {
    const world = new World();
    world.failApply = ({ canary }) => canary?.phase !== "publish" && world.seen.length > 0;
    await expect(startCanary(world.ports(always("fail")), WISH, world.decisions())).rejects.toThrow(
      "could not be applied: AccessDenied\nThe canary may still have traffic. Try again, or without terraform:\n" +
        "  quickturn canary --abort --auto-approve\n" +
        "  aws lambda update-alias --function-name q-dev-worker --name live --function-version 7 " +
        "--routing-config AdditionalVersionWeights={}",
    );
    world.failApply = () => false;
    await abortCanary(world.ports(always("pass"), "run-2"), world.decisions());
    expect(world.aliases.worker).toEqual(STABLE);
  });

  test("after a failed publication the live versions stay, and the same command can be repeated", async () => {
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

  test("a run stops without a change where another run has taken over its canary", async () => {
    const world = new World();
    let isTakenOver = false;
    world.beforePlan = () => {
      if (isTakenOver || world.seen.length < 2) return;
      isTakenOver = true;
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

  test("a version that is published during a canary ends it with a rollback", async () => {
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
  test("without a canary nothing happens, with exit code 0", async () => {
    const world = new World();
    expect(await abortCanary(world.ports(always("pass")), world.decisions())).toEqual({
      ending: null,
      exitCode: 0,
      reason: "No canary of q-dev is on its way.",
    });
    expect(world.file).toBeNull();
  });

  test("weights that were set by hand are removed", async () => {
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
  test("without a canary it is refused", async () => {
    const world = new World();
    await expect(resumeCanary(world.ports(always("pass")), world.decisions())).rejects.toThrow(
      "No canary of q-dev is on its way. Start one: quickturn canary.",
    );
  });
});

/** A run is killed after each of its steps in turn, and then continued by another run. */
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
  /** Resumes, as a pipeline does, and starts where there is nothing to resume. */
  async function continueRun(world: World, verdict: Verdict): Promise<void> {
    const ports = () => world.ports(always(verdict), "run-2");
    try {
      await resumeCanary(ports(), world.decisions());
    } catch (error) {
      if (!(error instanceof NoCanary)) throw error;
      await startCanary(ports(), WISH, world.decisions());
    }
  }
  /** Each share except the first comes after a pass at the one before. */
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
      test("is promoted after a resume where the candidate is good, and skips no share", async () => {
        const steps = await lengthOf("pass", 5, stateFirst);
        expect(steps).toBeGreaterThan(60);
        for (let at = 0; at < steps; at++) {
          const world = await killed(at, "pass", 5, stateFirst);
          await continueRun(elsewhere ? world.elsewhere() : world, "pass");
          expect({ at, worker: world.aliases.worker, pinned: pinned(world) ?? { worker: null, api: null } }).toEqual({
            at,
            worker: { ...PROMOTED, provisioned: 5 },
            pinned: { worker: null, api: null },
          });
          skipsNothing(world);
        }
      });

      test("ends at the pinned stable version after a resume where the candidate is bad", async () => {
        const steps = await lengthOf("fail", 5, stateFirst);
        for (let at = 0; at < steps; at++) {
          const world = await killed(at, "fail", 5, stateFirst);
          await continueRun(elsewhere ? world.elsewhere() : world, "fail");
          expect({ at, worker: world.aliases.worker, pinned: pinned(world) }).toEqual({
            at,
            worker: { ...STABLE, provisioned: 5 },
            pinned: { worker: 7, api: null },
          });
        }
      });

      test("ends at the stable version after an abort, unless it was promoted already", async () => {
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

  test("a killed run does nothing more", async () => {
    const world = new World();
    world.killAfter = 3;
    const ports = world.ports(always("pass"));
    await expect(startCanary(ports, WISH, world.decisions())).rejects.toThrow();
    await expect(ports.deployment.outputs()).rejects.toThrow(Killed);
  });
});
