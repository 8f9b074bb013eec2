import type { Release } from "../../../stacks/contract/settings";
import {
  chooseRelease,
  inEffect,
  withoutOverridden,
  emptyRelease,
  plannedNewest,
  publishedFunctions,
  reachesAll,
} from "../../../scripts/deploy/release";

describe("choice", () => {
  const release = (serial: number, change: Partial<Release> = {}): Release => ({
    ...emptyRelease("q-dev"),
    serial,
    writer: "run",
    ...change,
  });

  test.each<[string, Release | null, Release | null, string]>([
    ["a newer file wins", release(3), release(2), "file"],
    ["the same serial is the state's", release(2), release(2, { writer: "other" }), "state"],
    ["an older file loses", release(1), release(2), "state"],
    ["a file of another deployment is none", release(9, { deployment: "q-prod" }), release(2), "state"],
    ["without a file the state has it", null, release(2), "state"],
    ["a state that an apply without the file left has none", release(2), null, "file"],
    ["without either there is none", null, null, "nothing"],
  ])("%s", (_, file, state, from) => {
    const chosen = chooseRelease(file, state, "q-dev");
    expect(chosen.from).toBe(from);
    expect(chosen.release).toBe(from === "file" ? file : from === "state" ? state : null);
  });

  test("where nothing is applied, a file says nothing", () =>
    expect(chooseRelease(release(3), null, null)).toEqual({ release: null, from: "nothing" }));

  test("a pin is said with its reason and the ways out of it; without one nothing is", () => {
    const history = [
      {
        at: "2026-11-21T12:00:00.000Z",
        event: "rolled_back",
        worker: 8,
        api: null,
        stable_worker: 7,
        stable_api: null,
        weight: 0,
        reason: "fail: slow",
      },
    ] as const;
    const pinned = release(2, { pinned: { worker: 7, api: null }, history });
    expect(inEffect({ release: pinned, from: "state" })).toBe(
      "Pinned by live.tfvars.json: live_version=7, since 2026-11-21T12:00:00.000Z: fail: slow. A newer version is published and not live; quickturn canary makes it live step by step, quickturn apply --var live_version=null at once.",
    );
    expect(inEffect({ release: release(2), from: "state" })).toBeUndefined();
  });

  test("a pin that --var overrides is forgotten, and only that", () => {
    const pinned = release(2, { pinned: { worker: 7, api: 3 } });
    expect(withoutOverridden(pinned, ["live_version=null", "memory_size=1"], "me")).toEqual({
      ...pinned,
      pinned: { worker: null, api: 3 },
      serial: 3,
      writer: "me",
    });
    expect(withoutOverridden(pinned, ["memory_size=1"], "me")).toBe(pinned);
  });
});

describe("planned", () => {
  const change = (
    address: string,
    afterUnknown: object = {},
    before: object = {},
    after: object = {},
    actions = ["update"],
  ) => ({
    address,
    type: address.split(".")[0],
    mode: "managed",
    change: { actions, before, after, after_unknown: afterUnknown },
  });
  const plan = {
    planned_values: { outputs: { newest_version: {}, api_newest_version: { value: "3" } } },
    resource_changes: [
      change("aws_lambda_function.worker_function", { version: true }, { memory_size: 1 }, { memory_size: 2 }),
      change("aws_lambda_function.api_function", {}, { tags: 1 }, { tags: 2 }),
      change("aws_lambda_alias.worker_live_alias", {}, { function_version: "1" }, { function_version: "2" }),
      change("aws_sqs_queue.work_queue", {}, { visibility: 1 }, { visibility: 2 }),
    ],
  };

  test("a function is published where its version is known only after the apply", () =>
    expect(publishedFunctions(plan)).toEqual(["worker"]));
  test("the newest version is known where none is published", () =>
    expect(plannedNewest(plan)).toEqual({ worker: null, api: 3 }));
  test("what is no version reaches all callers: a queue does, a function's reservation does, its memory does not", () => {
    expect(reachesAll(plan).map(({ address }) => address)).toEqual(["aws_sqs_queue.work_queue"]);
    const reserved = {
      resource_changes: [
        change(
          "aws_lambda_function.worker_function",
          {},
          { reserved_concurrent_executions: 1 },
          { reserved_concurrent_executions: 2 },
        ),
      ],
    };
    expect(reachesAll(reserved).map(({ address }) => address)).toEqual(["aws_lambda_function.worker_function"]);
  });
});
