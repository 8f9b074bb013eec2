import { exposedFunctions, movedAliases } from "../../../../scripts/judges/tuning/exposure";

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
])("a function is exposed where %s", (_, plan) => expect(exposedFunctions(plan)).toEqual([EXPOSED]));

test("the front door is told from the worker", () =>
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
])("it is not where %s", (_, plan) => expect(exposedFunctions(plan)).toEqual([]));

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
])("an alias moves with %s", (_, plan, versions) =>
  expect(movedAliases(plan)).toEqual(versions === null ? [] : [{ name: "api", functionName: "q-api", versions }]),
);

test.each([
  ["its version is known only after the apply", alias(leadsTo("6"), { function_name: "q-api" })],
  ["it is deleted", alias(leadsTo("6"), null)],
  ["it is no function's of the stack", alias(leadsTo("6"), leadsTo("7"), "aws_lambda_alias.other")],
])("nothing is looked up where %s", (_, plan) => expect(movedAliases(plan)).toEqual([]));
