import type { Part } from "../../../stacks/contract/parts";
import { head, type Versions, moduleCall } from "../module-readme";
import { outputsTable, settingsTable } from "../tables";
import { limitRefusals } from "../module-tests";

/** What is said and tried of one small module; the tables and the bad values come from its settings. */
export interface PartPages {
  readonly part: Part;
  /** What it is and when to use it, in Markdown: a paragraph or two. */
  readonly summary: string;
  /** What its user must know, in Markdown: paragraphs. */
  readonly notes: string;
  /** A root that calls it, in HCL, without the block of versions. */
  readonly example: string;
  /** The file's part that all runs share, in HCL: mocks and variables. */
  readonly given: string;
  /** Run blocks that show what it does, in HCL. */
  readonly runs: readonly string[];
  /** Run blocks of what its rules refuse or warn about, in HCL, beside the limits. */
  readonly refusals: readonly string[];
}

/**
 * What stands beside a small module's Terraform files, by path: README, example, tests.
 * @param dropped names of the stack's variables that the module has not
 */
export function partFiles(
  pages: PartPages,
  dropped: readonly string[],
  versions: Versions,
): Readonly<Record<string, string>> {
  const settings = pages.part.settings.filter(({ name }) => !dropped.includes(name));
  return {
    "README.md": readme(pages, settings),
    "examples/basic/main.tf": `${head(versions)}\n${pages.example}`,
    "tests/behaviour.tftest.hcl": `# What it plans, and what each flip changes.\n\n${[pages.given, ...pages.runs].join("\n")}`,
    "tests/refused.tftest.hcl": `# Every bad value is refused at its variable.\n\n${[pages.given, ...limitRefusals(settings), ...pages.refusals].join("\n")}`,
  };
}

function readme({ part, summary, notes, example }: PartPages, settings: Part["settings"]): string {
  return `# Quickturn: ${part.name}

${summary}
Plain Terraform: JSON, no Node.js. Copy this folder into your repository, or unpack it where your modules stand. \`count\`, \`for_each\` and \`providers\` work; the region is the provider's.

## Example

\`\`\`hcl
${moduleCall(example, part.name)}\`\`\`

\`examples/basic\` is this as a whole root.

## What to know

${notes}
**Tests.** \`terraform init && terraform test\` in this folder plans it with a mocked provider: no account is needed.

## Inputs

What a change does: *alias* moves the alias (seconds); *stage* changes the stage (seconds); *in place* updates a resource (seconds); *minutes* says what AWS takes; *identity*: another value is another resource, set it once.

${settingsTable(settings)}

## Outputs

${outputsTable(part.outputs)}
`;
}
