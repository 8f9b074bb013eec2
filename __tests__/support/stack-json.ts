import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";

export const PROJECT = join(__dirname, "../..");
export const STACK_DIRECTORY = join(PROJECT, "cdktf.out/stacks/agent-api");

type Block = Record<string, unknown>;

export interface StackJson {
  readonly variable: Record<
    string,
    { default: unknown; type: string; description: string; validation?: { condition: string; error_message: string }[] }
  >;
  readonly locals: Record<string, unknown>;
  readonly output: Record<string, { value: unknown; description: string }>;
  readonly resource: Record<string, Record<string, Block>>;
  readonly check: Record<string, unknown>;
  readonly terraform: { backend: unknown; required_providers: { aws: { version: string } }; required_version: string };
}

/** A stack as it was synthesized before the tests, as text and parsed. */
export function stackText(name: StackName = "agent-api"): string {
  return readFileSync(join(PROJECT, "cdktf.out/stacks", name, "cdk.tf.json"), "utf8");
}
export function stackJson(name: StackName = "agent-api"): StackJson {
  return JSON.parse(stackText(name)) as StackJson;
}

/** A resource of the stack by its address. */
export function resource(stack: StackJson, address: string): Record<string, unknown> {
  const [type = "", name = ""] = address.split(".");
  const found = stack.resource[type]?.[name];
  if (!found)
    throw new Error(
      `The stack has no ${address}; of that type it has ${Object.keys(stack.resource[type] ?? {}).join(", ")}`,
    );
  return found;
}

/** What `${jsonencode(local.x)}` encodes. */
export function encoded(stack: StackJson, value: unknown): unknown {
  const name = /^\$\{jsonencode\((?:local\.(\w+)|merge\(local\.(\w+), \{ .+ \}\))\)\}$/
    .exec(String(value))
    ?.slice(1)
    .find(Boolean);
  if (!name)
    throw new Error(
      `"${String(value)}" is neither \${jsonencode(local.<name>)} nor \${jsonencode(merge(local.<name>, { … }))}`,
    );
  return stack.locals[name];
}
