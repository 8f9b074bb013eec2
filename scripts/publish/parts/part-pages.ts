import type { Part } from "../../../stacks/contract/parts";
import { formatVersions, joinLines, type Versions, extractModuleCall } from "../module-readme";
import { outputsTable, settingsTable } from "../tables";
import { formatTestFile, refuseBeyondLimits } from "../module-tests";

/** The texts and tests of one small module; tables and bad values come from its settings. */
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
export function formatPartFiles(
  pages: PartPages,
  dropped: readonly string[],
  versions: Versions,
): Readonly<Record<string, string>> {
  const settings = pages.part.settings.filter(({ name }) => !dropped.includes(name));
  return {
    "README.md": formatReadme(pages, settings),
    "examples/basic/main.tf": `${formatVersions(versions)}\n${pages.example}`,
    "tests/behaviour.tftest.hcl": formatTestFile("What it plans, and what each flip changes.", [
      pages.given,
      ...pages.runs,
    ]),
    "tests/refused.tftest.hcl": formatTestFile("Every bad value is refused at its variable.", [
      pages.given,
      ...refuseBeyondLimits(settings),
      ...pages.refusals,
    ]),
  };
}

const USE = joinLines(`Plain Terraform: JSON, no Node.js. Copy this folder into your repository, or unpack it where your
modules stand. \`count\`, \`for_each\` and \`providers\` work; the region is the provider's.`);

const EFFECTS = joinLines(`What a change does: *alias* moves the alias (seconds); *stage* changes the stage (seconds);
*in place* updates a resource (seconds); *minutes* says what AWS takes; *identity*: another value is another resource,
set it once.`);

function formatReadme({ part, summary, notes, example }: PartPages, settings: Part["settings"]): string {
  return `# Quickturn: ${part.name}

${summary}
${USE}

## Example

\`\`\`hcl
${extractModuleCall(example, part.name)}\`\`\`

\`examples/basic\` is this as a whole root.

## What to know

${notes}
**Tests.** \`terraform init && terraform test\` in this folder plans it with a mocked provider: no account is needed.

## Inputs

${EFFECTS}

${settingsTable(settings)}

## Outputs

${outputsTable(part.outputs)}
`;
}
