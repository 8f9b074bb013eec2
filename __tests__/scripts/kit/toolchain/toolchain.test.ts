import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../../../../scripts/kit/process";
import { SILENT, UsageError } from "../../../../scripts/kit/context";
import { deterministicZip } from "../../../../scripts/kit/files";
import { installOnce, isInstalled } from "../../../../scripts/kit/toolchain/cache";
import {
  cacheFolder,
  mirrored,
  PINS,
  PLATFORM,
  providerArchive,
  terraformArchive,
} from "../../../../scripts/kit/toolchain/pins";
import { findTool, provideTools } from "../../../../scripts/kit/toolchain/toolchain";
import { ArchiveServer } from "../../../support/archive-server";
import { temporaryFolder } from "../../../support/temporary-folder";

/** A program that says that it is the pinned Terraform. */
const ARCHIVE = deterministicZip({
  terraform: Buffer.from(`#!/bin/sh\necho '{"terraform_version":"1.11.4"}'\n`),
});
const SHA256 = createHash("sha256").update(ARCHIVE).digest("hex");

jest.mock("../../../../scripts/kit/toolchain/toolchain.json", () => {
  const pins = jest.requireActual<typeof PINS>("../../../../scripts/kit/toolchain/toolchain.json");
  return { ...pins, terraform: { ...pins.terraform, sha256: {} } };
});
/** What is pinned for this machine in a test. */
const pin = (sha256: string) => Object.assign(PINS.terraform.sha256, { [PLATFORM]: [sha256] });

let server: ArchiveServer;
let mirror: string;
beforeAll(async () => {
  const folder = temporaryFolder("mirror");
  mkdirSync(join(folder, "terraform/1.11.4"), { recursive: true });
  writeFileSync(join(folder, `terraform/1.11.4/terraform_1.11.4_${PLATFORM}.zip`), ARCHIVE);
  server = new ArchiveServer(folder);
  mirror = await server.start();
});
beforeEach(() => {
  server.asked.length = 0;
  pin(SHA256);
});
afterAll(() => server.stop());

/** A machine with a shell and nothing else, whose cache is empty. */
function bareMachine(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const cache = temporaryFolder("cache");
  return {
    PATH: "/usr/bin:/bin",
    HOME: "/nowhere",
    QUICKTURN_CACHE: cache,
    QUICKTURN_TOOLCHAIN_MIRROR: mirror,
    ...more,
  };
}

function caller(environment: NodeJS.ProcessEnv) {
  const notes: string[] = [];
  const progress = { ...SILENT, note: (text: string) => void notes.push(text) };
  return { environment, progress, signal: new AbortController().signal, notes };
}

describe("a tool that the machine lacks", () => {
  test("is fetched once, after a line that says how much goes where, and is then found on the PATH", async () => {
    const environment = bareMachine();
    const first = caller(environment);
    const found = await provideTools(["terraform"], first);
    expect(first.notes).toEqual([
      `This machine lacks Terraform 1.11.4. About 27 MB are fetched once, verified, to ${environment["QUICKTURN_CACHE"]}. QUICKTURN_OFFLINE=1 refuses that.`,
    ]);
    const { stdout } = await run("terraform", ["version"], { cwd: "/", env: found });
    expect(JSON.parse(stdout)).toEqual({ terraform_version: "1.11.4" });
    const second = caller(environment);
    expect((await provideTools(["terraform"], second))["PATH"]).toBe(found["PATH"]);
    expect(second.notes).toEqual([]);
    expect(server.asked).toHaveLength(1);
  });

  test("is fetched once by two runs that start together", async () => {
    const environment = bareMachine();
    await Promise.all([
      provideTools(["terraform"], caller(environment)),
      provideTools(["terraform"], caller(environment)),
    ]);
    expect(server.asked).toHaveLength(1);
  });

  test("is refused offline, with what is missing and how to get it", async () => {
    const offline = caller(bareMachine({ QUICKTURN_OFFLINE: "1" }));
    const refused = provideTools(["terraform", "emulator"], offline);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(
      /^This machine lacks: Terraform 1\.11\.4, AWS emulator moto 5\.2\.1\. QUICKTURN_OFFLINE=1 forbids to fetch it\. .*doctor --fix/,
    );
    expect(server.asked).toEqual([]);
  });

  test("of which no checksum is pinned is not fetched", async () => {
    Object.assign(PINS.terraform.sha256, { [PLATFORM]: undefined });
    await expect(provideTools(["terraform"], caller(bareMachine()))).rejects.toThrow(
      `Terraform: no checksum of Terraform for ${PLATFORM} is pinned.`,
    );
  });

  test("that has a wrong checksum leaves nothing behind", async () => {
    pin("0".repeat(64));
    const environment = bareMachine();
    await expect(provideTools(["terraform"], caller(environment))).rejects.toThrow(
      /has the SHA-256 .* and pinned is 0{64}/,
    );
    const left = readdirSync(environment["QUICKTURN_CACHE"]!, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });

  test("cannot be kept in a cache that takes nothing: the sentence says which, and what to set", async () => {
    const environment = bareMachine({ QUICKTURN_CACHE: "/dev/null/cache" });
    const refused = provideTools(["terraform"], caller(environment));
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(
      /The cache cannot be written: .*\/dev\/null\/cache.*QUICKTURN_CACHE=<folder>/,
    );
  });
});

describe("what is installed", () => {
  const installed = async (version: string) => {
    const bin = temporaryFolder("bin");
    writeFileSync(join(bin, "terraform"), `#!/bin/sh\necho '{"terraform_version":"${version}"}'\n`, { mode: 0o755 });
    const environment = bareMachine();
    return findTool("terraform", { ...environment, PATH: [bin, environment["PATH"]].join(delimiter) });
  };

  test("is used where its version is allowed", async () => {
    expect(await installed("1.12.2")).toMatchObject({ state: "installed", version: "1.12.2" });
  });

  test("is left alone where it is too old", async () => {
    expect(await installed("1.9.8")).toMatchObject({ state: "missing", version: "1.11.4" });
  });
});

describe("the emulator without Python", () => {
  test("is one sentence that says what to install", async () => {
    const environment = bareMachine({ PATH: "/nowhere" });
    await expect(provideTools(["emulator"], caller(environment))).rejects.toThrow(
      /^The AWS emulator needs Python 3\.10 or newer with its modules venv and pip, and there is no such python3\. Install it: /,
    );
  });
});

describe("a folder of the cache", () => {
  const waiting = (fill: (folder: string) => Promise<void>) => ({
    fill,
    detail: () => undefined,
    signal: new AbortController().signal,
  });

  test("is filled again where the run that filled it has died", async () => {
    const folder = join(temporaryFolder("dead"), "tool");
    mkdirSync(folder);
    writeFileSync(join(folder, "half"), "");
    // No process has this id: it is above Linux's and macOS's highest.
    writeFileSync(`${folder}.lock`, "999999999");
    await installOnce(
      folder,
      waiting(async (to) => writeFileSync(join(to, "whole"), "")),
    );
    expect(readdirSync(folder).sort()).toEqual([".complete", "whole"]);
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  test("holds nothing after a failure", async () => {
    const folder = join(temporaryFolder("failed"), "tool");
    const failing = installOnce(
      folder,
      waiting(() => Promise.reject(new Error("no"))),
    );
    await expect(failing).rejects.toThrow("no");
    expect(isInstalled(folder)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });
});

describe("the pins", () => {
  test("name an archive of Terraform, and of the provider the checksums of its lock file", () => {
    expect(terraformArchive()?.url).toBe(
      `https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_${PLATFORM}.zip`,
    );
    expect(providerArchive()?.sha256).toHaveLength(15);
  });

  test("the cache is the user's: the given folder, else XDG's, else the platform's", () => {
    expect(cacheFolder({ QUICKTURN_CACHE: "/given", XDG_CACHE_HOME: "/xdg", HOME: "/home/me" })).toBe("/given");
    expect(cacheFolder({ XDG_CACHE_HOME: "/xdg", HOME: "/home/me" })).toBe("/xdg/quickturn");
    expect(cacheFolder({ HOME: "/home/me" })).toMatch(/^\/home\/me\/(\.cache|Library\/Caches)\/quickturn$/);
  });

  test("a mirror's address takes the place of the host", () => {
    expect(mirrored("https://pypi.org/simple", { QUICKTURN_TOOLCHAIN_MIRROR: "http://here:1/base/" })).toBe(
      "http://here:1/base/simple",
    );
    expect(mirrored("https://pypi.org/simple", {})).toBe("https://pypi.org/simple");
  });
});
