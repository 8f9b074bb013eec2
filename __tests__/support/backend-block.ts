import { Testing, type App } from "cdktf";
import type { Backend } from "../../stacks/backend";
import { PlatformStack } from "../../stacks/platform";

/** What a stack of this name tells Terraform about its state. */
export function backendBlockOf(app: App, name: string, backend: Backend): unknown {
  const { terraform } = JSON.parse(Testing.synth(new PlatformStack(app, name, { backend }))) as {
    terraform: Record<string, unknown>;
  };
  return Object.fromEntries(Object.entries(terraform).filter(([key]) => key === "backend" || key === "cloud"));
}
