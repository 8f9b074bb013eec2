import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  attributeUses,
  deprecationOf,
  resourceAttributes,
  type AttributeUse,
  type ResourceAttributes,
} from "./provider-attributes";
import { writeAtomically } from "../../../scripts/kit/files";
import { run } from "../../../scripts/kit/process";
import { valueDifferences } from "../../../scripts/kit/value-text";
import type { CommandContext, CommandResult } from "../../../scripts/kit/context";
import { fetchPackages, type PackageSet } from "../../../scripts/kit/toolchain/npm-packages";
import { packageFunctions } from "../../../scripts/kit/package-functions";
import lock from "./packages/package-lock.json";
import { successorText, type StackComparison, type SuccessorFindings, type TypeCheck } from "./successor-text";

/** All that CDKTF and its successor may write differently, with the reason why it does not matter. */
const EXPLANATIONS: readonly { readonly path: RegExp; readonly reason: string }[] = [
  {
    path: /^\/\/\.metadata\.version$/,
    reason: "each library writes its own version into cdktf's metadata, which Terraform does not read",
  },
];

/** What the sources are made with, and what they are to be made with when CDKTF is no more. */
const LIBRARIES = {
  current: { core: "cdktf", provider: "@cdktf/provider-aws" },
  successor: { core: "cdktn", provider: "@cdktn/provider-aws" },
} as const;
type Library = (typeof LIBRARIES)[keyof typeof LIBRARIES];

/** Nothing else needs them, and they take 480 MB. */
const PACKAGES: PackageSet = { title: "The package of CDK Terrain's AWS provider", megabytes: 48, lock };

/**
 * Says whether the same sources, unchanged, work with CDK Terrain and version 6 of the AWS provider: the compiler
 * reads them with the successor's types under the old names, and they are synthesized with both. Exit code 1: a type
 * error, a difference without a reason, or a name that the provider has not.
 */
export async function successor(context: CommandContext): Promise<CommandResult> {
  const packages = await fetchPackages(PACKAGES, (text) => context.progress.note(text), context.environment);
  await packageFunctions(context);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "quickturn-successor-")));
  try {
    const findings = await check(context, folder, packages);
    const good =
      findings.types.errors.length === 0 &&
      findings.stacks.every(({ unexplained, unknown }) => unexplained.length === 0 && unknown.length === 0);
    return { exitCode: good ? 0 : 1, text: successorText(findings, good), json: { good, ...findings } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param packages folder of the successor's packages */
async function check(context: CommandContext, folder: string, packages: string): Promise<SuccessorFindings> {
  const { projectDirectory, progress } = context;
  const config = join(folder, "tsconfig.json");
  writeAtomically(config, JSON.stringify(aliases(projectDirectory, packages)));
  const [before, after] = [join(folder, "current"), join(folder, "successor")];
  const compiled = progress.step(
    "Check the types with the successor's",
    () => compile(context, config),
    ({ files, errors }) => `${files} files, ${errors.length} errors`,
  );
  const synthesized = progress.step("Synthesize the stacks with both", async () => {
    await synthesize(context, before);
    await synthesize(context, after, { TSX_TSCONFIG_PATH: config });
  });
  // Both are waited for, so that the folder is not deleted below one of them.
  await Promise.allSettled([compiled, synthesized]);
  await synthesized;
  return {
    versions: {
      current: versions(join(projectDirectory, "node_modules"), LIBRARIES.current),
      successor: versions(packages, LIBRARIES.successor),
    },
    types: await compiled,
    stacks: readdirSync(join(before, "stacks"))
      .sort()
      .map((stack) => compare(packages, stack, [before, after])),
  };
}

/**
 * The project's own compiler options, with the old names leading to the successor: compiler and tsx both follow them.
 */
function aliases(project: string, packages: string): unknown {
  const { current, successor: next } = LIBRARIES;
  const at = (name: string) => [join(packages, name)];
  return {
    extends: join(project, "tsconfig.json"),
    compilerOptions: {
      types: ["node"],
      typeRoots: [join(project, "node_modules", "@types")],
      paths: {
        constructs: at("constructs"),
        [current.core]: at(next.core),
        [`${current.core}/*`]: at(`${next.core}/*`),
        [`${current.provider}/*`]: at(`${next.provider}/*`),
      },
    },
    include: [join(project, "stacks"), join(project, "modules")],
  };
}

/** From the sources: the built program has the library that is installed inside it. */
async function synthesize(
  { projectDirectory, environment, signal }: CommandContext,
  output: string,
  variables: NodeJS.ProcessEnv = {},
): Promise<void> {
  mkdirSync(output, { recursive: true });
  const env = { ...environment, QUICKTURN_STACKS: "all", CDKTF_OUTDIR: output, ...variables };
  await run(process.execPath, ["--import", "tsx", join("stacks", "app.ts")], { cwd: projectDirectory, env, signal });
}

async function compile({ projectDirectory, environment, signal }: CommandContext, config: string): Promise<TypeCheck> {
  const compiler = join(projectDirectory, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(
    process.execPath,
    [compiler, "--project", config, "--noEmit", "--listFiles", "--pretty", "false"],
    { cwd: projectDirectory, env: environment, signal, acceptedCodes: [0, 1, 2] },
  );
  const lines = stdout.split("\n");
  if (!lines.some((line) => line.includes(`/node_modules/${LIBRARIES.successor.provider}/`)))
    throw new Error(
      `The compiler read no file of ${LIBRARIES.successor.provider}, so it checked nothing. ` +
        `It said:\n${stdout.slice(-2_000)}`,
    );
  const sources = ["stacks", "modules"].map((name) => join(realpathSync(projectDirectory), name));
  return {
    files: lines.filter((line) => sources.some((source) => line.startsWith(source) && line.endsWith(".ts"))).length,
    errors: lines.filter((line) => /\berror TS\d+:/.test(line)),
  };
}

function compare(packages: string, name: string, outputs: readonly [before: string, after: string]): StackComparison {
  const [one, other] = outputs.map(
    (output) => JSON.parse(readFileSync(join(output, "stacks", name, "cdk.tf.json"), "utf8")) as StackJson,
  ) as [StackJson, StackJson];
  const wanted = versions(packages, LIBRARIES.successor).version;
  if (other["//"].metadata.version !== wanted)
    throw new Error(
      `${name} was synthesized by version ${other["//"].metadata.version}; ` +
        `wanted: ${LIBRARIES.successor.core} ${wanted}. ` +
        "The old names no longer lead to the successor; look at aliases in successor.ts.",
    );
  const resources = [one.resource, one.data].flatMap((typed) =>
    Object.values(typed ?? {}).flatMap((named) => Object.keys(named)),
  ).length;
  const uses = attributeUses(other, generatedAttributes(packages));
  const deprecated = uses.flatMap((use) => {
    const reason = deprecationOf(use)?.reason;
    return reason === undefined ? [] : [{ name: nameOf(use), reason }];
  });
  const differences = valueDifferences(one, other).map((difference) => ({
    ...difference,
    reason: EXPLANATIONS.find(({ path }) => path.test(difference.path))?.reason,
  }));
  return {
    name,
    resources,
    explained: differences.flatMap(({ reason, ...each }) => (reason === undefined ? [] : [{ ...each, reason }])),
    unexplained: differences.flatMap(({ reason, ...each }) => (reason === undefined ? [each] : [])),
    names: uses.length,
    unknown: uses.filter(({ known }) => !known).map(nameOf),
    deprecated,
  };
}

function nameOf({ address, attribute }: AttributeUse): string {
  return attribute === "" ? address : `${address}.${attribute}`;
}

/** The successor's generated classes, each read once. */
function generatedAttributes(packages: string): (type: string) => ResourceAttributes | undefined {
  const known = new Map<string, ResourceAttributes | undefined>();
  return (type) => {
    const folder = type
      .replace(/^data\.aws_/, "data-aws-")
      .replace(/^aws_/, "")
      .replaceAll("_", "-");
    const path = join(packages, LIBRARIES.successor.provider, "lib", folder, "index.js");
    if (!known.has(type))
      known.set(type, existsSync(path) ? resourceAttributes(readFileSync(path, "utf8")) : undefined);
    return known.get(type);
  };
}

type StackJson = Parameters<typeof attributeUses>[0] & {
  readonly "//": { readonly metadata: { readonly version: string } };
};

interface PackageFile {
  readonly version: string;
  /** Of a generated provider: what it is generated from. */
  readonly cdktf?: { readonly provider: { readonly version: string } };
  readonly cdktn?: { readonly provider: { readonly version: string } };
}

function versions(packages: string, { core, provider }: Library) {
  const file = (name: string) => JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")) as PackageFile;
  const { cdktn, cdktf } = file(provider);
  return { core, version: file(core).version, provider: (cdktn ?? cdktf)?.provider.version ?? "of an unknown version" };
}
