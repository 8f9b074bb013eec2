import {
  changesForAllCallers,
  exposedFunctions,
  movedAliases,
  plannedNewest,
  publishedFunctions,
  unpublishedFunctions,
} from "../../../scripts/deploy/plan-functions";

describe("what a plan publishes", () => {
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
  test("a queue and a function's reserved concurrency reach all callers, its memory does not", () => {
    expect(changesForAllCallers(plan).map(({ address }) => address)).toEqual(["aws_sqs_queue.work_queue"]);
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
    expect(changesForAllCallers(reserved).map(({ address }) => address)).toEqual([
      "aws_lambda_function.worker_function",
    ]);
  });
});

describe("an unpublished function", () => {
  const ADDRESS = "aws_lambda_function.worker_function";
  const drift = (after: object) => ({
    address: ADDRESS,
    type: "aws_lambda_function",
    mode: "managed",
    change: {
      actions: ["update"],
      before: { memory_size: 1024, version: "1", tags: null, last_modified: "1", layers: null },
      after: { memory_size: 1024, version: "1", tags: null, last_modified: "1", layers: null, ...after },
    },
  });
  const plan = (after: object, changes: object[] = []) => ({
    resource_drift: [drift(after)],
    resource_changes: changes,
  });

  test("is one that was changed and has no new version", () =>
    expect(unpublishedFunctions(plan({ memory_size: 2048, last_modified: "2" }))).toEqual(["worker"]));

  test.each([
    ["somebody has published it", plan({ memory_size: 2048, version: "2" })],
    ["only what no version holds differs", plan({ tags: { a: "b" }, last_modified: "2" })],
    ["it differs in spelling alone", plan({ layers: [] })],
    [
      "the plan publishes it",
      plan({ memory_size: 2048 }, [
        {
          address: ADDRESS,
          type: "aws_lambda_function",
          mode: "managed",
          change: {
            actions: ["update"],
            before: { memory_size: 2048 },
            after: { memory_size: 4096 },
            after_unknown: { version: true },
          },
        },
      ]),
    ],
    [
      "it was deleted",
      {
        resource_drift: [{ ...drift({}), change: { actions: ["delete"], before: { memory_size: 1024 }, after: null } }],
      },
    ],
    ["nothing drifted", {}],
  ])("is none where %s", (_, given) => expect(unpublishedFunctions(given)).toEqual([]));
});

describe("a function that temporary versions could reach", () => {
  const WORKER = "aws_lambda_function.worker_function";
  const AS_APPLIED = { function_name: "q-worker", memory_size: 512, version: "6", reserved_concurrent_executions: 10 };
  const found = (after: object, address = WORKER) => ({
    address,
    type: "aws_lambda_function",
    mode: "managed",
    change: { actions: ["update"], before: AS_APPLIED, after: { ...AS_APPLIED, ...after } },
  });
  const change = (before: object | null, unknown: object, address = WORKER) => ({
    address,
    type: "aws_lambda_function",
    mode: "managed",
    change: { actions: [before === null ? "create" : "update"], before, after: AS_APPLIED, after_unknown: unknown },
  });
  const EXPOSED = { name: "worker", functionName: "q-worker", versions: null };

  test.each([
    ["AWS has a newer version", { resource_drift: [found({ version: "7" })] }],
    ["AWS has another memory", { resource_drift: [found({ memory_size: 1024 })] }],
    ["the plan publishes a version", { resource_changes: [change(AS_APPLIED, { version: true })] }],
    [
      "both",
      { resource_drift: [found({ memory_size: 1024 })], resource_changes: [change(AS_APPLIED, { version: true })] },
    ],
  ])("is exposed where %s", (_, plan) => expect(exposedFunctions(plan)).toEqual([EXPOSED]));

  test("the front door and the worker are separate", () =>
    expect(
      exposedFunctions({
        resource_drift: [found({ function_name: "q-api", version: "7" }, "aws_lambda_function.api_function")].map(
          (each) => ({ ...each, change: { ...each.change, before: { ...AS_APPLIED, function_name: "q-api" } } }),
        ),
      }),
    ).toEqual([{ name: "api", functionName: "q-api", versions: null }]));

  test.each([
    ["nothing differs", {}],
    ["something else of it was changed by hand", { resource_drift: [found({ reserved_concurrent_executions: 20 })] }],
    ["it is made now", { resource_changes: [change(null, { version: true })] }],
    ["it changes and publishes nothing", { resource_changes: [change(AS_APPLIED, {})] }],
    [
      "it has no versions that are live",
      { resource_drift: [found({ version: "7" }, "aws_lambda_function.sweeper_function")] },
    ],
  ])("is not exposed where %s", (_, plan) => expect(exposedFunctions(plan)).toEqual([]));

  const alias = (before: object | null, after: object | null, address = "aws_lambda_alias.api_live_alias") => ({
    resource_changes: [
      {
        address,
        type: "aws_lambda_alias",
        mode: "managed",
        change: { actions: ["update"], before, after, after_unknown: {} },
      },
    ],
  });
  const leadsTo = (version: string, weights: object | null = null) => ({
    function_name: "q-api",
    function_version: version,
    routing_config: weights === null ? [] : [{ additional_version_weights: weights }],
  });

  test.each([
    ["all calls", alias(leadsTo("6"), leadsTo("7")), ["7"]],
    ["a share of them", alias(leadsTo("6"), leadsTo("6", { "7": 0.1 })), ["7"]],
    ["both", alias(leadsTo("6", { "7": 0.1 }), leadsTo("8", { "9": 0.1 })), ["8", "9"]],
    ["all, where a share went before: none that is new", alias(leadsTo("6", { "7": 0.5 }), leadsTo("7")), null],
  ])("its alias moves with %s", (_, plan, versions) =>
    expect(movedAliases(plan)).toEqual(versions === null ? [] : [{ name: "api", functionName: "q-api", versions }]),
  );

  test.each([
    ["its version is known only after the apply", alias(leadsTo("6"), { function_name: "q-api" })],
    ["it is deleted", alias(leadsTo("6"), null)],
    ["it is no function's of the stack", alias(leadsTo("6"), leadsTo("7"), "aws_lambda_alias.other")],
  ])("its alias does not move where %s", (_, plan) => expect(movedAliases(plan)).toEqual([]));
});
