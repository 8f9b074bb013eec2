import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listBuilderArguments, runBuilder, findImageBuilder } from "../../../scripts/image/image-builder";
import { temporaryFolder } from "../../support/temporary-folder";

const BUILD = { platform: "linux/arm64", buildArguments: { BASE: "b:1" }, tag: "t:1" };

/** Programs in a folder, as the only ones on the path. */
function programs(scripts: Readonly<Record<string, string>>): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = temporaryFolder("builders");
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return { folder, env: { PATH: folder } };
}

test("the first builder that can build is found", async () => {
  const { folder, env } = programs({ docker: "echo 27.1.2", podman: "echo podman version 4.3.1", buildah: "exit 1" });
  expect(await findImageBuilder(folder, env)).toEqual({ name: "podman", version: "4.3.1" });
  expect(await findImageBuilder(folder, env, ["docker"])).toEqual({ name: "docker", version: "27.1.2" });
  expect(await findImageBuilder(folder, env, ["buildah"])).toBeUndefined();
});

test("each builder is given the ignore file, one time for all files, and a layer for each instruction", () => {
  const common = "build --platform linux/arm64 --file handlers/Dockerfile --tag t:1";
  const listed = (name: "buildah" | "podman" | "docker") => listBuilderArguments(name, BUILD).join(" ");
  expect(listed("buildah")).toBe(
    `${common} --layers --ignorefile handlers/Dockerfile.dockerignore --timestamp 0 --build-arg BASE=b:1 .`,
  );
  expect(listed("podman")).toBe(listed("buildah"));
  expect(listed("docker")).toBe(`${common} --provenance=false --build-arg SOURCE_DATE_EPOCH=0 --build-arg BASE=b:1 .`);
});

test("the builder runs in the given folder, and its lines are passed on", async () => {
  const { folder, env } = programs({ podman: 'echo "$PWD $*" > asked; echo STEP 1' });
  const lines: string[] = [];
  await runBuilder("podman", BUILD, { cwd: folder, env, onLine: (line) => lines.push(line) });
  expect(readFileSync(join(folder, "asked"), "utf8").trim()).toBe(
    [folder, ...listBuilderArguments("podman", BUILD)].join(" "),
  );
  expect(lines).toEqual(["STEP 1"]);
});

test("a failed build has the builder's own words; another architecture has advice", async () => {
  const { folder, env } = programs({
    podman: "echo no space left >&2; exit 1",
    buildah: "echo 'exec /usr/bin/node: Exec format error' >&2; exit 1",
  });
  await expect(runBuilder("podman", BUILD, { cwd: folder, env })).rejects.toThrow(
    "podman build ended with code 1:\nno space left",
  );
  await expect(runBuilder("buildah", BUILD, { cwd: folder, env })).rejects.toThrow(
    /^buildah cannot run programs for linux\/arm64 on this machine\. Build where the architecture is the same/,
  );
});
