import { liveAliasPart } from "../../../stacks/settings/parts";
import { goldenPart, partStack } from "../../support/part-stacks";
import { resource } from "../../support/stack-json";

const stack = partStack("live-alias");

test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest live-alias-stack", () => {
  expect(stack).toEqual(goldenPart("live-alias", stack));
});

test("its variables are the part's settings, its outputs the part's", () => {
  expect(Object.keys(stack.variable).sort()).toEqual(liveAliasPart.settings.map(({ name }) => name).sort());
  expect(Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description]))).toEqual(liveAliasPart.outputs);
});

test("the function and its version must be given, and neither can be null", () => {
  for (const name of ["function_name", "newest_version"]) {
    expect(stack.variable[name]).not.toHaveProperty("default");
    expect(stack.variable[name]).toMatchObject({ nullable: false });
  }
});

test("events that come asynchronously are Lambda's own affair: the caller's are not dropped as heartbeats are", () => {
  expect(Object.keys(stack.resource)).toEqual(["aws_lambda_alias", "aws_lambda_provisioned_concurrency_config"]);
});

test("the alias takes the pinned version, else the newest, and sends the newest its share while a weight is set", () => {
  expect(resource(stack, "aws_lambda_alias.live_alias")).toMatchObject({
    function_version: "${coalesce(var.live_version, var.newest_version)}",
    dynamic: { routing_config: { for_each: "${var.canary_weight > 0 ? [true] : []}", content: { additional_version_weights: "${{ (var.newest_version) = var.canary_weight }}" } } },
  });
});
