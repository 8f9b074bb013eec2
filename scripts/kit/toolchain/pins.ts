import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import toolchain from "./toolchain.json";

/** What is not on npm and is fetched where a machine lacks it. */
export type ToolName = "terraform" | "provider" | "emulator";

/** An archive of a tool for this machine. */
export interface Archive {
  readonly url: string;
  /** The SHA-256 that it may have, in hexadecimal digits. */
  readonly sha256: readonly string[];
}

/** Versions and addresses of the tools. Their checksums are in toolchain.json and in .terraform.lock.hcl. */
export const PINS = toolchain;

/** Exact versions of everything that the emulator needs, as pip reads them. */
export const EMULATOR_REQUIREMENTS = join(__dirname, "emulator-requirements.txt");

/** The lock file that every stack is initialized with. */
export const PROVIDER_LOCK = join(__dirname, "../../../.terraform.lock.hcl");

const SYSTEMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };
const PROCESSORS: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** This machine as HashiCorp names it, such as `linux_amd64`. */
export const PLATFORM = `${SYSTEMS[process.platform] ?? process.platform}_${PROCESSORS[process.arch] ?? process.arch}`;

/** @returns undefined where no checksum for this machine is pinned */
export function terraformArchive(): Archive | undefined {
  const { url, sha256 } = PINS.terraform;
  const pinned = (sha256 as Readonly<Record<string, readonly string[]>>)[PLATFORM];
  return pinned && { url: url.replace("{platform}", PLATFORM), sha256: pinned };
}

/**
 * Platforms whose unpacked provider has its checksum in the lock file; terraform refuses another one's, so that it has
 * to fetch that by itself.
 */
const LOCKED_UNPACKED: readonly string[] = ["linux_amd64", "darwin_arm64", "windows_amd64"];

/** @returns undefined where terraform fetches the provider itself: on other platforms, or where the lock has changed */
export function providerArchive(): Archive | undefined {
  const { url, version } = PINS.provider;
  const lock = existsSync(PROVIDER_LOCK) ? readFileSync(PROVIDER_LOCK, "utf8") : "";
  if (!lock.includes(`"${version}"`) || !LOCKED_UNPACKED.includes(PLATFORM)) return undefined;
  const sha256 = [...lock.matchAll(/"zh:([0-9a-f]{64})"/g)].map(([, hash = ""]) => hash);
  return { url: url.replace("{platform}", PLATFORM), sha256 };
}

/**
 * The folder that all clones of a user share: QUICKTURN_CACHE, else XDG's, else the platform's.
 * @param environment the user's
 */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const home = environment["HOME"] ?? homedir();
  const places: Readonly<Record<string, string>> = {
    darwin: join(home, "Library", "Caches"),
    win32: environment["LOCALAPPDATA"] ?? join(home, "AppData", "Local"),
  };
  const base = environment["XDG_CACHE_HOME"] || places[process.platform] || join(home, ".cache");
  return environment["QUICKTURN_CACHE"] || join(base, "quickturn");
}

/** The address of a file at QUICKTURN_TOOLCHAIN_MIRROR, which has the same paths; its own where there is no mirror. */
export function mirrored(url: string, environment: NodeJS.ProcessEnv): string {
  const mirror = environment["QUICKTURN_TOOLCHAIN_MIRROR"];
  return mirror ? mirror.replace(/\/+$/, "") + new URL(url).pathname : url;
}

/** Compares dotted versions. Missing parts count as 0, and what follows `-` does not count. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [given = [], wanted = []] = [version, minimum].map((text) => (text.split("-")[0] ?? "").split(".").map(Number));
  const differing = [0, 1, 2].find((part) => (given[part] ?? 0) !== (wanted[part] ?? 0));
  return differing === undefined || (given[differing] ?? 0) > (wanted[differing] ?? 0);
}
