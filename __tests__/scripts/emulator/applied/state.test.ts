import { firstBlock, requireText, State } from "../../../../scripts/emulator/applied/state";
import { resource, state } from "../fixtures";

test("resources of child modules are found, data sources are not", () => {
  const parsed = State.parse({
    values: {
      root_module: {
        resources: [{ ...resource("aws_sqs_queue", "a", {}), mode: "data" }],
        child_modules: [
          { child_modules: [{ resources: [{ ...resource("aws_sqs_queue", "b", { url: "u" }), mode: "managed" }] }] },
        ],
      },
    },
  });
  expect(parsed.all("aws_sqs_queue").map(({ address }) => address)).toEqual(["aws_sqs_queue.b"]);
});

test("anything but `terraform show -json` is refused with what was given", () => {
  expect(() => State.parse({ format_version: "1.0" })).toThrow(
    "values.root_module is missing (given: an object with format_version). Run `terraform apply` first.",
  );
  expect(() => State.parse("text")).toThrow("(given: string)");
});

test("two resources where one is served are both named", () => {
  const parsed = State.parse(state(resource("x", "a", {}), resource("x", "b", {})));
  expect(() => parsed.only("x")).toThrow("exactly one x; the applied state holds 2: x.a, x.b.");
});

test("a required text that is missing is an error that names resource and attribute", () => {
  const [entry] = State.parse(state(resource("t", "n", { a: "x", c: null }))).all("t");
  expect(requireText(entry!, "a")).toBe("x");
  expect(() => requireText(entry!, "c")).toThrow("t.n has no c in the applied state (given: null)");
});

test("a block is the first object of its list", () => expect(firstBlock([{ x: 1 }, { x: 2 }])).toEqual({ x: 1 }));
