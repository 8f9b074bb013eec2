import { createRequire } from "node:module";
import { join } from "node:path";
import pc from "picocolors";
import { findNodeBinary } from "../kit/node-binary";
import { BUILDERS, findImageBuilder } from "../image/image-builder";
import { run } from "../kit/process";
import { findProviderSource, terraformEnvironment, type ProviderSource } from "../kit/terraform-environment";
import type { CommandContext, CommandResult } from "../kit/context";

/** Whether a dotted version is at least another. Parts that are missing count as 0; what follows `-` is left out. */
export function atLeast(version: string, minimum: string): boolean {
  const [given, wanted] = [version, minimum].map((text) => (text.split("-")[0] ?? "").split(".").map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (given?.[part] ?? 0) - (wanted?.[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** What was looked for, what was found, and what to do where it is not good. */
export interface Finding {
  readonly name: string;
  readonly good: boolean;
  readonly found: string;
  /** What needs it. */
  readonly neededFor: string;
  /** The command that mends it; only where it is not good. */
  readonly fix?: string;
  /** Whether the machine may do without it. Default: it may not. */
  readonly optional?: boolean;
}

const MINIMUM_NODE = "20.19.0";
const MINIMUM_TERRAFORM = "1.11.0";

/** Says what this machine has and what is missing. Exit code: 0 where nothing is missing, else 1. */
export async function doctor({ projectDirectory, environment }: CommandContext): Promise<CommandResult> {
  const source = findProviderSource(environment);
  const env = terraformEnvironment(environment, source, join(projectDirectory, ".quickturn"));
  const findings = [
    node(),
    packages(projectDirectory),
    functionRuntime(),
    await terraform(projectDirectory, env),
    provider(source),
    await emulator(projectDirectory, env),
    await imageBuilder(projectDirectory, env),
  ];
  const good = findings.every((finding) => finding.good || finding.optional);
  return { exitCode: good ? 0 : 1, text: findings.map(describe).join("\n"), json: { good, findings } };
}

function node(): Finding {
  const found = process.versions.node;
  const good = atLeast(found, MINIMUM_NODE);
  return {
    name: "Node.js",
    good,
    found,
    neededFor: "everything",
    ...(good ? {} : { fix: `install Node.js ${MINIMUM_NODE} or newer` }),
  };
}

function packages(projectDirectory: string): Finding {
  const good = isThere("cdktf/package.json", projectDirectory);
  return {
    name: "npm packages",
    good,
    found: good ? "installed" : "missing",
    neededFor: "everything",
    ...(good ? {} : { fix: "npm ci" }),
  };
}

/** An installed copy has its packages beside it, a clone below it. */
function isThere(file: string, from: string): boolean {
  try {
    return createRequire(join(from, "package.json")).resolve(file) !== "";
  } catch {
    return false;
  }
}

function functionRuntime(): Finding {
  const { path, warning } = findNodeBinary("nodejs22.x");
  const fix = `npm install --no-save node-${process.platform}-${process.arch}@22`;
  return {
    name: "Node.js 22 for the functions",
    good: warning === undefined,
    found: warning ? `Node ${process.versions.node}` : path,
    neededFor: "local",
    ...(warning ? { fix } : {}),
  };
}

async function terraform(cwd: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const neededFor = "plan, apply, rollback, local";
  const fix = `install Terraform ${MINIMUM_TERRAFORM} or newer: https://developer.hashicorp.com/terraform/install`;
  try {
    const { stdout } = await run("terraform", ["version", "-json"], { cwd, env });
    const found = (JSON.parse(stdout) as { terraform_version: string }).terraform_version;
    const good = atLeast(found, MINIMUM_TERRAFORM);
    return { name: "Terraform", good, found, neededFor, ...(good ? {} : { fix }) };
  } catch {
    return { name: "Terraform", good: false, found: "missing", neededFor, fix };
  }
}

function provider(source: ProviderSource): Finding {
  const found = {
    "cli-config": () => `as ${"path" in source ? source.path : ""} says`,
    mirror: () => `mirror in ${"path" in source ? source.path : ""}`,
    registry: () => "from registry.terraform.io, kept in .quickturn/plugins",
  }[source.kind]();
  return { name: "AWS provider", good: true, found, neededFor: "plan, apply, rollback, local" };
}

async function emulator(cwd: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const neededFor = "local, npm test";
  try {
    await run("moto_server", ["--help"], { cwd, env });
    return { name: "AWS emulator", good: true, found: "moto_server", neededFor };
  } catch {
    return { name: "AWS emulator", good: false, found: "missing", neededFor, fix: "pip install 'moto[server]==5.2.1'" };
  }
}

async function imageBuilder(cwd: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const builder = await findImageBuilder(cwd, env);
  const common = { name: "Image builder (optional)", optional: true, neededFor: "image build" };
  return builder === undefined
    ? { ...common, good: false, found: "missing", fix: `apt-get install buildah, or another of ${BUILDERS.join(", ")}` }
    : { ...common, good: true, found: `${builder.name} ${builder.version}` };
}

function describe({ name, good, found, neededFor, fix, optional }: Finding): string {
  const mark = good ? pc.green("ok     ") : optional ? pc.dim("none   ") : pc.red("missing");
  return `${mark}  ${name.padEnd(29)} ${found}${fix ? `\n         needed for: ${neededFor}\n         do: ${fix}` : ""}`;
}
