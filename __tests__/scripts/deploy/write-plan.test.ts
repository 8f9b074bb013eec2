import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { leavePlan, ownPlanFile, showPlan, writePlan, otherAccount } from "../../../scripts/deploy/write-plan";
import { SILENT } from "../../../scripts/kit/context";
import type { PlanInput, Terraform } from "../../../scripts/kit/terraform";
import { temporaryFolder } from "../../support/temporary-folder";

describe("write plan", () => {
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
    expect(notes).toEqual([
      expect.stringMatching(/^AWS has the worker function as configured, and no version of it: /),
    ]);
  });

  test.each([
    ["nothing is unpublished", {}, {}],
    ["the plan is made without a look at AWS anyway", DRIFTED, { refresh: false }],
  ])("one plan suffices where %s", async (_, found, input) => {
    const { write, inputs, notes } = planning(found);
    await write(input);
    expect([inputs.length, notes.length]).toEqual([1, 0]);
  });

  test("while a plan is made and read nobody else meets its file; what is left for others is whole", async () => {
    const directory = temporaryFolder("plan");
    const left = join(directory, "quickturn.tfplan");
    writeFileSync(left, "another's");
    const terraform = {
      directory,
      plan: async (file: string) => (writeFileSync(join(directory, file), "mine"), true),
      show: async (file: string) => ({ read: readFileSync(join(directory, file), "utf8") }),
    } as unknown as Terraform;
    expect(await showPlan(terraform, {}, SILENT)).toEqual({ changed: true, shown: { read: "mine" } });
    expect(readFileSync(left, "utf8")).toBe("another's");
    leavePlan(terraform);
    expect(readFileSync(left, "utf8")).toBe("mine");
    expect(existsSync(join(directory, ownPlanFile(terraform)))).toBe(false);
  });
});

describe("other account", () => {
  const plan = (account: string, url: unknown) => ({
    prior_state: {
      values: {
        root_module: {
          resources: [
            { mode: "managed", type: "aws_sqs_queue", values: {} },
            { mode: "data", type: "aws_caller_identity", values: { account_id: account } },
          ],
        },
      },
    },
    output_changes: { work_queue_url: { actions: ["update"], before: url } },
  });
  const URL = "https://sqs.us-east-1.amazonaws.com/123456789012/quickturn-dev-work";

  test("another account than the state's is named with it", () =>
    expect(otherAccount(plan("210987654321", URL))).toEqual({ asked: "210987654321", applied: "123456789012" }));

  test.each([
    ["the same one", plan("123456789012", URL)],
    ["nothing applied", plan("123456789012", null)],
    ["another stack", {}],
  ])("%s is no other", (_, shown) => expect(otherAccount(shown)).toBeUndefined());
});
