import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explainStalePlan, leavePlan, ownPlanFile, showPlan, writePlan } from "../../../scripts/deploy/plan";
import { SILENT } from "../../../scripts/kit/context";
import type { PlanInput, Terraform } from "../../../scripts/kit/terraform";
import { TerraformFailed } from "../../../scripts/kit/terraform-messages";
import { temporaryFolder } from "../../support/temporary-folder";

describe("a plan", () => {
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
      write: (input: PlanInput) =>
        writePlan(terraform, input, {
          file: "x.tfplan",
          progress: { ...SILENT, note: (text) => void notes.push(text) },
        }),
    };
  }

  test("a change that a killed run did not publish is planned without a refresh, with a note", async () => {
    const { write, inputs, notes } = planning(DRIFTED);
    expect(await write({ vars: ["memory_size=2048"] })).toEqual({ changed: true, shown: { as: "remembered" } });
    expect(inputs).toEqual([{ vars: ["memory_size=2048"] }, { vars: ["memory_size=2048"], refresh: false }]);
    expect(notes).toEqual([
      expect.stringMatching(/^AWS has the worker function as configured, and no version of it: /),
    ]);
  });

  test.each([
    ["nothing is unpublished", {}, {}],
    ["the plan is made without a refresh anyway", DRIFTED, { refresh: false }],
  ])("one plan suffices where %s", async (_, found, input) => {
    const { write, inputs, notes } = planning(found);
    await write(input);
    expect([inputs.length, notes.length]).toEqual([1, 0]);
  });

  test("a plan is made in a file of its own, and left for others as a complete file", async () => {
    const directory = temporaryFolder("plan");
    const left = join(directory, "quickturn.tfplan");
    writeFileSync(left, "another's");
    const terraform = {
      directory,
      plan: async (file: string) => (writeFileSync(join(directory, file), "mine"), true),
      show: async (file: string) => ({ read: readFileSync(join(directory, file), "utf8") }),
    } as unknown as Terraform;
    expect(await showPlan(terraform, {}, { progress: SILENT })).toEqual({ changed: true, shown: { read: "mine" } });
    expect(readFileSync(left, "utf8")).toBe("another's");
    leavePlan(terraform);
    expect(readFileSync(left, "utf8")).toBe("mine");
    expect(existsSync(join(directory, ownPlanFile(terraform)))).toBe(false);
  });
});

describe("the account", () => {
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

  const write = (shown: object) => {
    const terraform = { plan: async () => true, show: async () => shown } as unknown as Terraform;
    return writePlan(terraform, {}, { file: "x.tfplan", progress: SILENT });
  };

  test("credentials of another account than the state's are refused", () =>
    expect(write(plan("210987654321", URL))).rejects.toThrow(
      "The credentials are of account 210987654321, and what this state holds is in 123456789012",
    ));

  test.each([
    ["the account is the same", plan("123456789012", URL)],
    ["nothing is applied", plan("123456789012", null)],
    ["it is another stack", {}],
  ])("the plan is made where %s", async (_, shown) => expect(await write(shown)).toEqual({ changed: true, shown }));
});

test("only terraform's own refusal of a stale plan is explained", () => {
  const failed = (summary: string) => new TerraformFailed([{ summary, detail: "" }], {});
  expect(explainStalePlan("a.tfplan", failed("Saved plan is stale"))).toMatchObject({
    message: expect.stringContaining("The plan a.tfplan is stale") as unknown,
  });
  const other = failed("AccessDenied");
  expect(explainStalePlan("a.tfplan", other)).toBe(other);
});
