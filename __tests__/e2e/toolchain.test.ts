import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheFolder, EMULATOR_REQUIREMENTS, PINS, PLATFORM } from "../../scripts/kit/toolchain/pins";
import { findProviderSource } from "../../scripts/kit/terraform-environment";
import { ArchiveServer } from "../support/archive-server";
import { runProgram, runQuickturn, type Ended } from "../support/command-line";
import { projectCopy } from "../support/project-copy";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * A machine that has Node, git and Python, and nothing else that Quickturn needs: a mirror on loopback serves the rest,
 * made of what this machine has. In order: each test goes on from the one before.
 */

let server: ArchiveServer;
let project: string;
let environment: NodeJS.ProcessEnv;

const find = (program: string): string => realpathSync(execFileSync("which", [program], { encoding: "utf8" }).trim());
const python = (code: string): string => execFileSync("python3", ["-c", code], { encoding: "utf8" }).trim();

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Pins the mirror's archives instead of the vendor's: they are other archives of the same files. */
async function pinMirror(mirror: string): Promise<void> {
  const pins = join(project, "scripts/kit/toolchain/toolchain.json");
  const terraform = await hashFile(join(mirror, `terraform/1.11.4/terraform_1.11.4_${PLATFORM}.zip`));
  writeFileSync(
    pins,
    JSON.stringify({ ...PINS, terraform: { ...PINS.terraform, sha256: { [PLATFORM]: [terraform] } } }),
  );
  const provider = await hashFile(
    join(mirror, `terraform-provider-aws/5.100.0/terraform-provider-aws_5.100.0_${PLATFORM}.zip`),
  );
  const lock = join(project, ".terraform.lock.hcl");
  writeFileSync(lock, readFileSync(lock, "utf8").replace('    "zh:', `    "zh:${provider}",\n    "zh:`));
}

beforeAll(async () => {
  const mirror = temporaryFolder("mirror");
  const source = findProviderSource(process.env, { search: true });
  const provider = join("path" in source ? source.path : "", "registry.terraform.io/hashicorp/aws/5.100.0", PLATFORM);
  execFileSync("python3", [
    join(__dirname, "../support/toolchain/make_mirror.py"),
    ...[mirror, find("terraform"), provider, PLATFORM, EMULATOR_REQUIREMENTS],
  ]);
  project = projectCopy();
  await pinMirror(mirror);
  server = new ArchiveServer(mirror);
  const home = temporaryFolder("home");
  const bin = join(home, "bin");
  mkdirSync(bin);
  for (const program of ["git", "sh", "ps", "env"]) symlinkSync(find(program), join(bin, program));
  symlinkSync(process.execPath, join(bin, "node"));
  symlinkSync(python("import sys; print(sys.executable)"), join(bin, "python3"));
  environment = {
    PATH: bin,
    HOME: home,
    QUICKTURN_TOOLCHAIN_MIRROR: await server.start(),
    // The index is the mirror's alone.
    PIP_CONFIG_FILE: "/dev/null",
  };
});
afterAll(() => server?.stop());

const quickturn = (args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  runQuickturn(args, { project, environment: { ...environment, ...more } });

test("doctor says what will be fetched, and offline that it is missing", async () => {
  const { code, stdout } = await quickturn(["doctor"]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/ok +Terraform +will be fetched \(about 27 MB\)\n/) as unknown,
  });
  const offline = await quickturn(["local", "--once"], { QUICKTURN_OFFLINE: "1" });
  expect(offline).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("This machine lacks: Terraform 1.11.4, AWS emulator moto 5.2.1.") as unknown,
  });
  expect(server.asked).toEqual([]);
});

test("npm start fetches Terraform and the emulator, and answers a request", async () => {
  const { code, stdout, stderr } = await quickturn(["local", "--once"]);
  if (code) console.log(stdout, stderr);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining(
      `This machine lacks Terraform 1.11.4, AWS emulator moto 5.2.1. About 87 MB are fetched once, verified, to ${cacheFolder(environment)}.`,
    ) as unknown,
  });
  expect(stderr).toMatch(/✔ Fetch Terraform .*\n[^]*✔ Fetch AWS emulator moto /);
  expect(stdout).toContain("profile");
});

test("a second run fetches nothing, and doctor says where the tools are", async () => {
  server.asked.length = 0;
  const { code, stdout } = await quickturn(["doctor", "--fix"]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining(join(cacheFolder(environment), "terraform")) as unknown,
  });
  expect(server.asked).toEqual([]);
});

test("a command of an account fetches the provider, which terraform takes by the lock file", async () => {
  const { code, stdout } = await quickturn(["--json", "env"]);
  expect(code).toBe(0);
  const variables = JSON.parse(stdout) as Record<string, string>;
  expect(await quickturn(["synth"])).toMatchObject({ code: 0 });
  const init = await runProgram(join(cacheFolder(environment), `terraform/1.11.4-${PLATFORM}/terraform`), ["init"], {
    project: join(project, "cdktf.out/stacks/agent-api"),
    environment: { ...environment, ...variables },
  });
  expect(init).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Terraform has been successfully") as unknown,
  });
  expect(init.stdout).toContain("Reusing previous version of hashicorp/aws from the dependency lock file");
});

test("a full disk is said, and nothing of the archive stays", async () => {
  const small = temporaryFolder("small");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", small]);
  } catch {
    return console.warn("Left out: only root can mount a small disk here.");
  }
  try {
    expect(await quickturn(["doctor", "--fix"], { QUICKTURN_CACHE: small })).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/The cache cannot be written: ENOSPC.*QUICKTURN_CACHE=<folder>/) as unknown,
    });
    expect(execFileSync("find", [small, "-type", "f"], { encoding: "utf8" })).toBe("");
  } finally {
    execFileSync("umount", [small]);
  }
});
