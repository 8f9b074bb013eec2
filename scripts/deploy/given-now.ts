import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { DEFAULT_ENVIRONMENT } from "../../stacks/contract/outputs";
import { KEPT_BY_COMMANDS, SETTINGS, type Setting } from "../../stacks/contract/settings";
import { checkValue, variableName } from "../kit/given-setting";
import type { Values } from "./release";
import type { PlanInput } from "../kit/terraform";
import { deploymentFolder, environmentName, settingsFile, type Whose } from "../kit/deployment-folder";
import { readJson } from "../kit/files";
import { UsageError } from "../kit/context";

/** Names of the settings that a person gives with a plan: by TF_VAR_, in a var-file, by --var. */
export function givenNames({ vars = [], varFiles = [] }: PlanInput, environment: NodeJS.ProcessEnv): string[] {
  const variables = Object.keys(environment).flatMap((name) =>
    name.startsWith("TF_VAR_") ? [name.slice("TF_VAR_".length)] : [],
  );
  const inFiles = varFiles.flatMap((path) =>
    readVarFile(path, (text) => (path.endsWith(".json") ? Object.keys(JSON.parse(text) as object) : namesInHcl(text))),
  );
  return [...variables, ...inFiles, ...vars.map(variableName)];
}

/** Reads a var-file. One that cannot be read gives nothing here, because terraform reports it. */
function readVarFile<T>(path: string, read: (text: string) => T[]): T[] {
  try {
    return read(readFileSync(path, "utf8"));
  } catch {
    return [];
  }
}

/** Names before a `=` at the top level of a document in Terraform's language: outside brackets, texts and comments. */
function namesInHcl(text: string): string[] {
  const bare = text.replaceAll(/"(?:\\.|[^"\\])*"|#.*|\/\/.*|\/\*[^]*?\*\/|<<-?\s*(\w+)$[^]*?^\s*\1$/gm, '""');
  let depth = 0;
  return bare.split("\n").flatMap((line) => {
    const name = depth === 0 ? /^\s*([\w-]+)\s*=/.exec(line)?.[1] : undefined;
    depth += (line.match(/[[{(]/g)?.length ?? 0) - (line.match(/[\])}]/g)?.length ?? 0);
    return name === undefined ? [] : [name];
  });
}

/** A region, and where it was given. */
interface GivenRegion {
  readonly region: string;
  readonly source: string;
}

/**
 * Puts the region that a person wants into a plan's input: that of --var, of a var-file, of TF_VAR_aws_region, or else
 * that of AWS_REGION or AWS_DEFAULT_REGION, as every other AWS tool reads it.
 * @param applied region of what the state holds; undefined where it holds nothing, or does not say
 * @throws UsageError where the two differ: terraform would make everything a second time, and forget the first
 */
export function withGivenRegion<Input extends PlanInput>(
  input: Input,
  applied: unknown,
  environment: NodeJS.ProcessEnv,
): Input {
  const given = givenRegion(input, environment);
  const wanted = given ?? shellRegion(environment);
  if (wanted === undefined) return input;
  if (typeof applied === "string" && wanted.region !== applied) {
    throw new UsageError(
      `${wanted.source} says ${wanted.region}, and what this state holds is in ${applied}: an apply would make ` +
        "everything a second time and forget the first, which goes on costing. Nothing was changed. " +
        `For this deployment: --var aws_region=${applied}. ` +
        "For another one: an environment (--env), or a place for the state (QUICKTURN_BACKEND), of its own.",
    );
  }
  return given === undefined ? { ...input, vars: [`aws_region=${wanted.region}`, ...(input.vars ?? [])] } : input;
}

function shellRegion(environment: NodeJS.ProcessEnv): GivenRegion | undefined {
  return ["AWS_REGION", "AWS_DEFAULT_REGION"]
    .map((source) => ({ region: environment[source] ?? "", source }))
    .find(({ region }) => region !== "");
}

/** The last one counts, and --var comes after the files, as terraform is given them. */
function givenRegion(
  { vars = [], varFiles = [] }: PlanInput,
  { TF_VAR_aws_region: variable }: NodeJS.ProcessEnv,
): GivenRegion | undefined {
  const inFiles = varFiles.flatMap((path) => {
    const regions = readVarFile(path, (text) => [
      path.endsWith(".json")
        ? (JSON.parse(text) as { readonly aws_region?: unknown }).aws_region
        : /^\s*aws_region\s*=\s*"([^"]*)"/m.exec(text)?.[1],
    ]);
    return regions.flatMap((region) => (typeof region === "string" ? [{ region, source: path }] : []));
  });
  const inVars = vars
    .filter((text) => text.startsWith("aws_region="))
    .map((text) => ({ region: text.slice("aws_region=".length), source: "--var aws_region" }));
  return [...(variable ? [{ region: variable, source: "TF_VAR_aws_region" }] : []), ...inFiles, ...inVars].at(-1);
}

/**
 * Reads the settings in an environment's file. The default environment may have no file.
 * @throws UsageError where the file holds what is no setting, or a secret
 */
export function environmentSettings(context: Whose, names: readonly string[]): Values {
  const path = settingsFile(context);
  if (!existsSync(path)) return {};
  const label = relative(deploymentFolder(context), path);
  const document = readJson(path, "file");
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new UsageError(`${label} is no JSON object; allowed: a value by setting, such as {"environment": "prod"}.`);
  const problems = Object.entries(document).flatMap(([name, value]) => findProblem(label, [name, value], names) ?? []);
  if (environmentName(context) !== DEFAULT_ENVIRONMENT && !("environment" in document))
    problems.push(
      `${label} gives no environment, the second part of every resource's name: another deployment may have the ` +
        "same names. Allowed: 1 to 10 lower-case letters and digits.",
    );
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return document as Values;
}

function findProblem(
  path: string,
  [name, value]: readonly [string, unknown],
  names: readonly string[],
): string | undefined {
  if (KEPT_BY_COMMANDS.includes(name))
    return `${path} gives ${name}, which the commands write themselves. Remove it there.`;
  if (SETTINGS.some((setting: Setting) => setting.name === name && setting.sensitive))
    return `${path} gives ${name}, a secret, and the file is committed. Give it as TF_VAR_${name}.`;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return checkValue({ by: `${path}: `, name, value: text }, { names, settings: SETTINGS });
}
