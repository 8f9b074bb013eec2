import { stateResources } from "../../../scripts/kit/state";

const resource = (address: string, mode?: string) => {
  const [type = "", name = ""] = address.split(".").slice(-2);
  return { address, type, name, mode, values: { id: address }, depends_on: ["aws_sqs_queue.a"] };
};

test("managed resources of all modules are read in the state's order, and data sources are not", () => {
  const state = {
    values: {
      root_module: {
        resources: [resource("aws_sqs_queue.b", "managed"), resource("data.aws_region.here", "data")],
        child_modules: [{ resources: [resource("module.m.aws_sqs_queue.a")] }],
      },
    },
  };
  expect(stateResources(state)).toEqual([
    {
      address: "aws_sqs_queue.b",
      type: "aws_sqs_queue",
      name: "b",
      values: { id: "aws_sqs_queue.b" },
      dependsOn: ["aws_sqs_queue.a"],
    },
    expect.objectContaining({ address: "module.m.aws_sqs_queue.a", name: "a" }),
  ]);
});

test("a state of nothing has no resources", () => expect(stateResources({ format_version: "1.0" })).toEqual([]));
