/** Lines as a block of code in Markdown. Nothing in them is Markdown or HTML, whatever marks they hold. */
export function fenced(lines: readonly string[]): string {
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
export function plain(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]|~@#!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/\s+/g, " ");
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
