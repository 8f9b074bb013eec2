import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder";

/** A podman that writes down what it was asked. */
export function recordingPodman(): { env: NodeJS.ProcessEnv; asked: () => string } {
  const folder = temporaryFolder("podman");
  writeFileSync(join(folder, "podman"), `#!/bin/sh\n[ "$1" = build ] && echo "$*" > ${folder}/asked || echo 4.3.1\n`);
  chmodSync(join(folder, "podman"), 0o755);
  return { env: { PATH: folder }, asked: () => readFileSync(join(folder, "asked"), "utf8") };
}
