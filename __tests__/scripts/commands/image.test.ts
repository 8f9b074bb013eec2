import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildImage, validateImage } from "../../../scripts/commands/image";
import { readImageFiles } from "../../../scripts/commands/image-sources";
import { SILENT } from "../../../scripts/progress";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const context = (environment: NodeJS.ProcessEnv = {}, projectDirectory = PROJECT) => ({ projectDirectory, environment, progress: SILENT, signal: new AbortController().signal });

/** A podman that writes down what it was asked. */
function recordingPodman(): { env: NodeJS.ProcessEnv; asked: () => string } {
  const folder = temporaryFolder("podman");
  writeFileSync(join(folder, "podman"), `#!/bin/sh\n[ "$1" = build ] && echo "$*" > ${folder}/asked || echo 4.3.1\n`);
  chmodSync(join(folder, "podman"), 0o755);
  return { env: { PATH: folder }, asked: () => readFileSync(join(folder, "asked"), "utf8") };
}

/** The project's Dockerfile, spoiled, in a folder of its own. */
function spoiled(change: (dockerfile: string) => string): string {
  const folder = temporaryFolder("spoiled");
  mkdirSync(join(folder, "handlers"));
  symlinkSync(join(PROJECT, "handlers", "Dockerfile.dockerignore"), join(folder, "handlers", "Dockerfile.dockerignore"));
  writeFileSync(join(folder, "handlers", "Dockerfile"), change(readFileSync(join(PROJECT, "handlers", "Dockerfile"), "utf8")));
  return folder;
}

test("our image is in order, and within its budget", async () => {
  const { exitCode, text, json } = await validateImage(context());
  expect([exitCode, json]).toEqual([0, expect.objectContaining({ valid: true, problems: [] })]);
  expect((json as { bytes: number }).bytes).toBeGreaterThan(1024 ** 2);
  expect(text).toMatch(/^The image is in order: \d+\.\d MiB above its base image\.\n {2}handlers\/Dockerfile:\d+ /);
}, 60_000);

test("a broken rule ends with 1 and its line, and nothing is built", async () => {
  const folder = spoiled((text) => text.replace("USER 993:990", "USER root"));
  const podman = recordingPodman();
  for (const result of [await validateImage(context({}, folder)), await buildImage(context(podman.env, folder))]) {
    expect(result.exitCode).toBe(1);
    expect(result.text).toMatch(/^handlers\/Dockerfile:\d+ {2}non-root: USER is "root"\./);
  }
  expect(podman.asked).toThrow("ENOENT");
});

test("a base that is another image tomorrow is refused", async () => {
  expect(await validateImage(context(), { base: "node:latest" })).toMatchObject({ exitCode: 1, text: expect.stringContaining('FROM ${BASE} is "node:latest"') as unknown });
});

test("the builder is asked for the Lambda functions' architecture, and the name follows from the functions", async () => {
  const podman = recordingPodman();
  const { exitCode, text, json } = await buildImage(context(podman.env), { base: "localhost/base:1", caches: "" });
  const { tag, architecture } = json as { tag: string; architecture: string };
  expect([exitCode, architecture]).toEqual([0, "arm64"]);
  expect(tag).toMatch(/^quickturn:[0-9a-f]{12}$/);
  expect(podman.asked()).toContain(`--platform linux/arm64 --file handlers/Dockerfile --tag ${tag}`);
  expect(podman.asked()).toContain("--build-arg BASE=localhost/base:1 --build-arg FUNCTIONS= .");
  expect(text).toContain("image_uri=<repository>@sha256:<digest>");
  expect(existsSync(join(PROJECT, "dist", "image", "worker", "index.mjs"))).toBe(true);
  await buildImage(context(podman.env), { architecture: "x86_64", tag: "mine:1" });
  expect(podman.asked()).toContain("--platform linux/amd64 --file handlers/Dockerfile --tag mine:1");
}, 60_000);

test("without a builder it says which there are", async () => {
  await expect(buildImage(context({ PATH: "/nowhere" }))).rejects.toThrow("There is no builder that could build: buildah, podman, docker are missing, or without a daemon. Install one (Debian: apt-get install buildah); quickturn image validate needs none.");
  await expect(buildImage(context({ PATH: "/nowhere" }), { builder: "docker" })).rejects.toThrow("There is no builder that could build: docker is missing, or without a daemon.");
});

test("a Dockerfile that is missing or none is said to be", () => {
  expect(() => readImageFiles("/nowhere")).toThrow("/nowhere/handlers/Dockerfile is missing. Take it from the repository again.");
  expect(() => readImageFiles(spoiled(() => "FORM a:1"))).toThrow('handlers/Dockerfile: Line 1: "FORM" is no instruction.');
});
