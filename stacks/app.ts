import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { AgentApiStack } from "./agent-api-stack";

/** Where `quickturn package` writes the functions' zips. */
const ARCHIVES = join(__dirname, "../dist/functions");

/**
 * Entry of cdktf.json, and the only reader of the environment at synth.
 *
 * QUICKTURN_PREVENT_DESTROY=false leaves out Terraform's refusal to destroy the tables, for the one apply in
 * which a deployment is taken down. Anything else, or nothing, keeps it.
 */
function main(): void {
  const app = new App();
  new AgentApiStack(app, "agent-api", { preventDestroy: process.env["QUICKTURN_PREVENT_DESTROY"] !== "false" });
  app.synth();
  addArchives(app.outdir, "agent-api");
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

main();
