import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SILENT } from "../../../scripts/kit/context";
import { doctor, type Finding } from "../../../scripts/deploy/doctor";
import { isAtLeast } from "../../../scripts/kit/toolchain/pins";
import { SILENT_CONTEXT } from "../../support/module-stacks";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

describe("doctor", () => {
  const look = async (environment: NodeJS.ProcessEnv) => {
    const { exitCode, text, json } = await doctor({
      projectDirectory: PROJECT,
      environment,
      progress: SILENT,
      signal: new AbortController().signal,
    });
    const { findings } = json as { findings: Finding[] };
    return { exitCode, text, find: (name: string) => findings.find((finding) => finding.name === name) };
  };

  test("on a machine that has everything, nothing is missing", async () => {
    const { exitCode, find } = await look(process.env);
    expect(find("Terraform")?.good).toBe(true);
    expect(find("AWS provider of Terraform")?.good).toBe(true);
    expect(exitCode).toBe(0);
  });

  test("what a command will fetch is no fault, and is named with its size", async () => {
    const { exitCode, find } = await look({ PATH: "/nowhere", HOME: "/nowhere" });
    expect(find("Terraform")).toMatchObject({ good: true, found: "will be fetched (about 27 MB)" });
    expect(find("AWS emulator moto")).toMatchObject({ good: true, found: "will be fetched (about 60 MB)" });
    expect(exitCode).toBe(0);
  });

  test("what may not be fetched is missing: named with what needs it and what to do, and the exit code is 1", async () => {
    const { exitCode, text, find } = await look({ PATH: "/nowhere", HOME: "/nowhere", QUICKTURN_OFFLINE: "1" });
    expect(exitCode).toBe(1);
    expect(find("Terraform")).toMatchObject({
      good: false,
      found: "missing, and QUICKTURN_OFFLINE=1 forbids to fetch it",
      fix: expect.stringContaining("install Terraform 1.11.4, or run quickturn doctor --fix") as unknown,
    });
    expect(text).toContain("needed for: plan, apply, rollback, local");
  });

  test("a tool that it does not know is refused with those that it knows", () =>
    expect(doctor(SILENT_CONTEXT, { tools: ["terraform", "pulumi"] })).rejects.toThrow(
      'The tool is "pulumi"; allowed: terraform, provider, emulator.',
    ));

  test("a terraform that is too old is as none", async () => {
    const bin = temporaryFolder("bin");
    writeFileSync(join(bin, "terraform"), `#!/bin/sh\necho '{"terraform_version":"1.9.8"}'\n`);
    chmodSync(join(bin, "terraform"), 0o755);
    const { find } = await look({ PATH: `${bin}:/bin:/usr/bin`, HOME: "/nowhere" });
    expect(find("Terraform")).toMatchObject({ found: "will be fetched (about 27 MB)" });
  });

  test("an image builder is optional, and a docker without its daemon is none", async () => {
    const bin = temporaryFolder("builders");
    const program = (name: string, script: string) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    const PATH = `${bin}:/nowhere`;
    expect((await look({ PATH, HOME: "/nowhere" })).find("Image builder (optional)")).toMatchObject({
      good: false,
      optional: true,
      fix: "apt-get install buildah, or another of buildah, podman, docker",
    });
    program("podman", "echo 'podman version 4.3.1'");
    expect((await look({ PATH, HOME: "/nowhere" })).find("Image builder (optional)")).toMatchObject({
      good: true,
      found: "podman 4.3.1",
    });
  });
});

describe("a version", () => {
  test.each([
    ["1.11.4", "1.11.0", true],
    ["1.11.0", "1.11.0", true],
    ["1.9.8", "1.11.0", false],
    ["2.0", "1.11.0", true],
    ["1.12.0-rc1", "1.11.0", true],
    ["20.8.9", "20.9.0", false],
  ])("%s is at least %s: %s", (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });
});
