import { writePlan } from "../../../scripts/commands/write-plan";
import type { PlanInput, Terraform } from "../../../scripts/tools/terraform";

const DRIFTED = {
  resource_drift: [
    {
      address: "aws_lambda_function.worker_function",
      type: "aws_lambda_function",
      mode: "managed",
      change: { actions: ["update"], before: { memory_size: 1024 }, after: { memory_size: 2048 } },
    },
  ],
};

/** A terraform whose plan finds this where it looks at AWS. */
function planning(found: object) {
  const inputs: PlanInput[] = [];
  const notes: string[] = [];
  const terraform = {
    plan: async (_file: string, input: PlanInput) => (inputs.push(input), input.refresh === false),
    show: async () => (inputs.at(-1)?.refresh === false ? { as: "remembered" } : found),
  } as unknown as Terraform;
  return {
    inputs,
    notes,
    write: (input: PlanInput) => writePlan(terraform, "x.tfplan", input, (text) => void notes.push(text)),
  };
}

test("a change that a killed run did not publish is planned as the state remembers it, and a person is told", async () => {
  const { write, inputs, notes } = planning(DRIFTED);
  expect(await write({ vars: ["memory_size=2048"] })).toEqual({ changed: true, shown: { as: "remembered" } });
  expect(inputs).toEqual([{ vars: ["memory_size=2048"] }, { vars: ["memory_size=2048"], refresh: false }]);
  expect(notes).toEqual([expect.stringMatching(/^AWS has the worker function as configured, and no version of it: /)]);
});

test.each([
  ["nothing is unpublished", {}, {}],
  ["the plan is made without a look at AWS anyway", DRIFTED, { refresh: false }],
])("one plan suffices where %s", async (_, found, input) => {
  const { write, inputs, notes } = planning(found);
  await write(input);
  expect([inputs.length, notes.length]).toEqual([1, 0]);
});
