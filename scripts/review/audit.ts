import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";
import { audit as judge, type AuditInput, type AuditReport, auditText } from "./audit-report";
import type { StackSources } from "./plan-json";
import { RULES } from "./rules";
import { readSuppressions, type Suppression } from "./suppression";
import { gitLabSast, auditSarif } from "./sarif";
import { writeReport } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { withLive, type GivenBefore } from "../deploy/live-input";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { deploymentFolder, type Whose } from "../kit/deployment-folder";
import { readJson } from "../kit/given-state";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";
import { refuseOtherInput, refuseValues } from "../deploy/plan";
import { showPlan } from "../deploy/write-plan";

export interface AuditOptions extends PlanInput, StackOptions, GivenBefore {
  /** Absolute path of a saved plan. Default: it is planned now. */
  readonly plan?: string;
  /** Path of what `terraform show -json` printed of a plan; asks nobody. */
  readonly planJson?: string;
  /** Path of the user's suppressions. Default: audit.json in the project, where it is there. */
  readonly suppressions?: string;
  /** Path of a SARIF file to write. Default: none. */
  readonly sarif?: string;
  /** Path of a GitLab SAST report to write. */
  readonly gitlabSast?: string;
  /** Whether every row is shown. Default: what passes is counted. */
  readonly all?: boolean;
}

/** Name of the user's suppressions, in the project. */
const SUPPRESSIONS_FILE = "audit.json";

/** Where a stack's resources are written down. */
const SOURCES: Readonly<Record<StackName, string>> = {
  "agent-api": "stacks/agent-api-stack.ts",
  state: "stacks/state-stack.ts",
  "pipeline-access": "stacks/pipeline-access-stack.ts",
};

/**
 * Asks of a plan whether what it makes is safe. Exit code: 0 nothing fails, 1 something does or a suppression has
 * expired, 2 where nothing was found out. Nothing is changed. @throws UsageError where what was given cannot be used
 * @param today as YYYY-MM-DD, in UTC. Default: the day it is
 */
export async function audit(
  context: CommandContext,
  options: AuditOptions,
  today = new Date().toISOString().slice(0, 10),
): Promise<CommandResult> {
  try {
    const input = { today, suppressions: ownSuppressions(context, options.suppressions) };
    const { plan, sources } = await audited(context, options);
    return result(context, options, judged(plan, { ...input, sources }));
  } catch (error) {
    // An interrupt is no finding, and neither is what was given.
    if (context.signal.aborted || error instanceof UsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return {
      exitCode: EXIT_CODES.error,
      text: `quickturn audit: error\n${message}`,
      json: { error: { kind: "failed", message, exitCode: EXIT_CODES.error } },
    };
  }
}

/** The user's suppressions. Throws {@link UsageError} where the file cannot be read. */
export function ownSuppressions(context: Whose, given?: string): Suppression[] {
  const path = given ?? join(deploymentFolder(context), SUPPRESSIONS_FILE);
  if (given === undefined && !existsSync(path)) return [];
  try {
    return readSuppressions(readJson(path, "file of suppressions"), given ?? SUPPRESSIONS_FILE, RULES);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** What a synthesized stack says beside its plan. */
export function stackSources(directory: string): StackSources {
  return JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as StackSources;
}

interface Audited {
  readonly plan: unknown;
  readonly sources?: StackSources | undefined;
}

async function audited(
  context: CommandContext,
  { plan, planJson, suppressions: _, sarif: __, gitlabSast: ____, all: ___, ...input }: AuditOptions,
): Promise<Audited> {
  if (plan !== undefined && planJson !== undefined)
    throw new UsageError("--plan and --plan-json were both given; allowed: one of them.");
  if (planJson !== undefined) {
    refuseValues("--plan-json", input);
    return { plan: readJson(planJson, "plan") };
  }
  if (plan !== undefined) refuseOtherInput(plan, input);
  const terraform = await prepareTerraform(context, input);
  return {
    plan: plan === undefined ? await planned(context, terraform, input) : await terraform.show(plan),
    sources: stackSources(terraform.directory),
  };
}

async function planned(
  context: CommandContext,
  terraform: Terraform,
  input: PlanInput & StackOptions,
): Promise<unknown> {
  const live = await withLive(context, terraform, input);
  return (await showPlan(terraform, { ...live.input, lock: false }, context.progress)).shown;
}

function judged(plan: unknown, input: AuditInput): AuditReport {
  try {
    return judge(plan, input);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function result(
  { projectDirectory, environment }: CommandContext,
  { sarif, gitlabSast, stack = "agent-api", all = false }: AuditOptions,
  report: AuditReport,
): CommandResult {
  const { version } = readJson(join(projectDirectory, "package.json"), "package") as { version: string };
  const input = { rules: RULES, version, source: SOURCES[stack] };
  if (sarif !== undefined) writeReport(sarif, auditSarif(report, input));
  if (gitlabSast !== undefined)
    writeReport(
      gitlabSast,
      gitLabSast(report, {
        ...input,
        ...(environment["CI_JOB_STARTED_AT"] && { startedAt: environment["CI_JOB_STARTED_AT"] }),
      }),
    );
  return { exitCode: report.good ? EXIT_CODES.pass : EXIT_CODES.fail, text: auditText(report, all), json: report };
}
