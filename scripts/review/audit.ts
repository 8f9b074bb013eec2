import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveInput, type GivenBefore } from "../deploy/live-input";
import { refuseOtherInput, refuseValues, showPlan } from "../deploy/plan";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { deploymentFolder, type Whose } from "../kit/deployment-folder";
import { readJson, writeReport } from "../kit/files";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";
import type { PlanInput } from "../kit/terraform";
import { audit as judgePlan, type AuditReport, formatAudit } from "./audit-report";
import type { StackSources } from "./plan-json";
import { RULES } from "./rules";
import { formatGitLabSast, formatSarif } from "./sarif";
import { readSuppressions, type Suppression } from "./suppressions";

export interface AuditOptions extends PlanInput, StackOptions, GivenBefore {
  /** Absolute path of a saved plan. Default: a plan is made now. */
  readonly plan?: string;
  /** Path of what `terraform show -json` printed of a plan; it is audited without terraform. */
  readonly planJson?: string;
  /** Path of the user's suppressions. Default: audit.json in the project, if it exists. */
  readonly suppressions?: string;
  /** Path of a SARIF file to write. Default: none. */
  readonly sarif?: string;
  /** Path of a GitLab SAST report to write. Default: none. */
  readonly gitlabSast?: string;
  /** Whether every row is shown. Default: passes are only counted. */
  readonly all?: boolean;
}

/** Name of the user's suppressions, in the project. */
const SUPPRESSIONS_FILE = "audit.json";

/**
 * Judges whether what a plan makes is safe; changes nothing. Exit code: 0 nothing fails, 1 something fails or a
 * suppression has expired, 2 the plan could not be judged.
 * @param today YYYY-MM-DD, in UTC. Default: the current day
 * @throws UsageError where an option cannot be used
 */
export async function audit(
  context: CommandContext,
  options: AuditOptions,
  today = new Date().toISOString().slice(0, 10),
): Promise<CommandResult> {
  try {
    const suppressions = readOwnSuppressions(context, options.suppressions);
    const { plan, sources } = await readPlan(context, options);
    const report = judgePlan(plan, { today, suppressions, sources });
    writeScans(context, options, report);
    return {
      exitCode: report.good ? EXIT_CODES.pass : EXIT_CODES.fail,
      text: formatAudit(report, options.all),
      json: report,
    };
  } catch (error) {
    // Neither an interrupt nor a wrong option says anything of the plan.
    if (context.signal.aborted || error instanceof UsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return {
      exitCode: EXIT_CODES.error,
      text: `quickturn audit: error\n${message}`,
      json: { error: { kind: "failed", message, exitCode: EXIT_CODES.error } },
    };
  }
}

/** Reads the user's suppressions. Throws {@link UsageError} where the file cannot be read. */
export function readOwnSuppressions(context: Whose, given?: string): Suppression[] {
  const path = given ?? join(deploymentFolder(context), SUPPRESSIONS_FILE);
  if (given === undefined && !existsSync(path)) return [];
  return readSuppressions(readJson(path, "file of suppressions"), given ?? SUPPRESSIONS_FILE, RULES);
}

/** Reads the synthesized stack in a folder. */
export function readSources(directory: string): StackSources {
  return JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as StackSources;
}

async function readPlan(
  context: CommandContext,
  { plan, planJson, suppressions: _, sarif: __, gitlabSast: ___, all: ____, ...input }: AuditOptions,
): Promise<{ readonly plan: unknown; readonly sources?: StackSources }> {
  if (plan !== undefined && planJson !== undefined)
    throw new UsageError("--plan and --plan-json were both given; allowed: one of them.");
  if (planJson !== undefined) {
    refuseValues("--plan-json", input);
    return { plan: readJson(planJson, "plan") };
  }
  if (plan !== undefined) refuseOtherInput(plan, input);
  const terraform = await prepareTerraform(context, input);
  const sources = readSources(terraform.directory);
  if (plan !== undefined) return { plan: await terraform.show(plan), sources };
  const live = await resolveInput(context, terraform, input);
  const { shown } = await showPlan(terraform, { ...live.input, lock: false }, context);
  return { plan: shown, sources };
}

/** Writes the reports that code scanning reads, where they are asked for. */
function writeScans(
  { projectDirectory, environment }: CommandContext,
  { sarif, gitlabSast, stack = "agent-api" }: AuditOptions,
  report: AuditReport,
): void {
  const { version } = readJson(join(projectDirectory, "package.json"), "package") as { version: string };
  const input = { rules: RULES, version, source: `stacks/${stack}-stack.ts` };
  const { CI_JOB_STARTED_AT: startedAt } = environment;
  if (sarif !== undefined) writeReport(sarif, formatSarif(report, input));
  if (gitlabSast !== undefined)
    writeReport(gitlabSast, formatGitLabSast(report, { ...input, ...(startedAt && { startedAt }) }));
}
