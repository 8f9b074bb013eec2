import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deploymentFolder } from "../kit/deployment-folder";
import { writeReport } from "../kit/files";
import { stackDirectory, synth, writeStacks } from "../kit/synth";
import { createModuleFiles, readModuleFacts, type ModuleFacts, type SynthesizedStack } from "./module-files";
import { createHclFiles } from "./module-hcl";
import { formatAgentApiPages, formatPartFiles, type PartPages } from "./module-readme";
import { formatModuleTests } from "./module-tests";
import { alarmsPages } from "./parts/alarms";
import { cachedApiStagePages } from "./parts/cached-api-stage";
import { liveAliasPages } from "./parts/live-alias";

/** A module that is written. */
interface ModuleSource {
  /** The name of its folder, and of the stack that it is made from. */
  readonly name: string;
  /** What stands beside its Terraform files, by path: README, examples, tests. */
  readonly companions: (facts: ModuleFacts) => Readonly<Record<string, string>>;
  /** Files of the project that are copied into its folder. */
  readonly copied: readonly string[];
}

/** The small modules, which are useful alone. */
export const PART_PAGES: readonly PartPages[] = [cachedApiStagePages, liveAliasPages, alarmsPages];

/** Every module. A further one is an entry here or in PART_PAGES, and a stack in stacks/app.ts. */
export const MODULES: readonly ModuleSource[] = [
  {
    name: "agent-api",
    companions: (facts) => ({ ...formatAgentApiPages(facts), ...formatModuleTests(facts.dropped) }),
    copied: ["LICENSE", "RUNBOOK.md"],
  },
  ...PART_PAGES.map((pages) => ({
    name: pages.part.name,
    companions: (facts: ModuleFacts) => formatPartFiles(pages, facts),
    copied: ["LICENSE"],
  })),
];

/** What stacks/app.ts reads to write the stacks of all modules. */
export const MODULE_STACKS = { QUICKTURN_STACKS: MODULES.map(({ name }) => name).join(",") };

interface ModulesOptions {
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

/**
 * Writes the stacks as Terraform modules for people who have no Node.js: each as Terraform JSON, and as HCL in the
 * registry's layout. Files of other names in the folder stay.
 */
export async function modules(
  context: CommandContext,
  { out, synthesized }: ModulesOptions = {},
): Promise<CommandResult> {
  if (out === "") throw new UsageError('--out is ""; allowed: a folder, such as dist/terraform.');
  const base = deploymentFolder(context);
  const target = resolve(base, out ?? join("dist", "terraform"));
  const output = synthesized ?? (await synthesize(context, join(base, "cdktf.out", "modules")));
  const write = (form: ModuleForm) =>
    MODULES.map((source) =>
      writeModule(source, {
        ...form,
        target,
        project: context.projectDirectory,
        stack: stackDirectory(output, source.name),
      }),
    );
  const written = await context.progress.step("Write the modules", async () => ({
    modules: write({ repository: false }),
    repositories: write({ repository: true }),
  }));
  return {
    exitCode: 0,
    text: [...written.modules, ...written.repositories]
      .map(({ directory }) => relative(base, directory) || ".")
      .join("\n"),
    json: written,
  };
}

/** Writes the modules to a temporary folder. Returns their files by path. */
export async function buildModules(context: CommandContext): Promise<Record<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-modules-"));
  try {
    const [synthesized, out] = [join(folder, "synthesized"), join(folder, "modules")];
    await context.progress.step("Synthesize the modules' stacks", () =>
      writeStacks(context, synthesized, MODULE_STACKS),
    );
    await modules(context, { out, synthesized });
    const files = readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return Object.fromEntries(files.map((file) => [relative(out, file), readFileSync(file)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function synthesize(context: CommandContext, outputDirectory: string): Promise<string> {
  await synth({ ...context, environment: { ...context.environment, ...MODULE_STACKS } }, { outputDirectory });
  return outputDirectory;
}

interface ModuleForm {
  /** Whether it is HCL that stands in a repository of its own, instead of Terraform JSON in a folder of its users'. */
  readonly repository: boolean;
}

interface ModulePlace extends ModuleForm {
  readonly project: string;
  /** The folder of its synthesized stack. */
  readonly stack: string;
  /** The folder of all modules. */
  readonly target: string;
}

function writeModule({ name, companions, copied }: ModuleSource, place: ModulePlace): WrittenModule {
  const { project, stack, target, repository } = place;
  const json = JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8")) as SynthesizedStack;
  const moduleName = repository ? `terraform-aws-${name}` : name;
  const directory = join(target, moduleName);
  const terraform = createModuleFiles(json);
  const source = `git::https://git.example.org/your-team/${moduleName}.git?ref=v${readVersion(project)}`;
  const files: Record<string, string | Uint8Array> = {
    ...(repository ? createHclFiles(terraform) : terraform),
    ...companions({ ...readModuleFacts(json), ...(repository && { source }) }),
    ...readAssets(stack),
    ...Object.fromEntries(copied.map((file) => [file, readFileSync(join(project, file))])),
  };
  for (const [path, content] of Object.entries(files)) writeReport(join(directory, path), content);
  return { name: moduleName, directory, files: Object.keys(files).sort() };
}

const readVersion = (project: string): string =>
  (JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { version: string }).version;

/** A stack's zips; the small modules have none. */
function readAssets(stack: string): Record<string, Uint8Array> {
  if (!existsSync(join(stack, "assets"))) return {};
  const names = readdirSync(join(stack, "assets")).filter((name) => name.endsWith(".zip"));
  return Object.fromEntries(names.map((name) => [`assets/${name}`, readFileSync(join(stack, "assets", name))]));
}
