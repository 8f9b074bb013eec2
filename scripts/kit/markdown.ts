import { escapeHtml } from "./page";

/**
 * The Markdown of a dashboard's text as HTML: headings, paragraphs, `code`, **strong**, and links as their text alone,
 * because a page holds no address elsewhere. Anything else stands as it was written. Headings begin a level lower: the
 * page has its own first one.
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
  // A dashboard's sections have two; the page's own title has one.
  const level = Math.max(2, Math.min(6, marks.length));
  return `<h${level}>${inline(heading)}</h${level}>`;
}

function inline(text: string): string {
  return escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replaceAll(/\[([^\]]+)\]\([^()\s]*\)/g, "$1");
}

/** Lines as a block of code in Markdown. Nothing in them is Markdown or HTML, whatever marks they hold. */
export function codeBlock(lines: readonly string[]): string {
  const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
  return [`${fence}text`, ...lines, fence].join("\n");
}

/** A name inside a line of Markdown, as it is. */
export function inlineCode(text: string): string {
  const marks = "`".repeat(longestRun(text) + 1);
  const line = text.replaceAll(/\s+/g, " ");
  return line.startsWith("`") || line.endsWith("`") ? `${marks} ${line} ${marks}` : `${marks}${line}${marks}`;
}

/** Text of somebody else in a line of Markdown: nothing in it is Markdown, HTML or a mention. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]|~@#!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/\s+/g, " ");
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
