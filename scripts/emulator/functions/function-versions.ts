import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { unzipSync } from "fflate";
import {
  parseLambdaArn,
  type AppliedAlias,
  type AppliedFunction,
  type VersionConfiguration,
} from "../applied/functions";
import { messageOf } from "../json";

/** Unpacked code by the hash of its zip. Code outlives an apply, so that an older version still runs its own. */
export class CodeStore {
  constructor(
    private readonly directory: string,
    /** Folder in which terraform ran. The applied file names are relative to it. */
    private readonly moduleDirectory: string,
  ) {}

  /** Unpacks a function's zip as it is on disk now. {@link directoryOf} compares its hash with the applied one. */
  keep(applied: AppliedFunction): void {
    const file = resolve(this.moduleDirectory, applied.filename);
    if (!existsSync(file)) return; // `directoryOf` fails for it, if a version needs it.
    const zip = readFileSync(file);
    const target = join(this.directory, createHash("sha256").update(zip).digest("hex"));
    if (!existsSync(target)) unpack(zip, target, file);
  }

  /** Folder with the code of one version. @throws Error where the applied zip was never kept */
  directoryOf(version: VersionConfiguration): string {
    const directory = join(this.directory, Buffer.from(version.codeSha256, "base64").toString("hex"));
    if (existsSync(directory)) return directory;
    throw new Error(
      `Version ${version.version} of function ${version.functionName} was applied with a zip of SHA-256 ` +
        `${version.codeSha256}, which is not in ${this.directory}: the file changed after the apply, or that version ` +
        "was published before this runtime first loaded. Apply again, or point the alias at the newest version.",
    );
  }
}

/** Unpacks beside the target and renames, so that code from a half-written folder never runs. */
function unpack(zip: Uint8Array, target: string, file: string): void {
  const scratch = `${target}.${randomUUID()}`;
  mkdirSync(scratch, { recursive: true });
  try {
    for (const [name, content] of Object.entries(unzipSync(zip))) {
      const path = resolve(scratch, name);
      if (!path.startsWith(scratch + sep)) throw new Error(`it holds the path "${name}", which leaves its folder`);
      mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
      if (!name.endsWith("/")) writeFileSync(path, content);
    }
    renameSync(scratch, target);
  } catch (cause) {
    rmSync(scratch, { recursive: true, force: true });
    throw new Error(`${file} cannot be unpacked: ${messageOf(cause)}.`, { cause });
  }
}

/** A function, with the version that one invocation runs. */
export interface InvocationTarget {
  readonly function: AppliedFunction;
  readonly version: VersionConfiguration;
  /** Alias or version that the caller named. Undefined: the function alone. */
  readonly qualifier: string | undefined;
}

/** The versions that can be invoked, with their configurations. */
export class FunctionVersions {
  private constructor(
    private readonly functions: ReadonlyMap<string, AppliedFunction>,
    private readonly aliases: readonly AppliedAlias[],
    private readonly versions: ReadonlyMap<string, VersionConfiguration>,
  ) {}

  /** The state holds only the newest version of a function; older ones that an alias names are read from Lambda. */
  static async load(
    functions: readonly AppliedFunction[],
    aliases: readonly AppliedAlias[],
    lambda: LambdaClient,
  ): Promise<FunctionVersions> {
    const byName = new Map(functions.map((applied) => [applied.newest.functionName, applied]));
    const versions = new Map<string, VersionConfiguration>();
    for (const { newest } of functions) versions.set(keyOf(newest.functionName, newest.version), newest);
    for (const alias of aliases) {
      for (const version of [alias.version, ...Object.keys(alias.weights)]) {
        const newest = byName.get(alias.functionName)?.newest;
        const key = keyOf(alias.functionName, version);
        if (newest === undefined || versions.has(key)) continue;
        // Without published versions there is only $LATEST, and the state describes it.
        versions.set(key, version === "$LATEST" ? { ...newest, version } : await fetchVersion(lambda, newest, version));
      }
    }
    return new FunctionVersions(byName, aliases, versions);
  }

  /** All versions that an alias or the state names. */
  all(): readonly VersionConfiguration[] {
    return [...this.versions.values()];
  }

  /**
   * Finds the target of an ARN; undefined where nothing of that name is applied.
   * @param random draws the version of a weighted alias
   */
  resolve(arn: string, random: () => number): InvocationTarget | undefined {
    const parsed = parseLambdaArn(arn);
    const applied = this.functions.get(parsed?.functionName ?? "");
    if (parsed === undefined || applied === undefined) return undefined;
    const { functionName, qualifier } = parsed;
    const version =
      qualifier === undefined || qualifier === "$LATEST"
        ? applied.newest
        : this.versionOf(functionName, qualifier, random);
    return version === undefined ? undefined : { function: applied, version, qualifier };
  }

  private versionOf(functionName: string, qualifier: string, random: () => number): VersionConfiguration | undefined {
    const alias = this.aliases.find(
      (candidate) => candidate.functionName === functionName && candidate.name === qualifier,
    );
    return this.versions.get(keyOf(functionName, alias === undefined ? qualifier : drawVersion(alias, random())));
  }
}

function drawVersion(alias: AppliedAlias, random: number): string {
  let cumulated = 0;
  for (const [version, weight] of Object.entries(alias.weights)) {
    cumulated += weight;
    if (random < cumulated) return version;
  }
  return alias.version;
}

function keyOf(functionName: string, version: string): string {
  return `${functionName}:${version}`;
}

async function fetchVersion(
  lambda: LambdaClient,
  newest: VersionConfiguration,
  version: string,
): Promise<VersionConfiguration> {
  const { functionName } = newest;
  try {
    const found = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: functionName, Qualifier: version }),
    );
    return {
      functionName,
      version,
      handler: found.Handler ?? newest.handler,
      runtime: found.Runtime ?? newest.runtime,
      memoryMiB: found.MemorySize ?? newest.memoryMiB,
      timeoutSeconds: found.Timeout ?? newest.timeoutSeconds,
      environment: found.Environment?.Variables ?? {},
      codeSha256: found.CodeSha256 ?? newest.codeSha256,
    };
  } catch (cause) {
    throw new Error(
      `An alias of function ${functionName} names version ${version}, and the emulator does not give its ` +
        "configuration. Apply the stack to this emulator.",
      { cause },
    );
  }
}
