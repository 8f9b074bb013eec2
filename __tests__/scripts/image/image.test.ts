import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readImageFiles } from "../../../scripts/image/dockerfile";
import {
  buildImage,
  findImageBuilder,
  listBuilderArguments,
  runBuilder,
  validateImage,
} from "../../../scripts/image/image";
import { SILENT } from "../../../scripts/kit/context";
import { recordingPodman } from "../../support/recording-podman";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

describe("image", () => {
  const context = (environment: NodeJS.ProcessEnv = {}, projectDirectory = PROJECT) => ({
    projectDirectory,
    environment,
    progress: SILENT,
    signal: new AbortController().signal,
  });

  /** The project's Dockerfile, spoiled, in a folder of its own. */
  function spoiled(change: (dockerfile: string) => string): string {
    const folder = temporaryFolder("spoiled");
    mkdirSync(join(folder, "handlers"));
    symlinkSync(
      join(PROJECT, "handlers", "Dockerfile.dockerignore"),
      join(folder, "handlers", "Dockerfile.dockerignore"),
    );
    writeFileSync(
      join(folder, "handlers", "Dockerfile"),
      change(readFileSync(join(PROJECT, "handlers", "Dockerfile"), "utf8")),
    );
    return folder;
  }

  test("our image is in order, and within its budget", async () => {
    const { exitCode, text, json } = await validateImage(context());
    expect([exitCode, json]).toEqual([0, expect.objectContaining({ valid: true, problems: [] })]);
    expect((json as { bytes: number }).bytes).toBeGreaterThan(1024 ** 2);
    expect(text).toMatch(/^The image is in order: \d+\.\d MiB above its base image\.\n {2}handlers\/Dockerfile:\d+ /);
  });

  test("a broken rule gives exit code 1 and its line, and nothing is built", async () => {
    const folder = spoiled((text) => text.replace("USER 993:990", "USER root"));
    const podman = recordingPodman();
    for (const result of [await validateImage(context({}, folder)), await buildImage(context(podman.env, folder))]) {
      expect(result.exitCode).toBe(1);
      expect(result.text).toMatch(/^handlers\/Dockerfile:\d+ {2}non-root: USER is "root"\./);
    }
    expect(podman.asked).toThrow("ENOENT");
  });

  test("a base that is another image tomorrow is refused", async () => {
    expect(await validateImage(context(), { base: "node:latest" })).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining('FROM ${BASE} is "node:latest"') as unknown,
    });
  });

  test("without a builder the error names those that are looked for", async () => {
    await expect(buildImage(context({ PATH: "/nowhere" }))).rejects.toThrow(
      "There is no builder that could build: buildah, podman, docker are missing, or without a daemon. Install one " +
        "(Debian: apt-get install buildah); quickturn image validate needs none.",
    );
    await expect(buildImage(context({ PATH: "/nowhere" }), { builder: "docker" })).rejects.toThrow(
      "There is no builder that could build: docker is missing, or without a daemon.",
    );
  });

  test("a Dockerfile that is missing or broken is refused", () => {
    expect(() => readImageFiles("/nowhere")).toThrow(
      "/nowhere/handlers/Dockerfile is missing. Take it from the repository again.",
    );
    expect(() => readImageFiles(spoiled(() => "FORM a:1"))).toThrow(
      'handlers/Dockerfile: Line 1: "FORM" is no instruction.',
    );
  });
});

describe("image builder", () => {
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
    expect(listed("docker")).toBe(
      `${common} --provenance=false --build-arg SOURCE_DATE_EPOCH=0 --build-arg BASE=b:1 .`,
    );
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
});
