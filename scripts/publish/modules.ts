import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { listDroppedVariables, createModuleFiles, type SynthesizedStack } from "./module-files";
import { formatExamples, type Versions, formatReadme } from "./module-readme";
import { formatModuleTests } from "./module-tests";
import { PART_PAGES, formatPartFiles, type PartPages } from "./parts";
import { writeReport } from "../kit/files";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deploymentFolder } from "../kit/deployment-folder";
import { stackDirectory, synth } from "../kit/synth";

/** A module that is written. */
export interface ModuleSource {
  /** Its folder's name. */
  readonly name: string;
  /** The stack that it is made from. */
  readonly stack: string;
  /** What stands beside its Terraform files, by path: README, examples, tests. */
  readonly companions: (stack: SynthesizedStack) => Readonly<Record<string, string>>;
  /** Files of the project that a folder takes with it when it is copied, where they are there. */
  readonly copied: readonly string[];
}

/**
 * Every module: the whole API, and the parts that are useful alone. A further one is an entry here or in PART_PAGES,
 * and a stack in stacks/app.ts.
 */
export const MODULES: readonly ModuleSource[] = [
  { name: "agent-api", stack: "agent-api", companions: formatCompanions, copied: ["LICENSE", "RUNBOOK.md"] },
  ...PART_PAGES.map(createPartSource),
];

export interface ModulesOptions {
  /** Folder for the modules, from the project's. Default: dist/terraform. */
  readonly out?: string;
  /**
   * cdktf's output folder, with the modules' stacks already synthesized. Default: they are synthesized now, to
   * cdktf.out/modules, so that cdktf itself sees the stacks that it deploys alone.
   */
  readonly synthesized?: string;
}

interface WrittenModule {
  readonly name: string;
  readonly directory: string;
  /** Paths below it, in order. */
  readonly files: readonly string[];
}

/** Writes the stacks as Terraform modules for people who have no Node.js. Files of other names in the folder stay. */
export async function modules(
  context: CommandContext,
  { out, synthesized }: ModulesOptions = {},
): Promise<CommandResult> {
  const { projectDirectory, progress } = context;
  if (out === "") throw new UsageError('--out is ""; allowed: a folder, such as dist/terraform.');
  const target = resolve(deploymentFolder(context), out ?? join("dist", "terraform"));
  const output = synthesized ?? (await synthesize(context));
  const written = await progress.step("Write the modules", async () =>
    MODULES.map((source) => writeModule(source, { output, target, project: projectDirectory })),
  );
  return {
    exitCode: 0,
    text: written.map(({ directory }) => relative(deploymentFolder(context), directory) || ".").join("\n"),
    json: { modules: written },
  };
}

/** @returns cdktf's output folder */
async function synthesize(context: CommandContext): Promise<string> {
  const outputDirectory = join(deploymentFolder(context), "cdktf.out", "modules");
  const stacks = MODULES.map(({ stack }) => stack).join(",");
  await synth({ ...context, environment: { ...context.environment, QUICKTURN_STACKS: stacks } }, { outputDirectory });
  return outputDirectory;
}

/** Writes one module; `output` is cdktf's output folder, `target` the folder of all modules. */
function writeModule(
  { name, stack, companions, copied }: ModuleSource,
  { output, target, project }: { readonly output: string; readonly target: string; readonly project: string },
): WrittenModule {
  const [from, directory] = [stackDirectory(output, stack), join(target, name)];
  const json = JSON.parse(readFileSync(join(from, "cdk.tf.json"), "utf8")) as SynthesizedStack;
  const files: Record<string, string | Uint8Array> = {
    ...createModuleFiles(json),
    ...companions(json),
    ...readAssets(from),
    ...readCopies(project, copied),
  };
  for (const [path, content] of Object.entries(files)) writeReport(join(directory, path), content);
  return { name, directory, files: Object.keys(files).sort() };
}

/** A stack's zips; the small modules have none. */
function readAssets(stack: string): Record<string, Uint8Array> {
  if (!existsSync(join(stack, "assets"))) return {};
  const names = readdirSync(join(stack, "assets")).filter((name) => name.endsWith(".zip"));
  return Object.fromEntries(names.map((name) => [`assets/${name}`, readFileSync(join(stack, "assets", name))]));
}

function readCopies(project: string, names: readonly string[]): Record<string, Uint8Array> {
  const there = names.filter((name) => existsSync(join(project, name)));
  return Object.fromEntries(there.map((name) => [name, readFileSync(join(project, name))]));
}

function formatCompanions(stack: SynthesizedStack): Readonly<Record<string, string>> {
  const dropped = listDroppedVariables(stack);
  const examples = formatExamples(readVersions(stack));
  return {
    "README.md": formatReadme(dropped, examples["examples/basic/main.tf"] ?? ""),
    ...examples,
    ...formatModuleTests(dropped),
  };
}

function createPartSource(pages: PartPages): ModuleSource {
  const { name } = pages.part;
  return {
    name,
    stack: name,
    companions: (stack) => formatPartFiles(pages, listDroppedVariables(stack), readVersions(stack)),
    copied: ["LICENSE"],
  };
}

/** What the module's users need, as the stack says it. */
function readVersions({
  terraform: { required_version: terraform, required_providers: providers },
}: SynthesizedStack): Versions {
  return { terraform, aws: providers["aws"]?.version ?? "" };
}
