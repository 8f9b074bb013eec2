import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildImage } from "../../scripts/image/image";
import { SILENT } from "../../scripts/kit/context";
import { recordingPodman } from "../support/recording-podman";
import { PROJECT } from "../support/stack-json";

const context = (environment: NodeJS.ProcessEnv) => ({
  projectDirectory: PROJECT,
  environment,
  progress: SILENT,
  signal: new AbortController().signal,
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
});
