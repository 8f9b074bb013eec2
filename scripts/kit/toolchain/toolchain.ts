import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type CommandContext, UsageError } from "../context";
import { run } from "../process";
import { findProviderSource } from "../terraform-environment";
import { installOnce, isInstalled } from "./cache";
import type { DownloadOptions } from "./download";
import {
  cacheFolder,
  EMULATOR_REQUIREMENTS,
  isAtLeast,
  mirrored,
  PINS,
  PLATFORM,
  providerArchive,
  terraformArchive,
  type Archive,
  type ToolName,
} from "./pins";

/** A tool as this machine has it. */
export interface Tool {
  readonly name: ToolName;
  /** For a person. */
  readonly title: string;
  readonly version: string;
  /** `missing`: it can be fetched. `lacking`: it cannot, for the reason in `why`. */
  readonly state: "installed" | "fetched" | "missing" | "lacking";
  /** Where it is, or comes from. */
  readonly from: string;
  /** About how much a fetch would transfer. */
  readonly megabytes: number;
  readonly why?: string;
  /** What of the environment a program needs to find it. */
  readonly variables: Readonly<Record<string, string>>;
}

type Caller = Pick<CommandContext, "environment" | "progress" | "signal">;

/** How the provider is looked for. Default: as `findProviderSource` does. */
type Search = Parameters<typeof findProviderSource>[1];

const TITLES: Readonly<Record<ToolName, string>> = {
  terraform: "Terraform",
  provider: "AWS provider of Terraform",
  emulator: "AWS emulator moto",
};

const placeOf = (name: ToolName, environment: NodeJS.ProcessEnv): string => {
  const version = name === "emulator" ? `${PINS.emulator.version}-${requirementsHash()}` : PINS[name].version;
  return join(cacheFolder(environment), name, `${version}-${PLATFORM}`);
};
const requirementsHash = (): string =>
  createHash("sha256").update(readFileSync(EMULATOR_REQUIREMENTS)).digest("hex").slice(0, 8);

/** Looks for a tool: what is installed counts where its version is allowed, then what was fetched before. */
export async function findTool(name: ToolName, environment: NodeJS.ProcessEnv, search?: Search): Promise<Tool> {
  const { version, megabytes } = PINS[name];
  const tool = { name, title: TITLES[name], version, megabytes, variables: {} };
  const installed = await FINDERS[name](environment, search);
  if (installed) return { ...tool, ...installed, state: "installed" };
  const folder = placeOf(name, environment);
  if (isInstalled(folder))
    return { ...tool, state: "fetched", from: folder, variables: variablesOf(name, folder, environment) };
  const why =
    name === "terraform" && !terraformArchive() ? `no checksum of Terraform for ${PLATFORM} is pinned` : undefined;
  return { ...tool, state: why ? "lacking" : "missing", from: folder, ...(why && { why }) };
}

/**
 * The environment in which the tools are found. What the machine lacks is fetched, verified, into the user's cache.
 * @throws UsageError where it may not be fetched (QUICKTURN_OFFLINE=1) or cannot be
 */
export async function provideTools(
  names: readonly ToolName[],
  caller: Caller,
  search?: Search,
): Promise<NodeJS.ProcessEnv> {
  const { environment, progress } = caller;
  const tools = await Promise.all(names.map((name) => findTool(name, environment, search)));
  const missing = tools.filter(({ state }) => state === "missing" || state === "lacking");
  if (missing.length > 0) {
    refuseUnlessFetchable(missing, environment);
    progress.note(
      `This machine lacks ${missing.map(({ title, version }) => `${title} ${version}`).join(", ")}. About ` +
        `${missing.reduce((sum, { megabytes }) => sum + megabytes, 0)} MB are fetched once, verified, to ` +
        `${cacheFolder(environment)}. QUICKTURN_OFFLINE=1 refuses that.`,
    );
    for (const { name, title, from } of missing)
      await progress.step(`Fetch ${title}`, (detail) =>
        installOnce(from, { ...caller, detail, fill: (folder) => FILLERS[name](folder, { ...caller, detail }) }),
      );
  }
  return tools.reduce<NodeJS.ProcessEnv>((found, { name, state, from, variables }) => {
    const more = state === "installed" ? variables : variablesOf(name, from, found);
    return { ...found, ...more };
  }, environment);
}

function refuseUnlessFetchable(missing: readonly Tool[], environment: NodeJS.ProcessEnv): void {
  const reasons = missing.flatMap(({ title, version, why }) =>
    why ? [`${title}: ${why}.`] : environment["QUICKTURN_OFFLINE"] === "1" ? [`${title} ${version}`] : [],
  );
  if (reasons.length === 0) return;
  throw new UsageError(
    `This machine lacks: ${reasons.join(", ")}. ` +
      (environment["QUICKTURN_OFFLINE"] === "1" ? "QUICKTURN_OFFLINE=1 forbids to fetch it. " : "") +
      "Install it (quickturn doctor says how), or fetch it once with a network: quickturn doctor --fix.",
  );
}

type Installed = Pick<Tool, "version" | "from"> & Partial<Pick<Tool, "variables">>;

type Find = (environment: NodeJS.ProcessEnv, search?: Search) => Promise<Installed | undefined>;

const FINDERS: Readonly<Record<ToolName, Find>> = {
  async terraform(environment) {
    const path = findProgram("terraform", environment);
    if (path === undefined) return undefined;
    // Of the user's variables only these, because others, such as TF_CLI_ARGS, could make it fail or call a host.
    const bare = { PATH: environment["PATH"], CHECKPOINT_DISABLE: "1" };
    const version = await askVersion(path, ["version", "-json"], bare);
    const found = version && (JSON.parse(version) as { terraform_version: string }).terraform_version;
    return found && isAtLeast(found, PINS.terraform.minimum) ? { version: found, from: path } : undefined;
  },
  async provider(environment, search) {
    const source = findProviderSource(environment, search);
    if ("path" in source) return { version: PINS.provider.version, from: source.path };
    const implied = [join(environment["HOME"] ?? homedir(), ".terraform.d/plugins")].find((path) => existsSync(path));
    if (environment["TF_PLUGIN_CACHE_DIR"] || implied || !providerArchive())
      return { version: PINS.provider.version, from: "Terraform's own places" };
    return undefined;
  },
  async emulator(environment) {
    const path = findProgram("moto_server", environment);
    if (path === undefined) return undefined;
    const shebang = /^#!\s*(\S*python\S*)\s*$/.exec(readFileSync(path, "utf8").split("\n")[0] ?? "")?.[1];
    const version = await askVersion(
      shebang ?? "python3",
      ["-c", "import importlib.metadata; print(importlib.metadata.version('moto'))"],
      environment,
    );
    return version?.trim() === PINS.emulator.version ? { version: PINS.emulator.version, from: path } : undefined;
  },
};

const askVersion = (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> =>
  run(program, args, { cwd: tmpdir(), env }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );

/** The first file of that name on the PATH. */
function findProgram(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  return (environment["PATH"] ?? "")
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((each) => join(folder, each)))
    .find((path) => existsSync(path));
}

/** What a fetched tool needs in the environment: its folder on the PATH, or the provider's mirror. */
function variablesOf(name: ToolName, folder: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  if (name === "provider") return { QUICKTURN_PROVIDER_MIRROR: folder };
  const programs = name === "emulator" ? programsOf(folder) : folder;
  return { PATH: [programs, environment["PATH"]].filter(Boolean).join(delimiter) };
}

const programsOf = (environmentFolder: string): string =>
  join(environmentFolder, process.platform === "win32" ? "Scripts" : "bin");

type Fill = (folder: string, options: DownloadOptions) => Promise<void>;

const FILLERS: Readonly<Record<ToolName, Fill>> = {
  terraform: (folder, options) => fetchArchive(terraformArchive()!, folder, options),
  provider: (folder, options) =>
    fetchArchive(
      providerArchive()!,
      join(folder, "registry.terraform.io/hashicorp/aws", PINS.provider.version, PLATFORM),
      options,
    ),
  emulator: makePythonEnvironment,
};

/** The archive stays beside the folder until it is whole and unpacked, so that a further run goes on with it. */
async function fetchArchive(archive: Archive, folder: string, options: DownloadOptions): Promise<void> {
  const file = join(
    cacheFolder(options.environment),
    "downloads",
    new URL(archive.url).pathname.split("/").at(-1) ?? "",
  );
  // It is loaded only where there is something to fetch.
  const { download, unpackPrograms } = await import("./download");
  await download(archive, file, options);
  options.detail("unpacking");
  mkdirSync(folder, { recursive: true });
  await unpackPrograms(file, folder);
  rmSync(file, { force: true });
}

/** A virtual environment of Python with exactly the versions of the requirements. */
async function makePythonEnvironment(folder: string, { environment, detail, signal }: DownloadOptions): Promise<void> {
  const { python, index } = PINS.emulator;
  const options = { cwd: folder, env: environment, signal, onLine: detail };
  const interpreter = join(programsOf(folder), "python");
  const install = [
    "--requirement",
    EMULATOR_REQUIREMENTS,
    ...(environment["QUICKTURN_TOOLCHAIN_MIRROR"] ? ["--index-url", mirrored(index, environment)] : []),
  ];
  if (findProgram("uv", environment)) {
    await run("uv", ["venv", "--clear", folder], options);
    await run("uv", ["pip", "install", "--python", interpreter, ...install], options);
    return;
  }
  const version =
    findProgram("python3", environment) &&
    (await askVersion(
      "python3",
      ["-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"],
      environment,
    ));
  if (!version || !isAtLeast(version, python))
    throw new UsageError(
      `The AWS emulator needs Python ${python} or newer with its modules venv and pip, and ` +
        `${version ? `python3 is ${version.trim()}` : "there is no such python3"}. Install it: on Debian and Ubuntu ` +
        "apt-get install python3 python3-venv, on macOS brew install python; or install uv.",
    );
  await run("python3", ["-m", "venv", folder], options);
  await run(interpreter, ["-m", "pip", "install", "--disable-pip-version-check", "--no-deps", ...install], options);
}
