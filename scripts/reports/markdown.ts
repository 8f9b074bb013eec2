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
