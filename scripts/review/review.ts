import { planCost } from "../cost/planned";
import { DEFAULT_USAGE } from "../cost/usage";
import { findingSources, findingsOf } from "./findings";
import { planChanges } from "../kit/plan-changes";
import {
  reviewMarkdown,
  type ReviewSection,
  costSection,
  findingsSection,
  planSection,
  sourcesSection,
  warningsSections,
} from "./review-sections";
import { writeReport } from "../kit/files";
import type { PlanInput } from "../kit/terraform";
import { ownSuppressions, stackSources } from "./audit";
import { withLive, type GivenBefore } from "../deploy/live-input";
import type { CommandContext, CommandResult } from "../kit/context";
import { prepareTerraform } from "../kit/prepared-terraform";
import { diffSince } from "./synth-diff";
import { leavePlan, showPlan } from "../deploy/write-plan";

export interface ReviewOptions extends PlanInput, GivenBefore {
  /** Commit, tag or branch whose Terraform JSON is compared. */
  readonly diff: string;
  /** Characters that the review may have. */
  readonly limit: number;
  /** Path of the Markdown file. Default: it is printed alone. */
  readonly out?: string;
}

/** Requests a month for which the cost is reckoned, as `cost` does. */
const VOLUMES = [10_000, 100_000, 1_000_000];

/**
 * What a change of the sources does, for the one who reviews it: security, plan, cost and Terraform JSON in one
 * document.
 */
export async function review(
  context: CommandContext,
  { diff: since, limit, out, ...input }: ReviewOptions,
): Promise<CommandResult> {
  const suppressions = ownSuppressions(context);
  const terraform = await prepareTerraform(context, input);
  const auditing = {
    suppressions,
    sources: stackSources(terraform.directory),
    today: new Date().toISOString().slice(0, 10),
  };
  const diffs = await diffSince(context, since);
  const live = await withLive(context, terraform, input);
  const { changed, shown: plan } = await showPlan(terraform, { ...live.input, lock: false }, context.progress);
  leavePlan(terraform);
  const [changes, findings] = [planChanges(plan), findingsOf(plan, findingSources(auditing))];
  const sections = [
    findingsSection(findings),
    planSection({ changed, changes }),
    ...warningsSections(terraform.warnings, findings),
    cost(plan),
    sourcesSection(since, diffs),
  ];
  const markdown = reviewMarkdown("Quickturn: what this change does", sections, limit);
  if (out !== undefined) writeReport(out, markdown);
  return {
    exitCode: 0,
    text: out === undefined ? markdown : `${out}  ${markdown.length} characters`,
    json: { changed, changes, findings, warnings: terraform.warnings, stacks: diffs, markdown },
  };
}

/** A plan that takes the deployment down has no cost to compare: the rest of the review is wanted all the more. */
function cost(plan: unknown): ReviewSection {
  try {
    return costSection(planCost(plan, DEFAULT_USAGE, VOLUMES));
  } catch (error) {
    return {
      title: "Cost: not reckoned",
      summary: "The plan cannot be reckoned.",
      lines: [error instanceof Error ? error.message : String(error)],
    };
  }
}
