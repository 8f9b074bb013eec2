import { rmSync } from "node:fs";
import { relative } from "node:path";
import { countChanges } from "../kit/plan-changes";
import { stateResources } from "../kit/state";
import type { Terraform } from "../kit/terraform";
import { applyMade } from "./apply-plan";
import { withLive } from "./live-input";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deploymentFolder, liveFilePath } from "../kit/deployment-folder";
import { makePlan } from "./plan";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";

export interface DestroyOptions extends Pick<StackOptions, "lockTimeout"> {
  /** The deployment's name, such as `quickturn-dev`, as who takes it down gives it instead of an answer. */
  readonly confirm?: string;
  /** Leave tables and results bucket in the account. */
  readonly keepData: boolean;
  /** Asks the person for a text; undefined where there is no terminal to ask at. */
  readonly ask?: (question: string) => Promise<string>;
}

/** What is gone for good with it, by resource type. */
const DATA: Readonly<Record<string, string>> = {
  aws_dynamodb_table: "requests, answers and conversations",
  aws_s3_bucket: "large answers",
  aws_sqs_queue: "requests that wait",
  aws_cloudwatch_log_group: "logs",
  aws_api_gateway_api_key: "callers' keys",
};

/** Types of the resources that --keep-data leaves: the tables, and the bucket with all that configures it. */
const isKept = (type: string): boolean => type === "aws_dynamodb_table" || type.startsWith("aws_s3_bucket");

/** DynamoDB's own guard, and that of the bucket's content. */
const GUARDS_OFF = "deletion_protection=false";

/** Takes the deployment down, with its guards in the right order. Whatever interrupted it: the same command goes on. */
export async function destroy(context: CommandContext, options: DestroyOptions): Promise<CommandResult> {
  if (options.confirm === undefined && options.ask === undefined)
    throw new UsageError(
      "There is no terminal to ask at. Look at `quickturn plan`, then run `quickturn destroy --confirm <name>-<environment>`.",
    );
  const { progress } = context;
  // Terraform takes no expression for its own guard: it is left out of this run's stack, and written again by the next
  // synth.
  const unguarded = { ...context, environment: { ...context.environment, QUICKTURN_PREVENT_DESTROY: "false" } };
  const terraform = await prepareTerraform(unguarded, options, "restore");
  const there = stateResources(await terraform.show());
  if (there.length === 0) return { exitCode: 0, text: "Nothing is deployed.", json: { destroyed: [], kept: [] } };
  const outputs = await terraform.output();
  const name = deploymentName(outputs, there);
  progress.note(whatGoes(name, there, options.keepData));
  const answer = options.confirm ?? (await options.ask?.(`Type ${name} to take it down:`));
  if (answer !== name)
    return {
      exitCode: 1,
      text: `The deployment is ${name}, and ${JSON.stringify(answer)} was given. Nothing was destroyed.`,
      json: { destroyed: [], kept: [] },
    };
  const live = await withLive(context, terraform, {});
  const input = { ...live.input, vars: [...(live.input.vars ?? []), GUARDS_OFF] };
  const data = there.filter(({ type }) => isKept(type)).map(({ address }) => address);
  if (!options.keepData && data.length > 0)
    await progress.step(
      "Take the guards off the data",
      async () => void (await terraform.apply({ ...input, targets: data })),
    );
  const targets = options.keepData
    ? there.filter(({ type, address }) => !isKept(type) && !address.startsWith("data.")).map(({ address }) => address)
    : [];
  const made = await makePlan(terraform, { ...input, destroy: true, ...(targets.length > 0 && { targets }) }, progress);
  await applyMade(terraform, made, progress);
  if (options.keepData && data.length > 0) await terraform.forget(data);
  rmSync(liveFilePath(context), { force: true });
  return ended(context, terraform, {
    name,
    counted: countChanges(made.changes),
    destroyed: made.changes.map(({ address }) => address),
    kept: options.keepData ? data : [],
    outputs,
  });
}

interface Destroyed {
  readonly name: string;
  readonly counted: string;
  readonly destroyed: readonly string[];
  readonly kept: readonly string[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

async function ended(
  context: CommandContext,
  terraform: Terraform,
  { name, counted, destroyed, kept, outputs }: Destroyed,
): Promise<CommandResult> {
  const left = stateResources(await terraform.show()).map(({ address }) => address);
  const logs =
    typeof outputs["rest_api_id"] === "string"
      ? [
          `API Gateway may have made a log group of its own, which no state knows: aws logs delete-log-group --log-group-name API-Gateway-Execution-Logs_${outputs["rest_api_id"]}/${String(outputs["stage_name"])}`,
        ]
      : [];
  const lines = [
    left.length === 0
      ? `${name} is taken down: ${counted}.`
      : `Not all of ${name} is gone: ${left.join(", ")}. The same command goes on.`,
    ...(kept.length === 0
      ? []
      : [
          `Kept, and known to no state: ${kept.join(", ")}. quickturn apply --adopt takes them into a deployment of the same name again.`,
        ]),
    ...logs,
    `The environment's file stays where you have one; ${relative(deploymentFolder(context), terraform.directory)} may be deleted.`,
  ];
  return { exitCode: left.length === 0 ? 0 : 1, text: lines.join("\n"), json: { destroyed, kept, left } };
}

/** A state that is half gone may have no outputs any more: the tags of what is left say it too. */
function deploymentName(outputs: Readonly<Record<string, unknown>>, there: ReturnType<typeof stateResources>): string {
  const output = outputs["deployment_name"];
  if (typeof output === "string") return output;
  const [tags] = there.flatMap(({ values }) =>
    values["tags_all"] ? [values["tags_all"] as Readonly<Record<string, string>>] : [],
  );
  return tags === undefined ? "quickturn-dev" : `${tags["quickturn:name"]}-${tags["quickturn:environment"]}`;
}

function whatGoes(name: string, there: ReturnType<typeof stateResources>, keepData: boolean): string {
  const lines = Object.entries(DATA).flatMap(([type, what]) => {
    const found = there.filter((each) => each.type === type && !(keepData && isKept(type)));
    return found.length === 0
      ? []
      : [
          `  ${what}: ${found.map(({ address, values }) => String(values["name"] ?? values["bucket"] ?? address)).join(", ")}`,
        ];
  });
  const stays = keepData ? "\nTables and results bucket stay." : "";
  return `Of ${name} all ${there.length} resources go. Gone for good with it:\n${lines.join("\n")}${stays}`;
}
