import { unpublishedFunctions } from "../../../scripts/judges/unpublished";

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
const plan = (after: object, changes: object[] = []) => ({ resource_drift: [drift(after)], resource_changes: changes });

test("a function that was changed and has no new version is unpublished", () =>
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
    { resource_drift: [{ ...drift({}), change: { actions: ["delete"], before: { memory_size: 1024 }, after: null } }] },
  ],
  ["nothing drifted", {}],
])("it is not where %s", (_, given) => expect(unpublishedFunctions(given)).toEqual([]));
