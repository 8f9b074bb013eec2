import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";

/** Where `quickturn package` writes the functions' zips. */
const ARCHIVES = join(__dirname, "../dist/functions");

/** Each stack, loaded when it is synthesized: an import of its resources takes as long as all the rest. */
const STACKS: Readonly<Record<string, (app: App) => Promise<void>>> = {
  "agent-api": async (app) => {
    const { AgentApiStack } = await import("./agent-api-stack.js");
    new AgentApiStack(app, "agent-api", { preventDestroy: process.env["QUICKTURN_PREVENT_DESTROY"] !== "false" });
    addArchives(app.outdir, "agent-api");
  },
};

/**
 * Entry of cdktf.json, and the only reader of the environment at synth.
 *
 * QUICKTURN_STACKS names the stacks, separated by commas; by default the API alone, so that `cdktf plan` needs no name.
 * QUICKTURN_PREVENT_DESTROY=false leaves out Terraform's refusal to destroy the tables, for the one apply in
 * which a deployment is taken down. Anything else, or nothing, keeps it.
 */
async function main(): Promise<void> {
  const app = new App();
  for (const name of (process.env["QUICKTURN_STACKS"] || "agent-api").split(",")) {
    const create = STACKS[name];
    if (!create) throw new Error(`QUICKTURN_STACKS names the stack ${JSON.stringify(name)}; allowed: ${Object.keys(STACKS).join(", ")}, separated by commas`);
    await create(app);
  }
  app.synth();
}

/** The zips stand beside the JSON, so that the folder is all that Terraform needs. */
function addArchives(outdir: string, stack: string): void {
  for (const archive of ["api.zip", "sweeper.zip", "worker.zip"]) {
    const source = join(ARCHIVES, archive);
    if (!existsSync(source)) throw new Error(`${source} is missing. Make it: npx quickturn package`);
    const target = join(outdir, "stacks", stack, "assets");
    mkdirSync(target, { recursive: true });
    cpSync(source, join(target, archive));
  }
}

void main();
