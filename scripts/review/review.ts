import { planCost, type PlanCost } from "../cost/comparison";
import { DEFAULT_USAGE } from "../cost/usage";
import { resolveInput, type GivenBefore } from "../deploy/live-input";
import { leavePlan, showPlan } from "../deploy/plan";
import type { CommandContext, CommandResult } from "../kit/context";
import { writeReport } from "../kit/files";
import { codeBlock, inlineCode, escapeMarkdown } from "../kit/markdown";
import {
  planChanges,
  changesThatReplace,
  countChanges,
  describeChanges,
  type ResourceChange,
} from "../kit/plan-changes";
import { prepareTerraform } from "../kit/prepared-terraform";
import type { PlanInput } from "../kit/terraform";
import { readOwnSuppressions, readSources } from "./audit";
import { findSecurityFindings, type Finding } from "./findings";
import { diffSince, listStackDiff, type StackDiff, summarizeStackDiff } from "./synth-diff";

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
      title: "Cost: not estimated",
      summary: "The cost of the plan cannot be estimated.",
      lines: [error instanceof Error ? error.message : String(error)],
    };
  }
}

/** A part of a review. */
export interface ReviewSection {
  readonly title: string;
  /** Markdown that every reader needs. Never cut. */
  readonly summary: string;
  /** Lines of details, cut from the end where the review is too long. Default: none. */
  readonly lines?: readonly string[];
  /** The command that shows the details that were cut. */
  readonly elsewhere?: string;
}

/**
 * Formats a review as one Markdown document. Where it is too long, details are cut, those of the last section first.
 * @param limit characters
 * @throws Error where the summaries alone are too long
 */
export function formatReview(heading: string, sections: readonly ReviewSection[], limit: number): string {
  const kept = sections.map(({ lines = [] }) => lines.length);
  const format = () =>
    `${[`## ${heading}`, ...sections.map((section, index) => formatSection(section, kept[index]!))].join("\n\n")}\n`;
  for (let index = sections.length - 1; index >= 0 && format().length > limit; index--) {
    // A binary search for the most lines that fit, because a section may have thousands.
    let [fits, tooMany] = [0, kept[index]!];
    while (tooMany - fits > 1) {
      kept[index] = Math.floor((fits + tooMany) / 2);
      if (format().length > limit) tooMany = kept[index]!;
      else fits = kept[index]!;
    }
    kept[index] = fits;
  }
  const markdown = format();
  if (markdown.length > limit)
    throw new Error(
      `The review is ${markdown.length} characters without any details; allowed: ${limit}. ` +
        "Give a higher --limit, or split the change",
    );
  return markdown;
}

function formatSection({ title, summary, lines = [], elsewhere }: ReviewSection, kept: number): string {
  const cut = lines.length - kept;
  const command = elsewhere ? `; ${elsewhere} shows all of them` : "";
  return [
    `### ${title}`,
    summary,
    ...(kept > 0 ? ["<details><summary>Details</summary>", codeBlock(lines.slice(0, kept)), "</details>"] : []),
    ...(cut > 0 ? [`Cut here: ${cut} of ${lines.length} lines, because a comment has a limit${command}.`] : []),
  ].join("\n\n");
}

/** Entries of a list in a summary; the details have all of them. */
const MOST_ENTRIES = 20;

/** Characters of an entry in a summary. */
const MOST_CHARACTERS = 300;

function shorten(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** A Markdown list of the first entries, and a line that counts the others. */
function listEntries<T>(entries: readonly T[], format: (entry: T) => string, elsewhere: string): string {
  const rest = entries.length - MOST_ENTRIES;
  return [
    ...entries.slice(0, MOST_ENTRIES).map((entry) => `- ${format(entry)}`),
    ...(rest > 0 ? [`- and ${rest} more${elsewhere}`] : []),
  ].join("\n");
}

/** What a reviewer must look at for its safety. */
export function describeFindings(findings: readonly Finding[]): ReviewSection {
  if (findings.length === 0)
    return {
      title: "Security",
      summary: "Nothing found: every check holds, no access changes, nothing becomes public.",
    };
  const count = (severity: Finding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  const formatFinding = ({ severity, address, text }: Finding) =>
    `${severity === "critical" ? "**critical**" : severity} ${inlineCode(address)}: ${escapeMarkdown(shorten(text))}`;
  return {
    title: `Security: ${count("critical")} critical, ${count("warning")} to look at`,
    summary: listEntries(findings, formatFinding, " in the details"),
    lines: findings.map(({ severity, source, address, text }) => `${severity} (${source}) ${address}: ${text}`),
    elsewhere: "`quickturn review`",
  };
}

/** What an apply does; replaced and deleted resources come first. */
export function describePlan({
  changed,
  changes,
}: {
  readonly changed: boolean;
  readonly changes: readonly ResourceChange[];
}): ReviewSection {
  if (changes.length === 0) return { title: "Plan", summary: changed ? "Only outputs change." : "No changes." };
  const destructive = changesThatReplace(changes).filter(({ action }) => action !== "create");
  const rest = changes.filter((change) => !destructive.includes(change));
  const addresses = destructive.slice(0, MOST_ENTRIES).map(({ address }) => inlineCode(address));
  const more = destructive.length > MOST_ENTRIES ? ", …" : "";
  return {
    title: `Plan: ${countChanges(changes)}`,
    summary:
      destructive.length === 0
        ? "Nothing that holds something is replaced or deleted."
        : `**${destructive.length} ${destructive.length === 1 ? "is" : "are"} replaced or deleted**: ` +
          `${addresses.join(", ")}${more}.`,
    lines: describeChanges([...destructive, ...rest]).split("\n"),
    elsewhere: "`quickturn plan`",
  };
}

/** Terraform's warnings, except for those that a finding repeats. */
export function describeWarnings(
  warnings: readonly string[],
  findings: readonly Pick<Finding, "text">[],
): ReviewSection[] {
  const others = warnings.filter((warning) => !findings.some(({ text }) => text.includes(warning.trim())));
  if (others.length === 0) return [];
  const summary = listEntries(others, (warning) => escapeMarkdown(shorten(warning)), ", which `quickturn plan` shows");
  return [{ title: `Warnings: ${others.length}`, summary }];
}

/** The effect on the bill. */
export function describeCost({ before, after, differences, unknown }: PlanCost): ReviewSection {
  const formatRow = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const head = ["requests a month", "now", "after", "difference"];
  const rows = after.map((bill, index) => {
    const [previous, difference] = [before[index], differences[index]?.total.differenceUsd];
    return formatRow([
      bill.requests.toLocaleString("en-US"),
      previous ? formatUsd(previous.totalUsd) : "-",
      formatUsd(bill.totalUsd),
      difference === undefined ? "-" : formatDifference(difference),
    ]);
  });
  const same = differences.length > 0 && differences.every(({ total }) => Math.abs(total.differenceUsd) < 0.005);
  const title = before.length === 0 ? "Cost: nothing is deployed yet" : same ? "Cost: the same" : "Cost: it changes";
  const basis = "US dollars a month at dated list prices and the default usage; `quickturn cost` says what is in it.";
  return {
    title,
    summary: [formatRow(head), formatRow(head.map(() => "---:")), ...rows, "", basis].join("\n"),
    ...(unknown.length > 0 && { lines: unknown }),
  };
}

const formatUsd = (amount: number): string =>
  `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

function formatDifference(amount: number): string {
  const size = formatUsd(Math.abs(amount));
  return size === "$0.00" ? size : `${amount < 0 ? "-" : "+"}${size}`;
}

/** The effect of the changed sources on the Terraform JSON. */
export function describeStackDiffs(since: string, diffs: readonly StackDiff[]): ReviewSection {
  const title = "Terraform JSON";
  if (diffs.length === 0) return { title, summary: `It is that of ${inlineCode(since)}.` };
  const stacks = diffs.map((diff) => `- ${escapeMarkdown(summarizeStackDiff(diff))}`);
  return {
    title,
    summary: [`Since ${inlineCode(since)}:`, "", ...stacks].join("\n"),
    lines: diffs.flatMap((diff) => [diff.stack, ...listStackDiff(diff)]),
    elsewhere: "`quickturn synth --diff`",
  };
}
