import { escapeHtml } from "./page";

/**
 * Renders the Markdown of a dashboard's text as HTML: headings, paragraphs, `code`, **strong**, and links as their text
 * alone, because a page links to no other site. Anything else stays as it was written.
 */
export function markdownHtml(markdown: string): string {
  const blocks = markdown.split(/\n{2,}|\n(?=#)|(?<=^#.*)\n/m).map((block) => block.trim());
  return blocks
    .filter((block) => block !== "")
    .map(block)
    .join("");
}

function block(text: string): string {
  const [, marks, heading] = /^(#{1,5}) +(.+)$/.exec(text) ?? [];
  if (marks === undefined || heading === undefined) return `<p>${inline(text)}</p>`;
  // The page's own title is its only heading of the first level.
  const level = Math.max(2, Math.min(6, marks.length));
  return `<h${level}>${inline(heading)}</h${level}>`;
}

function inline(text: string): string {
  return escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replaceAll(/\[([^\]]+)\]\([^()\s]*\)/g, "$1");
}

/** Writes lines as a block of code in Markdown, so that nothing in them counts as Markdown or HTML. */
export function codeBlock(lines: readonly string[]): string {
  const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
  return [`${fence}text`, ...lines, fence].join("\n");
}

/** Writes a name as code inside a line of Markdown. */
export function inlineCode(text: string): string {
  const marks = "`".repeat(longestRun(text) + 1);
  const line = text.replaceAll(/\s+/g, " ");
  return line.startsWith("`") || line.endsWith("`") ? `${marks} ${line} ${marks}` : `${marks}${line}${marks}`;
}

/** Escapes untrusted text for a line of Markdown, so that nothing in it counts as Markdown, HTML or a mention. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]|~@#!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/\s+/g, " ");
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
