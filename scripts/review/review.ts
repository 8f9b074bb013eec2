import { planCost } from "../cost/comparison";
import { DEFAULT_USAGE } from "../cost/usage";
import { findSecurityFindings } from "./findings";
import { planChanges } from "../kit/plan-changes";
import {
  describeCost,
  describeFindings,
  describePlan,
  describeStackDiffs,
  describeWarnings,
  formatReview,
  type ReviewSection,
} from "./review-sections";
import { writeReport } from "../kit/files";
import type { PlanInput } from "../kit/terraform";
import { readOwnSuppressions, readSources } from "./audit";
import { resolveInput, type GivenBefore } from "../deploy/live-input";
import type { CommandContext, CommandResult } from "../kit/context";
import { prepareTerraform } from "../kit/prepared-terraform";
import { diffSince } from "./synth-diff";
import { leavePlan, showPlan } from "../deploy/plan";

export interface ReviewOptions extends PlanInput, GivenBefore {
  /** Commit, tag or branch whose Terraform JSON is compared. */
  readonly diff: string;
  /** The most characters that the review may have. */
  readonly limit: number;
  /** Path of the Markdown file to write. Default: the review is printed. */
  readonly out?: string;
}

/** Requests a month for which the cost is estimated, as `cost` does. */
const VOLUMES = [10_000, 100_000, 1_000_000];

/** Writes one document for a reviewer of a change: its effect on security, plan, cost and Terraform JSON. */
export async function review(
  context: CommandContext,
  { diff: since, limit, out, ...input }: ReviewOptions,
): Promise<CommandResult> {
  const suppressions = readOwnSuppressions(context);
  const terraform = await prepareTerraform(context, input);
  const sources = readSources(terraform.directory);
  const today = new Date().toISOString().slice(0, 10);
  const diffs = await diffSince(context, since);
  const live = await resolveInput(context, terraform, input);
  const { changed, shown: plan } = await showPlan(terraform, { ...live.input, lock: false }, context);
  leavePlan(terraform);
  const changes = planChanges(plan);
  const findings = findSecurityFindings(plan, { suppressions, sources, today });
  const sections = [
    describeFindings(findings),
    describePlan({ changed, changes }),
    ...describeWarnings(terraform.warnings, findings),
    estimateCost(plan),
    describeStackDiffs(since, diffs),
  ];
  const markdown = formatReview("Quickturn: what this change does", sections, limit);
  if (out !== undefined) writeReport(out, markdown);
  return {
    exitCode: 0,
    text: out === undefined ? markdown : `${out}  ${markdown.length} characters`,
    json: { changed, changes, findings, warnings: terraform.warnings, stacks: diffs, markdown },
  };
}

/** The cost of a plan that deletes the deployment cannot be estimated; the rest of the review is still needed. */
function estimateCost(plan: unknown): ReviewSection {
  try {
    return describeCost(planCost(plan, DEFAULT_USAGE, VOLUMES));
  } catch (error) {
    return {
      title: "Cost: not reckoned",
      summary: "The cost of the plan cannot be estimated.",
      lines: [error instanceof Error ? error.message : String(error)],
    };
  }
}
