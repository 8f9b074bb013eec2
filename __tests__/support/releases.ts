import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { PART_NAMES, partStack } from "./part-stacks";
import { PROJECT, stackJson } from "./stack-json";

const RELEASES = join(PROJECT, "__tests__/fixtures/releases");

/** What of a module others hold on to: renaming one of them destroys a resource, or breaks a call. */
export interface ModuleNames {
  /** `type.name` of each. */
  readonly resources: readonly string[];
  readonly variables: readonly string[];
  /** The variables that have no default. */
  readonly required: readonly string[];
  readonly outputs: readonly string[];
}

/** What a release's fixture holds. */
export interface Release {
  readonly version: string;
  /** By module. */
  readonly modules: Readonly<Record<string, ModuleNames>>;
  /** Settings that the state of `agent-api` was applied with: as many of its resources as the emulator takes. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Terraform's state file of `agent-api`, as text. */
  readonly state: string;
}

/** Every recorded release, the oldest first. */
export function releases(): Release[] {
  return readdirSync(RELEASES).sort().map(read);
}

function read(version: string): Release {
  const json = <T>(name: string) => JSON.parse(readFileSync(join(RELEASES, version, name), "utf8")) as T;
  return {
    version,
    modules: json("names.json"),
    settings: json("settings.json"),
    state: gunzipSync(readFileSync(join(RELEASES, version, "state.json.gz"))).toString("utf8"),
  };
}

/** Writes a release's fixture. What was released does not change, so one that is there is refused. */
export function writeRelease({ version, modules, settings, state }: Release): void {
  const folder = join(RELEASES, version);
  if (existsSync(folder))
    throw new Error(
      `${folder} is there already. A release is recorded once; to record it anew, delete the folder first.`,
    );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "names.json"), `${JSON.stringify(modules, null, 1)}\n`);
  writeFileSync(join(folder, "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
  // 300 kB of JSON, of which nobody reads a line.
  writeFileSync(join(folder, "state.json.gz"), gzipSync(state, { level: 9 }));
}

/** The names in a synthesized stack. */
function moduleNames({
  resource,
  variable,
  output,
}: {
  readonly resource: object;
  readonly variable: object;
  readonly output: object;
}): ModuleNames {
  return {
    resources: Object.entries(resource as Record<string, object>).flatMap(([type, named]) =>
      Object.keys(named).map((name) => `${type}.${name}`),
    ),
    variables: Object.keys(variable),
    required: Object.entries(variable as Record<string, object>).flatMap(
      ([name, { default: value }]: [string, { default?: unknown }]) => (value === undefined ? [name] : []),
    ),
    outputs: Object.keys(output),
  };
}

/** The names of every module as it is now, by module. */
export function presentModules(): Readonly<Record<string, ModuleNames>> {
  return {
    "agent-api": moduleNames(stackJson()),
    ...Object.fromEntries(PART_NAMES.map((name) => [name, moduleNames(partStack(name))])),
  };
}
