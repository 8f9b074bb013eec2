import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { environmentName, synthFolder } from "../kit/deployment-folder";
import { writeReport } from "../kit/files";
import { checkOutCommit } from "../kit/git";
import { formatValue } from "../kit/hcl";
import { codeBlock, inlineCode } from "../kit/markdown";
import { ProgramFailed, run } from "../kit/process";
import { synth } from "../kit/synth";
import { valueDifferences, type ValueDifference, differenceText } from "../kit/value-text";

/** A synthesized stack: its Terraform JSON, and the hash of each file that stands beside it. */
export interface SynthesizedFiles {
  /** What `cdk.tf.json` holds. */
  readonly json: unknown;
  /** SHA-256 in hexadecimal, by file name, such as `worker.zip`. */
  readonly assets: Readonly<Record<string, string>>;
}

/** What a change of the sources does to one block of the Terraform JSON. */
export interface BlockChange {
  /**
   * As Terraform names it: `aws_lambda_function.worker_function`, `var.memory_size`, `output.api_endpoint`,
   * `local.profiles`.
   */
  readonly address: string;
  readonly kind: string;
  readonly action: "add" | "change" | "remove";
  /** Where it differs. Of an added or removed block only a new variable's default is listed. */
  readonly attributes: readonly ValueDifference[];
}

/** What a change of the sources does to one stack. */
export interface StackDiff {
  readonly stack: string;
  readonly action: "add" | "change" | "remove";
  readonly blocks: readonly BlockChange[];
  /** Names of the files beside the JSON with other content, such as the functions' zips. */
  readonly assets: readonly string[];
}

/** The order in which a reviewer reads the kinds of blocks. */
const KINDS = ["resource", "data", "module", "variable", "output", "check", "local", "provider", "terraform"];

/** Compares stacks by name. A stack without changes is left out. */
export function compareStacks(
  before: Readonly<Record<string, SynthesizedFiles>>,
  after: Readonly<Record<string, SynthesizedFiles>>,
): StackDiff[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((stack) => {
    const [from, to] = [before[stack], after[stack]];
    const blocks = compareBlocks(from?.json ?? {}, to?.json ?? {});
    const assets = valueDifferences(from?.assets ?? {}, to?.assets ?? {}).map(({ path }) => path);
    if (from && to && blocks.length === 0 && assets.length === 0) return [];
    return [{ stack, action: from ? (to ? "change" : "remove") : "add", blocks, assets } as const];
  });
}

/** `2 added, 1 changed, 0 removed`, of blocks of the Terraform JSON. */
export function countBlocks(blocks: readonly BlockChange[]): string {
  const count = (action: BlockChange["action"]) => blocks.filter((block) => block.action === action).length;
  return `${count("add")} added, ${count("change")} changed, ${count("remove")} removed`;
}

interface Block {
  readonly kind: string;
  readonly value: unknown;
}

function compareBlocks(before: unknown, after: unknown): BlockChange[] {
  const [from, to] = [indexBlocks(before), indexBlocks(after)];
  const addresses = [...new Set([...from.keys(), ...to.keys()])];
  const changes = addresses.flatMap((address): BlockChange[] => {
    const [old, now] = [from.get(address), to.get(address)];
    if (old && now) {
      const attributes = valueDifferences(old.value, now.value);
      return attributes.length === 0 ? [] : [{ address, kind: now.kind, action: "change", attributes }];
    }
    const block = (old ?? now)!;
    return [{ address, kind: block.kind, action: old ? "remove" : "add", attributes: old ? [] : findDefault(block) }];
  });
  const rank = ({ kind }: BlockChange) => KINDS.indexOf(kind) + 1 || KINDS.length + 1;
  return changes.sort((a, b) => rank(a) - rank(b) || (a.address < b.address ? -1 : 1));
}

function findDefault({ kind, value }: Block): ValueDifference[] {
  const fields = value as Readonly<Record<string, unknown>>;
  return kind === "variable" && "default" in fields
    ? [{ path: "default", before: undefined, after: fields["default"] }]
    : [];
}

/** The blocks by their addresses. */
function indexBlocks(json: unknown): Map<string, Block> {
  const found = new Map<string, Block>();
  for (const [section, content] of Object.entries((json ?? {}) as Readonly<Record<string, unknown>>)) {
    for (const [address, block] of listBlocks(section, content)) found.set(address, block);
  }
  return found;
}

/** Prefixes of addresses that differ from the name of the section. */
const PREFIX: Readonly<Record<string, string>> = { variable: "var", locals: "local" };

function listBlocks(section: string, content: unknown): [string, Block][] {
  if (section === "//") return []; // cdktf writes its metadata here.
  const named = Object.entries((content ?? {}) as Readonly<Record<string, unknown>>);
  if (section === "resource" || section === "data") {
    const prefix = section === "data" ? "data." : "";
    return named.flatMap(([type, blocks]) =>
      Object.entries(blocks as object).map(([name, value]): [string, Block] => [
        `${prefix}${type}.${name}`,
        { kind: section, value: removeNotes(value) },
      ]),
    );
  }
  if (section === "terraform" || Array.isArray(content))
    return [[section, { kind: section, value: removeNotes(content) }]];
  const kind = section === "locals" ? "local" : section;
  return named.map(([name, value]) => [`${PREFIX[section] ?? section}.${name}`, { kind, value: removeNotes(value) }]);
}

/** Removes cdktf's note of the source file, which Terraform ignores. */
function removeNotes(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "//"));
}

const SIGNS = { add: "+", change: "~", remove: "-" } as const;

/** Lines of one block's differences that are shown; the rest is counted. */
const MOST_LINES = 12;
const MOST_COLUMNS = 100;

/** Formats the changes of the Terraform JSON for a terminal. */
export function formatStackDiffs(since: string, diffs: readonly StackDiff[]): string {
  if (diffs.length === 0) return `The Terraform JSON is that of ${since}.`;
  return diffs.map((diff) => [summarizeStackDiff(diff), ...listStackDiff(diff)].join("\n")).join("\n\n");
}

/** Formats the changes as Markdown: a line for each stack, then its blocks. */
export function formatStackDiffsMarkdown(since: string, diffs: readonly StackDiff[]): string {
  if (diffs.length === 0) return `The Terraform JSON is that of ${inlineCode(since)}.\n`;
  return diffs
    .map((diff) => `${summarizeStackDiff(diff)} since ${inlineCode(since)}.\n\n${codeBlock(listStackDiff(diff))}\n`)
    .join("\n");
}

/** Lists the changes of one stack, each block with its differences. */
export function listStackDiff({ blocks, assets }: StackDiff): string[] {
  return [...assets.map((name) => `  ~ assets/${name}: other content`), ...blocks.flatMap(listBlock)];
}

/** Such as `agent-api: 1 added, 2 changed, 0 removed; other content in worker.zip`. */
export function summarizeStackDiff({ stack, action, blocks, assets }: StackDiff): string {
  const note = { add: " (a new stack)", change: "", remove: " (the whole stack)" }[action];
  const content = assets.length > 0 ? `; other content in ${assets.join(", ")}` : "";
  return `${stack}${note}: ${countBlocks(blocks)}${content}`;
}

function listBlock({ address, action, attributes }: BlockChange): string[] {
  const lines = attributes.flatMap(listDifference);
  const rest = lines.length - MOST_LINES;
  return [
    `  ${SIGNS[action]} ${address}`,
    ...lines.slice(0, MOST_LINES).map((line) => `      ${line}`),
    ...(rest > 0 ? [`      and ${rest} more lines`] : []),
  ];
}

/** The lines before and after, in HCL. Of long ones only the surroundings of the first difference are shown. */
function listDifference(difference: ValueDifference): string[] {
  const { path, before, after } = difference;
  const list = (sign: string, value: unknown) =>
    value === undefined
      ? []
      : `${path} = ${formatValue(value).join("\n")}`.split("\n").map((line) => `${sign} ${line}`);
  const lines = [...list("-", before), ...list("+", after)];
  return lines.some((line) => line.length > MOST_COLUMNS) ? [differenceText(difference)] : lines;
}

interface SynthDiffOptions {
  /** Commit, tag or branch to compare with. */
  readonly ref: string;
  /** Path of a Markdown file to write. */
  readonly markdown?: string;
}

/** Compares the Terraform JSON with that of an earlier commit. Exit code: 0 nothing differs, 2 something differs. */
export async function synthDiff(context: CommandContext, { ref, markdown }: SynthDiffOptions): Promise<CommandResult> {
  await synth(context);
  const diffs = await diffSince(context, ref);
  if (markdown !== undefined) writeReport(markdown, `## Terraform JSON\n\n${formatStackDiffsMarkdown(ref, diffs)}`);
  return {
    exitCode: diffs.length === 0 ? EXIT_CODES.pass : EXIT_CODES.changes,
    text: formatStackDiffs(ref, diffs),
    json: { ref, changed: diffs.length > 0, stacks: diffs },
  };
}

/**
 * Compares the synthesized stacks with those of an earlier commit. The commit's own sources are synthesized, which
 * takes some seconds, because a stored copy could be out of date.
 */
export async function diffSince(context: CommandContext, ref: string): Promise<StackDiff[]> {
  const { projectDirectory, environment, progress, signal } = context;
  const now = readStacks(synthFolder(context));
  return progress.step(
    `Synthesize the stacks of ${ref}`,
    async () => {
      const earlier = await checkOutCommit({ project: projectDirectory, ref, env: environment, signal }).catch(
        (cause: Error) => {
          throw new UsageError(cause.message, { cause });
        },
      );
      try {
        const command = join("scripts", "bin", "quickturn.js");
        if (!existsSync(join(earlier.directory, command)))
          throw new UsageError(`${ref} has no ${command}, so its stacks cannot be synthesized; give a later commit`);
        const env = {
          ...environment,
          QUICKTURN_STACKS: Object.keys(now).join(","),
          QUICKTURN_ENV: environmentName(context),
        };
        await run(process.execPath, [command, "--json", "synth"], { cwd: earlier.directory, env, signal });
        const folder = synthFolder({
          projectDirectory: earlier.directory,
          ...(context.env !== undefined && { env: context.env }),
        });
        return compareStacks(readStacks(folder), now);
      } catch (cause) {
        if (!(cause instanceof ProgramFailed)) throw cause;
        throw new Error(
          `The stacks of ${ref} cannot be synthesized with the packages that are installed now. ${cause.message}`,
          { cause },
        );
      } finally {
        earlier.remove();
      }
    },
    (diffs) => (diffs.length === 0 ? "the same" : `${diffs.length} differ${diffs.length === 1 ? "s" : ""}`),
  );
}

/** Reads the stacks that the manifest lists; the folder may also hold stacks of an earlier synthesis. */
function readStacks(output: string): Record<string, SynthesizedFiles> {
  const manifest = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as {
    stacks: Record<string, { synthesizedStackPath: string; workingDirectory: string }>;
  };
  return Object.fromEntries(
    Object.entries(manifest.stacks).map(([name, { synthesizedStackPath, workingDirectory }]) => [
      name,
      {
        json: JSON.parse(readFileSync(join(output, synthesizedStackPath), "utf8")) as unknown,
        assets: hashFiles(join(output, workingDirectory, "assets")),
      },
    ]),
  );
}

function hashFiles(folder: string): Record<string, string> {
  const hash = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return Object.fromEntries(names.map((name) => [name, hash(readFileSync(join(folder, name)))]));
}
