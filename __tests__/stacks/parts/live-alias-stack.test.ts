import { liveAliasPart } from "../../../stacks/settings/parts";
import { goldenPart, partStack } from "../../support/part-stacks";

const stack = partStack("live-alias");

test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest live-alias-stack", () => {
  expect(stack).toEqual(goldenPart("live-alias", stack));
});

test("its variables are the part's settings, its outputs the part's", () => {
  expect(Object.keys(stack.variable).sort()).toEqual(liveAliasPart.settings.map(({ name }) => name).sort());
  expect(
    Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description])),
  ).toEqual(liveAliasPart.outputs);
});

test("events that come asynchronously are Lambda's own affair: the caller's are not dropped as heartbeats are", () => {
  expect(Object.keys(stack.resource)).toEqual(["aws_lambda_alias", "aws_lambda_provisioned_concurrency_config"]);
});
