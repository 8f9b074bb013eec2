import { existsSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import { findNodeBinary } from "../kit/node-binary";
import { BUILDERS, findImageBuilder } from "../image/image";
import { cacheFolder, isAtLeast, type ToolName } from "../kit/toolchain/pins";
import { findTool, provideTools, type Tool } from "../kit/toolchain/toolchain";
import { EXIT_CODES, UsageError, type CommandContext, type CommandResult } from "../kit/context";

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

/** The tools that are fetched where they are missing, and what needs them. */
const TOOLS: Readonly<Record<ToolName, string>> = {
  terraform: "plan, apply, rollback, local",
  provider: "plan, apply, rollback, local",
  emulator: "local, npm test",
};

export interface DoctorOptions {
  /** Fetch now what is missing and can be fetched. Default: only say so. */
  readonly fix?: boolean;
  /** Names of tools, of which alone missing ones are fetched. Default: all. */
  readonly tools?: readonly string[];
}

/**
 * Says what this machine has, what will be fetched when a command needs it, and what is missing. Exit code: 0 nothing
 * is missing, 1 something is.
 */
export async function doctor(context: CommandContext, options: DoctorOptions = {}): Promise<CommandResult> {
  const { projectDirectory: cwd, environment } = context;
  const names = Object.keys(TOOLS) as ToolName[];
  const wanted = options.tools?.length ? options.tools : names;
  const unknown = wanted.find((name) => !Object.hasOwn(TOOLS, name));
  if (unknown !== undefined)
    throw new UsageError(`The tool is ${JSON.stringify(unknown)}; allowed: ${names.join(", ")}.`);
  const fetched = names.filter((name) => wanted.includes(name));
  const provided = options.fix ? await provideTools(fetched, context, { search: true }) : environment;
  const tools = await Promise.all(names.map((name) => findTool(name, environment, { search: true })));
  const findings = [
    findNode(),
    findPackages(cwd),
    findFunctionRuntime(environment),
    ...tools.map((tool) => judgeTool(tool, environment)),
    findBuilder(await findImageBuilder(cwd, environment)),
  ];
  const good = findings.every((finding) => finding.good || finding.optional);
  const exitCode = good ? EXIT_CODES.pass : EXIT_CODES.fail;
  return {
    exitCode,
    text: findings.map(describeFinding).join("\n"),
    json: { good, findings, variables: changed(environment, provided) },
  };
}

/** The variables by which programs find what was fetched. */
const changed = (before: NodeJS.ProcessEnv, after: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));

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

/** A tool that is missing is good, unless it may not be fetched: the command that needs it first fetches it. */
function judgeTool(
  { name, title, version, state, from, megabytes, why }: Tool,
  environment: NodeJS.ProcessEnv,
): Finding {
  const isOffline = environment["QUICKTURN_OFFLINE"] === "1";
  const found = {
    installed: `${version}, ${from}`,
    fetched: `${version}, ${from}`,
    missing: isOffline
      ? "missing, and QUICKTURN_OFFLINE=1 forbids to fetch it"
      : `will be fetched (about ${megabytes} MB)`,
    lacking: `missing: ${why}`,
  }[state];
  return judge({
    name: title,
    good: state !== "lacking" && !(state === "missing" && isOffline),
    found,
    neededFor: TOOLS[name],
    fix:
      `install ${title} ${version}, or run quickturn doctor --fix with a network; ` +
      `it goes to ${cacheFolder(environment)}`,
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
