import type { ValueDifference } from "../../../scripts/kit/value-text";

/** What the compiler said. */
export interface TypeCheck {
  /** The project's own files that it read. */
  readonly files: number;
  /** Its lines, with file, line and code. */
  readonly errors: readonly string[];
}

/** A stack as both libraries write it. */
export interface StackComparison {
  readonly name: string;
  /** Places where both differ: those with a reason, and those without. */
  readonly explained: readonly (ValueDifference & { readonly reason: string })[];
  readonly unexplained: readonly ValueDifference[];
  /** Resources and data sources in it. */
  readonly resources: number;
  /** How many names its JSON sets in or reads of a resource. */
  readonly names: number;
  /** Those that the successor's provider has not, with the resource's address. */
  readonly unknown: readonly string[];
  /** Those that it warns about. */
  readonly deprecated: readonly { readonly name: string; readonly reason: string }[];
}

interface Versions {
  readonly core: string;
  readonly version: string;
  /** Version of the AWS provider that the classes are generated from. */
  readonly provider: string;
}

/** All that the check of the successor found. */
export interface SuccessorFindings {
  readonly versions: { readonly current: Versions; readonly successor: Versions };
  readonly types: TypeCheck;
  readonly stacks: readonly StackComparison[];
}

/** The findings for a person. */
export function successorText({ versions, types, stacks }: SuccessorFindings, good: boolean): string {
  const { current, successor } = versions;
  const sum = (count: (stack: StackComparison) => number) => stacks.reduce((total, stack) => total + count(stack), 0);
  const lines = (each: (stack: StackComparison) => readonly string[]) =>
    [...new Set(stacks.flatMap(each))].map((line) => `    ${line}`);
  return [
    `${describe(successor)} in place of ${describe(current)}, the sources unchanged:`,
    `  ${types.files} files type-checked: ${types.errors.length} errors`,
    ...types.errors.map((error) => `    ${error}`),
    `  ${stacks.length} stacks, ${sum(({ resources }) => resources)} resources compared: ` +
      `${sum(({ explained }) => explained.length)} differences explained, ` +
      `${sum(({ unexplained }) => unexplained.length)} unexplained`,
    ...lines(({ name, explained }) => explained.map((each) => `${name}: ${difference(each)}: ${each.reason}`)),
    ...lines(({ name, unexplained }) => unexplained.map((each) => `${name}: ${difference(each)}: without a reason`)),
    `  ${sum(({ names }) => names)} names in blocks and expressions looked up: ` +
      `${sum(({ unknown }) => unknown.length)} that provider ${successor.provider} has not, ` +
      `${sum(({ deprecated }) => deprecated.length)} that it warns about`,
    ...lines(({ name, unknown }) => unknown.map((each) => `${name}: ${each} is not there`)),
    ...lines(({ name, deprecated }) => deprecated.map((each) => `${name}: ${each.name}: ${each.reason}`)),
    "",
    good ? "The successor can take over." : "The successor cannot take over: mend what is named above.",
    `Not seen by this check: provider ${successor.provider} itself, which also validates values. To see that: ` +
      "`npx quickturn modules`, then terraform init -upgrade and validate in dist/terraform/agent-api.",
  ].join("\n");
}

function describe({ core, version, provider }: Versions): string {
  return `${core} ${version} with AWS provider ${provider}`;
}

function difference({ path, before, after }: ValueDifference): string {
  const text = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 120));
  return `${path} ${text(before)} -> ${text(after)}`;
}
