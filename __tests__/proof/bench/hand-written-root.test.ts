import { join } from "node:path";
import { handWrittenText, writeHandWrittenRoot } from "../../../bench/apply";
import { planChanges } from "../../../scripts/kit/plan-changes";
import { Terraform } from "../../../scripts/kit/terraform";
import { EmulatedStack } from "../../support/emulated-stack";
import { unexplained } from "../../support/emulator-drift";

let stack: EmulatedStack;
beforeAll(async () => {
  stack = await EmulatedStack.applied();
});
afterAll(() => stack?.stop());

test("the applied stack is what HCL of the same resources is, with literals and references: terraform finds nothing to change where that takes the state over", async () => {
  const directory = join(stack.folder, "hand-written");
  const text = handWrittenText(stack.directory, await stack.terraform.show());
  expect(text).not.toMatch(
    /= [^"\n]*\b(var|local|data)\.|^\s*(count|for_each) =|^\s*(validation|precondition|postcondition) \{/m,
  );
  writeHandWrittenRoot(stack.directory, text, directory);
  const terraform = new Terraform({ directory, env: stack.environment });
  await terraform.init();
  await terraform.plan("hand-written.tfplan", { refresh: false });
  expect(unexplained(planChanges(await terraform.show("hand-written.tfplan")))).toEqual([]);
});
