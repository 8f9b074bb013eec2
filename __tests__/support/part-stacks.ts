import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, Testing, type TerraformStack } from "cdktf";
import { AlarmsStack, CachedApiStageStack, LiveAliasStack } from "../../stacks/parts/part-stacks";
import { PROJECT, type StackJson } from "./stack-json";
import { temporaryFolder } from "./temporary-folder";

const STACKS = { alarms: AlarmsStack, "cached-api-stage": CachedApiStageStack, "live-alias": LiveAliasStack };
export type PartName = keyof typeof STACKS;
export const PART_NAMES = Object.keys(STACKS) as PartName[];

/** A small module's stack, synthesized in this process, without cdktf's metadata. */
export function partStack(name: PartName): StackJson {
  const stack: TerraformStack = new STACKS[name](new App({ outdir: temporaryFolder("parts") }), name);
  return JSON.parse(Testing.synth(stack, true)) as StackJson;
}

/** The reviewed form of a small module's stack; UPDATE_GOLDEN=1 writes it. */
export function goldenPart(name: PartName, present: StackJson): unknown {
  const path = join(PROJECT, `__tests__/stacks/parts/${name}-stack.golden.json`);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, `${JSON.stringify(present, null, 2)}\n`);
  return JSON.parse(readFileSync(path, "utf8"));
}
