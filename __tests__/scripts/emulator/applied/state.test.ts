import { block, number, numberOr, State, strings, text } from "../../../../scripts/emulator/applied/state";
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

test("attributes are read with their type, and the error names resource and attribute", () => {
  const [entry] = State.parse(state(resource("t", "n", { a: "x", b: "5", c: null }))).all("t");
  expect([text(entry!, "a"), number(entry!, "b"), numberOr(null, 7), numberOr("3", 7)]).toEqual(["x", 5, 7, 3]);
  expect(() => text(entry!, "c")).toThrow("t.n has no c in the applied state (given: null)");
  expect(() => number(entry!, "a")).toThrow('t.n has no number a in the applied state (given: "x")');
  expect(block([{ x: 1 }])).toEqual({ x: 1 });
  expect(strings({ a: "x", b: 1 })).toEqual({ a: "x" });
});
