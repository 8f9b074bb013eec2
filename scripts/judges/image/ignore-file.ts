/** The patterns of a .dockerignore, in their order. */
export interface IgnoreFile {
  readonly patterns: readonly string[];
  /** Whether a path below the context, with "/" between its parts, is kept from the builder. */
  excludes(path: string): boolean;
}

/** Reads a .dockerignore: the last pattern that matches a path or a folder above it decides; "!" lets it in again. */
export function readIgnoreFile(text: string): IgnoreFile {
  const patterns = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const rules = patterns.map((pattern) => ({
    excluded: !pattern.startsWith("!"),
    expression: expressionOf(pattern.replace(/^!/, "")),
  }));
  return { patterns, excludes: (path) => rules.findLast(({ expression }) => expression.test(path))?.excluded ?? false };
}

/** `*`: within a part; `**`: over parts; `?`: one character. What lies below a folder that matches, matches. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.replace(/^\/|\/$/g, "").split("/");
  const source = parts.map((part, index) => {
    const last = index === parts.length - 1;
    if (part === "**") return last ? ".*" : "(?:.*/)?";
    const escaped = part
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replace(/\*/g, "[^/]*")
      .replace(/\?/g, "[^/]");
    return last ? escaped : `${escaped}/`;
  });
  return new RegExp(`^${source.join("")}(?:/.*)?$`);
}
