import { fenced } from "./fenced";

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
  const details = kept > 0 ? ["<details><summary>Details</summary>", fenced(lines.slice(0, kept)), "</details>"] : [];
  const sentence =
    cut > 0
      ? [
          `Cut here: ${cut} of ${lines.length} lines, because a comment has a limit${elsewhere ? `; ${elsewhere} shows all of them` : ""}.`,
        ]
      : [];
  return [`### ${title}`, summary, ...details, ...sentence].join("\n\n");
}
