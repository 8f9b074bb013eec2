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
    expression: compilePattern(pattern.replace(/^!/, "")),
  }));
  return { patterns, excludes: (path) => rules.findLast(({ expression }) => expression.test(path))?.excluded ?? false };
}

/** `*`: within a part; `**`: over parts; `?`: one character. What lies below a folder that matches, matches. */
function compilePattern(pattern: string): RegExp {
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

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals. */
  readonly keyword: string;
  /** `--name=value`, by name. */
  readonly flags: Readonly<Record<string, string>>;
  /** What follows, split into words; of a JSON list its members. */
  readonly words: readonly string[];
  /** Whether it is written as a JSON list, so that no shell reads it. */
  readonly isExec: boolean;
  /** Where it begins; the first line is 1. */
  readonly line: number;
}

/** What begins with FROM. */
export interface Stage {
  readonly name: string | undefined;
  /** As written, such as `${BASE}`. */
  readonly base: string;
  readonly line: number;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** ARGs before the first FROM, with their defaults: the only ones that a FROM may name. */
  readonly globalArguments: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

const KEYWORDS = [
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
];

/**
 * Reads a Dockerfile. Throws, with the line, where one is no instruction, or stands before the first FROM and may not.
 */
export function parseDockerfile(text: string): Dockerfile {
  const globalArguments: Record<string, string> = {};
  const stages: { name: string | undefined; base: string; line: number; instructions: Instruction[] }[] = [];
  for (const instruction of readInstructions(text)) {
    const { keyword, words, line } = instruction;
    const stage = stages.at(-1);
    if (keyword === "FROM")
      stages.push({
        base: words[0] ?? "",
        name: words[1]?.toUpperCase() === "AS" ? words[2] : undefined,
        line,
        instructions: [],
      });
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (keyword === "ARG") Object.assign(globalArguments, readAssignments(words));
    else throw new Error(`Line ${line}: ${keyword} stands before the first FROM. Allowed there: ARG.`);
  }
  if (stages.length === 0) throw new Error("There is no FROM. A Dockerfile has at least one stage.");
  return { globalArguments, stages };
}

function readInstructions(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let [begun, line] = ["", 0];
  text.split("\n").forEach((content, index) => {
    if (/^\s*(#|$)/.test(content)) return;
    if (begun === "") line = index + 1;
    begun += content;
    if (begun.endsWith("\\")) begun = begun.slice(0, -1);
    else {
      instructions.push(readInstruction(begun.trim(), line));
      begun = "";
    }
  });
  return instructions;
}

function readInstruction(text: string, line: number): Instruction {
  const keyword = /^\S+/.exec(text)![0].toUpperCase();
  if (!KEYWORDS.includes(keyword))
    throw new Error(`Line ${line}: "${keyword}" is no instruction. Allowed: ${KEYWORDS.join(", ")}.`);
  const flags: Record<string, string> = {};
  const rest = text
    .slice(keyword.length)
    .replace(/^(\s+--[a-z-]+=\S+)*/, (given) => {
      for (const [, name, value] of given.matchAll(/--([a-z-]+)=(\S+)/g)) flags[name!] = value!;
      return "";
    })
    .trim();
  const list = readJsonList(rest);
  return { keyword, flags, words: list ?? splitWords(rest), isExec: list !== undefined, line };
}

function readJsonList(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const parsed = JSON.parse(text) as unknown;
    return Array.isArray(parsed) && parsed.every((each) => typeof each === "string") ? parsed : undefined;
  } catch {
    return undefined; // As the builders have it: what is no JSON list is read by a shell.
  }
}

/** Split at spaces outside of quotes, which go away. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replace(/["']/g, ""));
}

/** `NAME=value` and `NAME`, which is left out: it has no default. */
export function readAssignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words
      .filter((word) => word.includes("="))
      .map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
}

/** Puts values in for `${NAME}` and `$NAME`; what has none becomes empty, as the builders have it. */
export function substituteVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced: string | undefined, bare: string | undefined) => values[braced ?? bare ?? ""] ?? "",
  );
}
