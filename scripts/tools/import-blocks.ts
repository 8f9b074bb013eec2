import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Import } from "../judges/adoption/planned";
import { writeWhole } from "./files";

/** Read by terraform beside the configuration; its own name, so that a synth does not overwrite it. */
const FILE = "adopt.tf.json";

/**
 * Has the next plan in a folder take these over: Terraform's own import blocks. Of what is in the state already nothing
 * comes.
 */
export function writeImports(directory: string, imports: readonly Import[]): void {
  if (imports.length === 0) return removeImports(directory);
  writeWhole(
    join(directory, FILE),
    `${JSON.stringify({ import: imports.map(({ to, id }) => ({ to, id })) }, null, 2)}\n`,
  );
}

/** Takes them away. Without any it does nothing. */
export function removeImports(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}
