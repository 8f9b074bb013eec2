import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../kit/context";

/** Where the image's sources are, below the project. */
export const IMAGE_FILES = {
  dockerfile: join("handlers", "Dockerfile"),
  ignore: join("handlers", "Dockerfile.dockerignore"),
  functions: join("dist", "image"),
} as const;

/** What an image is built from. */
export interface ImageFiles {
  readonly dockerfile: Dockerfile;
  readonly ignore: IgnoreFile;
}

/** Reads the project's Dockerfile and its ignore file. */
export function readImageFiles(projectDirectory: string): ImageFiles {
  const [dockerfile, ignore] = [IMAGE_FILES.dockerfile, IMAGE_FILES.ignore].map((path) => {
    const file = join(projectDirectory, path);
    if (!existsSync(file)) throw new UsageError(`${file} is missing. Take it from the repository again.`);
    return readFileSync(file, "utf8");
  }) as [string, string];
  try {
    return { dockerfile: parseDockerfile(dockerfile), ignore: parseIgnoreFile(ignore) };
  } catch (cause) {
    throw new UsageError(`${IMAGE_FILES.dockerfile}: ${(cause as Error).message}`, { cause });
  }
}

/** A .dockerignore. */
export interface IgnoreFile {
  /** In their order. */
  readonly patterns: readonly string[];
  /** Whether a path below the context, with "/" between its parts, is kept from the builder. */
  excludes(path: string): boolean;
}

/**
 * Reads a .dockerignore. The last pattern that matches a path, or a folder above it, decides; "!" lets the path in
 * again.
 */
export function parseIgnoreFile(text: string): IgnoreFile {
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

/** `*` matches within a part, `**` across parts, `?` one character. What is below a matching folder matches too. */
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
  /** The words after the flags, or the members of a JSON list. */
  readonly words: readonly string[];
  /** Whether it is a JSON list, which no shell reads. */
  readonly isExec: boolean;
  /** The line on which it begins; the first line is 1. */
  readonly line: number;
}

/** A FROM and what follows it. */
export interface Stage {
  readonly name: string | undefined;
  /** As written, such as `${BASE}`. */
  readonly base: string;
  readonly line: number;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** Defaults of the ARGs before the first FROM. A FROM may name only these. */
  readonly globalArguments: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

const KEYWORDS =
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(" ");

/** Reads a Dockerfile. Throws, with the line, where there is an unknown instruction, or one before the first FROM. */
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
    return undefined; // Builders, too, give anything but a JSON list to a shell.
  }
}

/** Splits at spaces outside of quotes, and removes the quotes. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replace(/["']/g, ""));
}

/** Reads each `NAME=value`. A `NAME` alone has no default and is left out. */
export function readAssignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words
      .filter((word) => word.includes("="))
      .map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
}

/** Replaces `${NAME}` and `$NAME` by their values. As in builders, a name without a value becomes empty. */
export function substituteVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced: string | undefined, bare: string | undefined) => values[braced ?? bare ?? ""] ?? "",
  );
}
