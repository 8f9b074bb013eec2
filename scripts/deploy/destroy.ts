import { rmSync } from "node:fs";
import { relative } from "node:path";
import { countChanges } from "../kit/plan-changes";
import { stateResources, type StateResource } from "../kit/state";
import type { Terraform } from "../kit/terraform";
import { applyUnchecked } from "./apply-plan";
import { resolveInput } from "./live-input";
import type { Outputs } from "./live-file";
import { EXIT_CODES, UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deploymentFolder, liveFilePath } from "../kit/deployment-folder";
import { makePlan } from "./plan";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";

export interface DestroyOptions extends Pick<StackOptions, "lockTimeout"> {
  /** The deployment's name, such as `quickturn-dev`, given instead of an answer. Default: the person is asked. */
  readonly confirm?: string;
  /** Leave tables and results bucket in the account. */
  readonly keepData: boolean;
  /** Asks the person for a text; undefined where there is no terminal to ask at. */
  readonly ask?: (question: string) => Promise<string>;
}

/** What is lost for good, by resource type. */
const DATA: Readonly<Record<string, string>> = {
  aws_dynamodb_table: "requests, answers and conversations",
  aws_s3_bucket: "large answers",
  aws_sqs_queue: "requests that wait",
  aws_cloudwatch_log_group: "logs",
  aws_api_gateway_api_key: "callers' keys",
};

/** Types that --keep-data leaves: the tables, and the bucket with everything that configures it. */
const isKept = (type: string): boolean => type === "aws_dynamodb_table" || type.startsWith("aws_s3_bucket");

/** Turns off the guard of the tables, and that of the bucket's content. */
const GUARDS_OFF = "deletion_protection=false";

/** Takes the deployment down, with its guards in the right order. The same command continues after an interrupt. */
export async function destroy(context: CommandContext, options: DestroyOptions): Promise<CommandResult> {
  const { confirm, ask, keepData } = options;
  if (confirm === undefined && ask === undefined)
    throw new UsageError(
      "There is no terminal to ask at. Look at `quickturn plan`, " +
        "then run `quickturn destroy --confirm <name>-<environment>`.",
    );
  const { progress } = context;
  // Terraform takes no expression for prevent_destroy, so this run's stack leaves it out. The next synth restores it.
  const unguarded = { ...context, environment: { ...context.environment, QUICKTURN_PREVENT_DESTROY: "false" } };
  const terraform = await prepareTerraform(unguarded, options, "restore");
  const resources = stateResources(await terraform.show());
  if (resources.length === 0)
    return { exitCode: EXIT_CODES.pass, text: "Nothing is deployed.", json: { destroyed: [], kept: [] } };
  const outputs = await terraform.output();
  const name = deploymentName(outputs, resources);
  progress.note(describeLoss(name, resources, keepData));
  const answer = confirm ?? (await ask?.(`Type ${name} to take it down:`));
  if (answer !== name)
    return {
      exitCode: EXIT_CODES.fail,
      text: `The deployment is ${name}, and ${JSON.stringify(answer)} was given. Nothing was destroyed.`,
      json: { destroyed: [], kept: [] },
    };
  const { input: resolved } = await resolveInput(context, terraform, {});
  const input = { ...resolved, vars: [...(resolved.vars ?? []), GUARDS_OFF] };
  const data = resources.filter(({ type }) => isKept(type)).map(({ address }) => address);
  const others = resources.filter(({ type }) => !isKept(type)).map(({ address }) => address);
  if (!keepData && data.length > 0)
    await progress.step(
      "Take the guards off the data",
      async () => void (await terraform.apply({ ...input, targets: data })),
    );
  const targets = keepData && others.length > 0 ? { targets: others } : {};
  const made = await makePlan(terraform, { ...input, destroy: true, ...targets }, { progress });
  await applyUnchecked(terraform, made, { progress });
  if (keepData && data.length > 0) await terraform.forget(data);
  rmSync(liveFilePath(context), { force: true });
  return describeEnd(context, terraform, {
    name,
    counted: countChanges(made.changes),
    destroyed: made.changes.map(({ address }) => address),
    kept: keepData ? data : [],
    outputs,
  });
}

interface Destroyed {
  readonly name: string;
  readonly counted: string;
  /** Addresses. */
  readonly destroyed: readonly string[];
  /** Addresses. */
  readonly kept: readonly string[];
  readonly outputs: Outputs;
}

async function describeEnd(
  context: CommandContext,
  terraform: Terraform,
  { name, counted, destroyed, kept, outputs }: Destroyed,
): Promise<CommandResult> {
  const left = stateResources(await terraform.show()).map(({ address }) => address);
  const { rest_api_id: api, stage_name: stage } = outputs;
  const folder = relative(deploymentFolder(context), terraform.directory);
  const lines = [
    left.length === 0
      ? `${name} is taken down: ${counted}.`
      : `Not all of ${name} is gone: ${left.join(", ")}. The same command goes on.`,
    ...(kept.length === 0
      ? []
      : [
          `Kept, and known to no state: ${kept.join(", ")}. ` +
            "quickturn apply --adopt takes them into a deployment of the same name again.",
        ]),
    ...(typeof api === "string"
      ? [
          "API Gateway may have made a log group of its own, which no state knows: aws logs delete-log-group " +
            `--log-group-name API-Gateway-Execution-Logs_${api}/${String(stage)}`,
        ]
      : []),
    `The environment's file stays where you have one; ${folder} may be deleted.`,
  ];
  const exitCode = left.length === 0 ? EXIT_CODES.pass : EXIT_CODES.fail;
  return { exitCode, text: lines.join("\n"), json: { destroyed, kept, left } };
}

/** The deployment's name, from the tags of what is left where a destroyed state has no outputs. */
function deploymentName(outputs: Outputs, resources: readonly StateResource[]): string {
  const output = outputs["deployment_name"];
  if (typeof output === "string") return output;
  const tagged = resources.find(({ values }) => values["tags_all"]);
  if (tagged === undefined) return "quickturn-dev";
  const tags = tagged.values["tags_all"] as Readonly<Record<string, string>>;
  return `${tags["quickturn:name"]}-${tags["quickturn:environment"]}`;
}

function describeLoss(name: string, resources: readonly StateResource[], keepData: boolean): string {
  const lines = Object.entries(DATA).flatMap(([type, what]) => {
    const lost = keepData && isKept(type) ? [] : resources.filter((resource) => resource.type === type);
    const names = lost.map(({ address, values }) => String(values["name"] ?? values["bucket"] ?? address));
    return names.length === 0 ? [] : [`  ${what}: ${names.join(", ")}`];
  });
  const kept = keepData ? "\nTables and results bucket stay." : "";
  return `All ${resources.length} resources of ${name} go. Lost for good with them:\n${lines.join("\n")}${kept}`;
}
