import { existsSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import { findNodeBinary } from "../kit/node-binary";
import { BUILDERS, findImageBuilder } from "../image/image";
import { run, type RunResult } from "../kit/process";
import { findProviderSource, terraformEnvironment, type ProviderSource } from "../kit/terraform-environment";
import { EXIT_CODES, type CommandContext, type CommandResult } from "../kit/context";

/** Compares dotted versions. Missing parts count as 0, and what follows `-` does not count. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [given = [], wanted = []] = [version, minimum].map((text) => (text.split("-")[0] ?? "").split(".").map(Number));
  const differing = [0, 1, 2].find((part) => (given[part] ?? 0) !== (wanted[part] ?? 0));
  return differing === undefined || (given[differing] ?? 0) > (wanted[differing] ?? 0);
}

/** What was looked for, what was found, and what to do where it is missing. */
export interface Finding {
  readonly name: string;
  readonly good: boolean;
  readonly found: string;
  /** What needs it. */
  readonly neededFor: string;
  /** What installs it; only where it is not good. */
  readonly fix?: string;
  /** Whether a machine may lack it. Default: it may not. */
  readonly optional?: boolean;
}

/** Makes a finding, with its fix only where it is needed. */
const judge = ({ fix, ...finding }: Finding & { readonly fix: string }): Finding => ({
  ...finding,
  ...(finding.good ? {} : { fix }),
});

const MINIMUM_NODE = "20.19.0";
const MINIMUM_TERRAFORM = "1.11.0";
const TERRAFORM_COMMANDS = "plan, apply, rollback, local";

/** Says what this machine has and what is missing. Exit code: 0 nothing is missing, 1 something is. */
export async function doctor({ projectDirectory: cwd, environment }: CommandContext): Promise<CommandResult> {
  const source = findProviderSource(environment);
  const env = terraformEnvironment(environment, source, join(cwd, ".quickturn"));
  /** What a program prints; undefined where it cannot be run. */
  const tryRun = (program: string, args: readonly string[]) => run(program, args, { cwd, env }).catch(() => undefined);
  const findings = [
    findNode(),
    findPackages(cwd),
    findFunctionRuntime(environment),
    findTerraform(await tryRun("terraform", ["version", "-json"])),
    findProvider(source),
    findEmulator(await tryRun("moto_server", ["--help"])),
    findBuilder(await findImageBuilder(cwd, env)),
  ];
  const good = findings.every((finding) => finding.good || finding.optional);
  const exitCode = good ? EXIT_CODES.pass : EXIT_CODES.fail;
  return { exitCode, text: findings.map(describeFinding).join("\n"), json: { good, findings } };
}

function findNode(): Finding {
  const found = process.versions.node;
  const fix = `install Node.js ${MINIMUM_NODE} or newer`;
  return judge({ name: "Node.js", good: isAtLeast(found, MINIMUM_NODE), found, neededFor: "everything", fix });
}

function findPackages(projectDirectory: string): Finding {
  // A copy that npm installed has them inside its program.
  const isClone = existsSync(join(projectDirectory, "package-lock.json"));
  const good = !isClone || existsSync(join(projectDirectory, "node_modules", "cdktf", "package.json"));
  const found = good ? (isClone ? "installed" : "came along") : "missing";
  return judge({ name: "npm packages", good, found, neededFor: "everything", fix: "npm ci" });
}

function findFunctionRuntime(environment: NodeJS.ProcessEnv): Finding {
  const { path, warning, fetch } = findNodeBinary("nodejs22.x", environment);
  return judge({
    name: "Node.js 22 for the functions",
    good: warning === undefined || fetch !== undefined,
    found: fetch ? `will be fetched (${fetch.megabytes} MB)` : warning ? `Node ${process.versions.node}` : path,
    neededFor: "local",
    fix: "run on Node.js 22, as Lambda does",
  });
}

function findTerraform(result: RunResult | undefined): Finding {
  const version = result && (JSON.parse(result.stdout) as { terraform_version: string }).terraform_version;
  return judge({
    name: "Terraform",
    good: version !== undefined && isAtLeast(version, MINIMUM_TERRAFORM),
    found: version ?? "missing",
    neededFor: TERRAFORM_COMMANDS,
    fix: `install Terraform ${MINIMUM_TERRAFORM} or newer: https://developer.hashicorp.com/terraform/install`,
  });
}

function findProvider(source: ProviderSource): Finding {
  const path = "path" in source ? source.path : "";
  const found = {
    "cli-config": `as ${path} says`,
    mirror: `mirror in ${path}`,
    registry: "from registry.terraform.io, kept in .quickturn/plugins",
  }[source.kind];
  return { name: "AWS provider", good: true, found, neededFor: TERRAFORM_COMMANDS };
}

function findEmulator(result: RunResult | undefined): Finding {
  const good = result !== undefined;
  return judge({
    name: "AWS emulator",
    good,
    found: good ? "moto_server" : "missing",
    neededFor: "local, npm test",
    fix: "pip install 'moto[server]==5.2.1'",
  });
}

function findBuilder(builder: Awaited<ReturnType<typeof findImageBuilder>>): Finding {
  return judge({
    name: "Image builder (optional)",
    optional: true,
    good: builder !== undefined,
    found: builder === undefined ? "missing" : `${builder.name} ${builder.version}`,
    neededFor: "image build",
    fix: `apt-get install buildah, or another of ${BUILDERS.join(", ")}`,
  });
}

function describeFinding({ name, good, found, neededFor, fix, optional }: Finding): string {
  const mark = good ? pc.green("ok     ") : optional ? pc.dim("none   ") : pc.red("missing");
  const help = fix ? `\n         needed for: ${neededFor}\n         do: ${fix}` : "";
  return `${mark}  ${name.padEnd(29)} ${found}${help}`;
}
