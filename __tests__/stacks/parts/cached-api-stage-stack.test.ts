import { cachedApiStagePart } from "../../../stacks/settings/parts";
import { goldenPart, partStack } from "../../support/part-stacks";

const stack = partStack("cached-api-stage");

test("the stack is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest cached-api-stage-stack", () => {
  expect(stack).toEqual(goldenPart("cached-api-stage", stack));
});

test("its variables are the part's settings, its outputs the part's", () => {
  expect(Object.keys(stack.variable).sort()).toEqual(cachedApiStagePart.settings.map(({ name }) => name).sort());
  expect(
    Object.fromEntries(Object.entries(stack.output).map(([name, { description }]) => [name, description])),
  ).toEqual(cachedApiStagePart.outputs);
});
