import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { App } from "cdktf";
import { LOCAL_BACKEND, SynthInputError, parseBackend, placeInEnvironment, type Backend } from "./backend";
import { DEFAULT_ENVIRONMENT, placesOf } from "./contract/outputs";

/** Where `quickturn package` writes the functions' zips. */
const ARCHIVES = join(__dirname, "../dist/functions");

/** Says which provider a first `terraform init` takes: the project's own file, else the one that was tested. */
const LOCK_FILE = ".terraform.lock.hcl";
const TESTED_LOCK = join(__dirname, "..", LOCK_FILE);

/** Each stack is imported when it is synthesized, because the import takes as long as all the rest. */
const STACKS: Readonly<Record<string, (app: App) => Promise<void>>> = {
  "agent-api": async (app) => {
    const { AgentApiStack } = await import("./agent-api-stack.js");
    new AgentApiStack(app, "agent-api", { preventDestroy: preventDestroy(), backend: backend(app) });
    addArchives(app.outdir, "agent-api");
  },
  state: async (app) => {
    const { StateStack } = await import("./state-stack.js");
    new StateStack(app, "state", { preventDestroy: preventDestroy(), backend: backend(app) });
  },
  "pipeline-access": async (app) => {
    const { PipelineAccessStack } = await import("./pipeline-access-stack.js");
    new PipelineAccessStack(app, "pipeline-access", { backend: backend(app) });
  },
  "cached-api-stage": async (app) => {
    const { CachedApiStageStack } = await import("./parts/part-stacks");
    new CachedApiStageStack(app, "cached-api-stage");
  },
  "live-alias": async (app) => {
    const { LiveAliasStack } = await import("./parts/part-stacks");
    new LiveAliasStack(app, "live-alias");
  },
  alarms: async (app) => {
    const { AlarmsStack } = await import("./parts/part-stacks");
    new AlarmsStack(app, "alarms");
  },
};

/**
 * Entry of cdktf.json, and the only reader of the environment at synth.
 *
 * QUICKTURN_STACKS names the stacks, separated by commas, or `all`; by default the API alone, so that `cdktf plan`
 * needs no name. QUICKTURN_PREVENT_DESTROY=false leaves out Terraform's refusal to destroy the tables and the state's
 * bucket, for the one apply in which a deployment is taken down. Anything else, or nothing, keeps it. QUICKTURN_ENV
 * names the environment whose state is meant; by default `default`. QUICKTURN_PROJECT is the folder of settings and
 * local states; by default that of these sources. QUICKTURN_BACKEND says where the state is kept (stacks/backend.ts);
 * unset, the context key `quickturn:backend` of cdktf.json does.
 */
async function main(): Promise<void> {
  const output = resolve(process.env["CDKTF_OUTDIR"] || "cdktf.out");
  const making = mkdtempSync(join(tmpdir(), "quickturn-synth-"));
  try {
    await synthesize(making);
    publish(making, output);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  // The live versions, for terraform and cdktf themselves. In another output they would pin a sandbox.
  if (output === join(project(), placesOf(environmentName()).synthesized)) copyLiveFile(output);
}

async function synthesize(outdir: string): Promise<void> {
  const app = new App({ outdir, context: projectContext() });
  const wanted = process.env["QUICKTURN_STACKS"] || "agent-api";
  for (const name of wanted === "all" ? Object.keys(STACKS) : wanted.split(",")) {
    const create = STACKS[name];
    if (!create)
      throw new SynthInputError(
        `QUICKTURN_STACKS names the stack ${JSON.stringify(name)}; allowed: ${Object.keys(STACKS).join(", ")}, ` +
          "separated by commas, or all",
      );
    await create(app);
  }
  app.synth();
  const own = join(project(), LOCK_FILE);
  const lock = existsSync(own) ? own : TESTED_LOCK;
  for (const stack of readdirSync(join(outdir, "stacks"))) cpSync(lock, join(outdir, "stacks", stack, LOCK_FILE));
}

const preventDestroy = (): boolean => process.env["QUICKTURN_PREVENT_DESTROY"] !== "false";

/** The context of cdktf.json, which only cdktf's own command line hands over. */
function projectContext(): Record<string, unknown> {
  const file = join(project(), "cdktf.json");
  return existsSync(file)
    ? ((JSON.parse(readFileSync(file, "utf8")) as { context?: Record<string, unknown> }).context ?? {})
    : {};
}

const project = (): string => process.env["QUICKTURN_PROJECT"] || join(__dirname, "..");

const environmentName = (): string => process.env["QUICKTURN_ENV"] || DEFAULT_ENVIRONMENT;

const backend = (app: App): Backend => placeInEnvironment(projectBackend(app), environmentName());

function projectBackend(app: App): Backend {
  const given = process.env["QUICKTURN_BACKEND"];
  if (given) return parseBackend(given, "QUICKTURN_BACKEND");
  const configured: unknown = app.node.tryGetContext("quickturn:backend");
  if (configured === undefined) return LOCAL_BACKEND;
  const source = "quickturn:backend in cdktf.json's context";
  if (typeof configured !== "string")
    throw new SynthInputError(
      `${source} is ${JSON.stringify(configured)}; allowed: a text, as QUICKTURN_BACKEND takes it.`,
    );
  return parseBackend(configured, source);
}

/** Puts the zips beside the JSON, so that Terraform needs only the folder. */
function addArchives(outdir: string, stack: string): void {
  for (const archive of ["api.zip", "authorizer.zip", "sweeper.zip", "worker.zip"]) {
    const source = join(ARCHIVES, archive);
    if (!existsSync(source)) throw new SynthInputError(`${source} is missing. Make it: npx quickturn package`);
    const target = join(outdir, "stacks", stack, "assets");
    mkdirSync(target, { recursive: true });
    cpSync(source, join(target, archive));
  }
}

/**
 * Moves changed files into their place. Each is renamed, because another command may read it at the same time, and an
 * empty configuration has another backend. A lock file that is there stays: `terraform init -upgrade` may have changed
 * it, and the state may be of that provider.
 */
function publish(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    if (existsSync(target) && (entry.name === LOCK_FILE || readFileSync(target).equals(readFileSync(source)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, `${target}.${process.pid}.tmp`);
    renameSync(`${target}.${process.pid}.tmp`, target);
  }
}

function copyLiveFile(output: string): void {
  const [source, target] = [
    join(project(), placesOf(environmentName()).live),
    join(output, "stacks", "agent-api", "live.auto.tfvars.json"),
  ];
  if (!existsSync(source)) rmSync(target, { force: true });
  else if (existsSync(dirname(target))) cpSync(source, target);
}

main().catch((error: unknown) => {
  const isInput = error instanceof SynthInputError;
  console.error(isInput ? error.message : error);
  // The code of usage errors in sysexits.h, as the commands have it.
  process.exitCode = isInput ? 64 : 1;
});
