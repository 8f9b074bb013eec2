import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  handWritten,
  handWrittenState,
  type AppliedResource,
  type StateFile,
  type WrittenStack,
} from "../../judges/benches/hand-written";
import { REGION } from "../local-stack";

/** The applied stack of a folder as HCL that a person writes. @param shown what `terraform show -json` says of it */
export function handWrittenText(stackDirectory: string, shown: unknown): string {
  const { values } = shown as { values: { root_module: { resources: readonly AppliedResource[] } } };
  return handWritten(
    JSON.parse(readFileSync(join(stackDirectory, "cdk.tf.json"), "utf8")) as WrittenStack,
    values.root_module.resources,
    REGION,
  );
}

/** Writes a root of that text, which has the applied stack's zips, and its state as its own. */
export function writeHandWrittenRoot(stackDirectory: string, text: string, root: string): void {
  mkdirSync(root);
  cpSync(join(stackDirectory, "assets"), join(root, "assets"), { recursive: true });
  writeFileSync(join(root, "main.tf"), text);
  const state = JSON.parse(readFileSync(join(stackDirectory, "terraform.tfstate"), "utf8")) as StateFile;
  writeFileSync(join(root, "terraform.tfstate"), JSON.stringify(handWrittenState(state)));
}
