import { valueDifferences, type ValueDifference } from "./value-diff";

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
  /** Where it differs; of a block that comes or goes nothing, but a variable's default. */
  readonly attributes: readonly ValueDifference[];
}

/** What a change of the sources does to one stack. */
export interface StackDiff {
  readonly stack: string;
  readonly action: "add" | "change" | "remove";
  readonly blocks: readonly BlockChange[];
  /** Names of the files beside the JSON that are others, such as the functions' zips. */
  readonly assets: readonly string[];
}

/** In this order a reviewer reads: what is there, what may be set, what comes out, how it is reckoned. */
const KINDS = ["resource", "data", "module", "variable", "output", "check", "local", "provider", "terraform"];

/** The changes from some stacks to others, by name. A stack that is the same is left out. */
export function stackDiffs(
  before: Readonly<Record<string, SynthesizedFiles>>,
  after: Readonly<Record<string, SynthesizedFiles>>,
): StackDiff[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((stack) => {
    const [from, to] = [before[stack], after[stack]];
    const blocks = blockChanges(from?.json ?? {}, to?.json ?? {});
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

function blockChanges(before: unknown, after: unknown): BlockChange[] {
  const [from, to] = [blocksOf(before), blocksOf(after)];
  const addresses = [...new Set([...from.keys(), ...to.keys()])];
  const changes = addresses.flatMap((address): BlockChange[] => {
    const [old, now] = [from.get(address), to.get(address)];
    if (old && now) {
      const attributes = valueDifferences(old.value, now.value);
      return attributes.length === 0 ? [] : [{ address, kind: now.kind, action: "change", attributes }];
    }
    const block = (old ?? now)!;
    return [{ address, kind: block.kind, action: old ? "remove" : "add", attributes: old ? [] : defaultOf(block) }];
  });
  const rank = ({ kind }: BlockChange) => KINDS.indexOf(kind) + 1 || KINDS.length + 1;
  return changes.sort((a, b) => rank(a) - rank(b) || (a.address < b.address ? -1 : 1));
}

function defaultOf({ kind, value }: Block): ValueDifference[] {
  const fields = value as Readonly<Record<string, unknown>>;
  return kind === "variable" && "default" in fields
    ? [{ path: "default", before: undefined, after: fields["default"] }]
    : [];
}

/** The blocks by their addresses. */
function blocksOf(json: unknown): Map<string, Block> {
  const found = new Map<string, Block>();
  for (const [section, content] of Object.entries((json ?? {}) as Readonly<Record<string, unknown>>)) {
    for (const [address, block] of sectionBlocks(section, content)) found.set(address, block);
  }
  return found;
}

/** Names that Terraform's expressions have for a section's blocks. */
const PREFIX: Readonly<Record<string, string>> = { variable: "var", locals: "local" };

function sectionBlocks(section: string, content: unknown): [string, Block][] {
  if (section === "//") return []; // cdktf's notes to itself
  const named = Object.entries((content ?? {}) as Readonly<Record<string, unknown>>);
  if (section === "resource" || section === "data") {
    const prefix = section === "data" ? "data." : "";
    return named.flatMap(([type, of]) =>
      Object.entries(of as object).map(([name, value]): [string, Block] => [
        `${prefix}${type}.${name}`,
        { kind: section, value: withoutNotes(value) },
      ]),
    );
  }
  if (section === "terraform" || Array.isArray(content))
    return [[section, { kind: section, value: withoutNotes(content) }]];
  const kind = section === "locals" ? "local" : section;
  return named.map(([name, value]) => [`${PREFIX[section] ?? section}.${name}`, { kind, value: withoutNotes(value) }]);
}

/** cdktf writes where a block comes from; moving it between files of sources changes nothing that Terraform does. */
function withoutNotes(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "//"));
}
