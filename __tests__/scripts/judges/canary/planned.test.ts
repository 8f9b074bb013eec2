import { plannedNewest, publishedFunctions, reachesAll } from "../../../../scripts/judges/canary/planned";

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
