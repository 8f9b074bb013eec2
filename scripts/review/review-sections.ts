import { codeBlock, inlineCode, escapeMarkdown } from "../kit/markdown";
import type { PlanCost } from "../cost/planned";
import type { Finding } from "./findings";
import { changesThatReplace, countChanges, describeChanges, type ResourceChange } from "../kit/plan-changes";
import { type StackDiff, stackDiffLines, stackLine } from "./synth-diff";

/** A part of a review. */
export interface ReviewSection {
  readonly title: string;
  /** Markdown: what one must know of it. Never cut. */
  readonly summary: string;
  /** Details, line by line; cut from the end where the review gets too long. Default: none. */
  readonly lines?: readonly string[];
  /** Where the details that were cut can be read. */
  readonly elsewhere?: string;
}

/**
 * A review as one Markdown document of at most so many characters. What is too long is cut out of the details, of the
 * last section first, with a sentence that says how much; throws where the summaries alone are too long.
 * @param limit characters
 */
export function reviewMarkdown(heading: string, sections: readonly ReviewSection[], limit: number): string {
  const kept = sections.map(({ lines = [] }) => lines.length);
  const whole = () => document(heading, sections, kept);
  for (let index = sections.length - 1; index >= 0 && whole().length > limit; index--) {
    // The most lines that fit, by halves: a section may have thousands.
    let [fits, tooMany] = [0, kept[index]!];
    while (tooMany - fits > 1) {
      kept[index] = Math.floor((fits + tooMany) / 2);
      if (whole().length > limit) tooMany = kept[index]!;
      else fits = kept[index]!;
    }
    kept[index] = fits;
  }
  const markdown = whole();
  if (markdown.length > limit)
    throw new Error(
      `The review is ${markdown.length} characters without any details; allowed: ${limit}. Give a higher --limit, or split the change`,
    );
  return markdown;
}

function document(heading: string, sections: readonly ReviewSection[], kept: readonly number[]): string {
  return `${[`## ${heading}`, ...sections.map((section, index) => sectionMarkdown(section, kept[index]!))].join("\n\n")}\n`;
}

function sectionMarkdown({ title, summary, lines = [], elsewhere }: ReviewSection, kept: number): string {
  const cut = lines.length - kept;
  const details = kept > 0 ? ["<details><summary>Details</summary>", codeBlock(lines.slice(0, kept)), "</details>"] : [];
  const sentence =
    cut > 0
      ? [
          `Cut here: ${cut} of ${lines.length} lines, because a comment has a limit${elsewhere ? `; ${elsewhere} shows all of them` : ""}.`,
        ]
      : [];
  return [`### ${title}`, summary, ...details, ...sentence].join("\n\n");
}

/** Findings that stand in the summary; the rest in the details. */
const MOST_FINDINGS = 20;

/** What is to be looked at for its safety. */
export function findingsSection(findings: readonly Finding[]): ReviewSection {
  if (findings.length === 0)
    return {
      title: "Security",
      summary: "Nothing found: every check holds, no access changes, nothing becomes public.",
    };
  const rows = findings
    .slice(0, MOST_FINDINGS)
    .map(
      ({ severity, address, text }) =>
        `- ${severity === "critical" ? "**critical**" : severity} ${inlineCode(address)}: ${escapeMarkdown(shortened(text))}`,
    );
  const more = findings.length > MOST_FINDINGS ? [`- and ${findings.length - MOST_FINDINGS} more in the details`] : [];
  return {
    title: `Security: ${countOf(findings, "critical")} critical, ${countOf(findings, "warning")} to look at`,
    summary: [...rows, ...more].join("\n"),
    lines: findings.map(({ severity, source, address, text }) => `${severity} (${source}) ${address}: ${text}`),
    elsewhere: "`quickturn review`",
  };
}

/** What an apply does. What is replaced or deleted comes first. */
export function planSection({
  changed,
  changes,
}: {
  readonly changed: boolean;
  readonly changes: readonly ResourceChange[];
}): ReviewSection {
  if (changes.length === 0) return { title: "Plan", summary: changed ? "Only outputs change." : "No changes." };
  const first = changesThatReplace(changes).filter(({ action }) => action !== "create");
  const rest = changes.filter((change) => !first.includes(change));
  const warning =
    first.length === 0
      ? "Nothing that holds something is replaced or deleted."
      : `**${first.length} ${first.length === 1 ? "is" : "are"} replaced or deleted**: ${first
          .slice(0, MOST_FINDINGS)
          .map(({ address }) => inlineCode(address))
          .join(", ")}${first.length > MOST_FINDINGS ? ", …" : ""}.`;
  return {
    title: `Plan: ${countChanges(changes)}`,
    summary: warning,
    lines: describeChanges([...first, ...rest]).split("\n"),
    elsewhere: "`quickturn plan`",
  };
}

/** What terraform warns of, but for what the findings say already. */
export function warningsSections(
  warnings: readonly string[],
  findings: readonly Pick<Finding, "text">[],
): ReviewSection[] {
  const rest = warnings.filter((warning) => !findings.some(({ text }) => text.includes(warning.trim())));
  if (rest.length === 0) return [];
  const rows = rest.slice(0, MOST_FINDINGS).map((warning) => `- ${escapeMarkdown(shortened(warning))}`);
  const more =
    rest.length > MOST_FINDINGS ? [`- and ${rest.length - MOST_FINDINGS} more, which \`quickturn plan\` shows`] : [];
  return [{ title: `Warnings: ${rest.length}`, summary: [...rows, ...more].join("\n") }];
}

/** What it does to the bill. */
export function costSection({ before, after, differences, unknown }: PlanCost): ReviewSection {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const head = ["requests a month", "now", "after", "difference"];
  const rows = after.map((bill, index) => {
    const difference = differences[index]?.total.differenceUsd;
    return row([
      bill.requests.toLocaleString("en-US"),
      before[index] ? usd(before[index].totalUsd) : "-",
      usd(bill.totalUsd),
      difference === undefined ? "-" : signedUsd(difference),
    ]);
  });
  const same = differences.length > 0 && differences.every(({ total }) => Math.abs(total.differenceUsd) < 0.005);
  const title = before.length === 0 ? "Cost: nothing is deployed yet" : same ? "Cost: the same" : "Cost: it changes";
  const assumed = "US dollars a month at dated list prices and the default usage; `quickturn cost` says what is in it.";
  return {
    title,
    summary: [row(head), row(head.map(() => "---:")), ...rows, "", assumed].join("\n"),
    ...(unknown.length > 0 && { lines: unknown }),
  };
}

/** What the change of the sources does to the Terraform JSON. */
export function sourcesSection(since: string, diffs: readonly StackDiff[]): ReviewSection {
  const title = "Terraform JSON";
  if (diffs.length === 0) return { title, summary: `It is that of ${inlineCode(since)}.` };
  return {
    title,
    summary: [`Since ${inlineCode(since)}:`, "", ...diffs.map((diff) => `- ${escapeMarkdown(stackLine(diff))}`)].join("\n"),
    lines: diffs.flatMap((diff) => [diff.stack, ...stackDiffLines(diff)]),
    elsewhere: "`quickturn synth --diff`",
  };
}

/** Characters of a finding's sentence in the summary, which is never cut. */
const SENTENCE = 300;

const shortened = (text: string): string => (text.length > SENTENCE ? `${text.slice(0, SENTENCE)}…` : text);

const countOf = (findings: readonly Finding[], severity: Finding["severity"]): number =>
  findings.filter((finding) => finding.severity === severity).length;

const usd = (amount: number): string =>
  `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

function signedUsd(amount: number): string {
  const size = usd(Math.abs(amount));
  return size === "$0.00" ? size : `${amount < 0 ? "-" : "+"}${size}`;
}
