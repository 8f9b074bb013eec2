import { join } from "node:path";
import { existsSync, writeFileSync } from "node:fs";
import { ApplyInterrupted, applyUnchecked, describeOutputs } from "../../../scripts/deploy/apply-plan";
import { ownPlanFile } from "../../../scripts/deploy/plan";
import { SILENT, type Progress } from "../../../scripts/kit/context";
import { Interrupted } from "../../../scripts/kit/process";
import type { StateLock } from "../../../scripts/kit/state-lock";
import { Terraform } from "../../../scripts/kit/terraform";
import { temporaryFolder } from "../../support/temporary-folder";
import { until } from "../../support/until";

const MADE = { changed: true, changes: [], publishes: [] } as const;

/** Real terraform with its built-in resource: `slow` runs until it is interrupted, and `last` waits for it. */
async function planned(resources: Readonly<Record<string, object>>, signal?: AbortSignal): Promise<Terraform> {
  const directory = temporaryFolder("apply");
  writeFileSync(
    join(directory, "main.tf.json"),
    JSON.stringify({ resource: { terraform_data: resources }, output: { said: { value: "here" } } }),
  );
  const terraform = new Terraform({
    directory,
    env: { PATH: process.env["PATH"], CHECKPOINT_DISABLE: "1" },
    ...(signal && { signal }),
  });
  await terraform.init();
  await terraform.plan(ownPlanFile(terraform));
  return terraform;
}

/** A progress that hands on what the apply's line says. */
const reporting = (report: (text: string) => void): { progress: Progress } => ({
  progress: { ...SILENT, step: (_title, work) => work(report) },
});

test("an apply ends with the number of its changes", async () => {
  const said: string[] = [];
  const { exitCode, text } = await applyUnchecked(
    await planned({ a: {}, b: {} }),
    MADE,
    reporting((line) => void said.push(line)),
  );
  expect({ exitCode, text }).toEqual({ exitCode: 0, text: "2 added, 0 changed, 0 destroyed.\nsaid  here" });
  expect(said.at(-1)).toBe("2 of 2");
});

test("an interrupted apply waits for terraform, and says what is done, what was cut short, what to do", async () => {
  const controller = new AbortController();
  const terraform = await planned(
    {
      quick: {},
      slow: {
        provisioner: [{ "local-exec": { command: "touch making-it; exec sleep 1000" } }],
        depends_on: ["terraform_data.quick"],
      },
      last: { depends_on: ["terraform_data.slow"] },
    },
    controller.signal,
  );
  const said: string[] = [];
  const applying = applyUnchecked(
    terraform,
    MADE,
    reporting((line) => void said.push(line)),
  );
  // Terraform says that it begins before it does; what is interrupted in between is never made.
  await until("terraform makes the slow one", () => existsSync(join(terraform.directory, "making-it")));
  await until("terraform's words have arrived", () => said.includes("1 of 3, terraform_data.slow"));
  controller.abort(new Interrupted("SIGINT"));
  const error = await applying.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApplyInterrupted);
  expect((error as Error).message).toBe(
    "Interrupted.\n1 of 3 done: created terraform_data.quick.\n" +
      "Cut short, and perhaps done in AWS all the same: create terraform_data.slow. Where a later run says that " +
      "something is there already: quickturn apply --adopt takes it over.\n" +
      "Not begun: 1.\nWhat is left: run the same command again.",
  );
  // Terraform has ended by itself: what it made stands in its state.
  const state = (await new Terraform({
    directory: terraform.directory,
    env: { PATH: process.env["PATH"] },
  }).show()) as { values: { root_module: { resources: { address: string }[] } } };
  expect(state.values.root_module.resources.map(({ address }) => address)).toEqual([
    "terraform_data.quick",
    "terraform_data.slow",
  ]);
});

describe("what an interrupt leaves behind", () => {
  const lock: StateLock = {
    id: "0a1b",
    path: "b/agent-api.tfstate",
    operation: "OperationTypeApply",
    who: "me@here",
    created: "now",
  };
  const done = {
    total: 2,
    done: [
      { address: "t.a", action: "update" },
      { address: "t.b", action: "delete" },
    ],
    running: [],
    failed: [],
  } as const;

  test("a lock that stays is named with the command that frees it, after the command's own advice", () => {
    const { message, by } = new ApplyInterrupted(new Interrupted("SIGTERM"), {
      reached: done,
      lock,
      advice: "x",
    }).withAdvice("Go on: quickturn canary --resume.");
    expect({ message, by }).toEqual({
      by: "SIGTERM",
      message:
        "Asked to end (SIGTERM).\n2 of 2 done: changed t.a; destroyed t.b.\nGo on: quickturn canary --resume.\n" +
        "Terraform was stopped before it could free the state's lock. Once it is sure that no run of it is " +
        "alive: quickturn unlock 0a1b",
    });
  });

  test("nothing was applied before the first operation", () => {
    expect(
      new ApplyInterrupted(new Interrupted("SIGHUP"), {
        reached: { ...done, done: [] },
        lock: undefined,
        advice: "Again.",
      }).message,
    ).toBe("The terminal was closed (SIGHUP).\nNothing was applied.\nAgain.");
  });
});

test("the outputs of an API are the live versions, the profile, the address, and the next command", () => {
  const outputs = {
    live_version: "4",
    api_live_version: "2",
    settings: { profile: "optimized" },
    api_endpoint: "https://there",
  };
  expect(describeOutputs(outputs)).toBe(
    "Live: version 4 of the worker, version 2 of the front door, profile optimized.\napi_endpoint  https://there\n" +
      "Next: quickturn verify --smoke",
  );
});
