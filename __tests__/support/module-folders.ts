import { join } from "node:path";
import { sandboxEnvironment } from "../../scripts/emulator/moto";
import { keepProvider } from "../../scripts/emulator/kept-provider";
import { run, type RunResult } from "../../scripts/kit/process";
import { Terraform } from "../../scripts/kit/terraform";
import { writtenModules } from "./module-stacks";
import { temporaryFolder } from "./temporary-folder";

/** The modules' folders as their users have them, and terraform to look at them. */
export interface ModuleFolders {
  /** Holds a folder for each module, of its name. */
  readonly modules: string;
  /** Runs terraform in a folder, whatever its exit code is. */
  terraform(directory: string, ...args: string[]): Promise<RunResult>;
  stop(): Promise<void>;
}

/** Writes the modules, and keeps a provider that has no account behind it: nothing here asks AWS for anything. */
export async function startModuleFolders(): Promise<ModuleFolders> {
  const folder = temporaryFolder("modules");
  const modules = await writtenModules(folder);
  const sandbox = sandboxEnvironment(process.env, "http://127.0.0.1:9", folder);
  const directory = join(modules, "agent-api");
  await new Terraform({ directory, env: sandbox }).init();
  const provider = await keepProvider({ directory, env: sandbox, configurations: [modules] });
  const env = { ...sandbox, ...provider.variables };
  return {
    modules,
    terraform: (cwd, ...args) => run("terraform", args, { cwd, env, acceptedCodes: [0, 1, 2, 3] }),
    stop: () => provider.stop(),
  };
}
