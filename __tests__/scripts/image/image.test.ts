import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readImageFiles } from "../../../scripts/image/dockerfile";
import { buildImage, validateImage } from "../../../scripts/image/image";
import { SILENT } from "../../../scripts/kit/context";
import { recordingPodman } from "../../support/recording-podman";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

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
