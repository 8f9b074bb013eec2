import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DEFAULT_ENVIRONMENT } from "../../stacks/contract/outputs";
import { KEPT_BY_COMMANDS, SETTINGS, type Setting } from "../../stacks/contract/settings";
import { UsageError } from "../kit/context";
import { deploymentFolder, environmentName, settingsFile, type Whose } from "../kit/deployment-folder";
import { readJson } from "../kit/files";
import { checkValue } from "../kit/given-setting";
import { Terraform, type PlanInput } from "../kit/terraform";
import { TerraformFailed } from "../kit/terraform-messages";
import { givenTexts } from "../kit/var-file";
import type { Values } from "./release";

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

/** Undefined where nobody gives one, or only terraform can read it. */
function givenRegion(input: PlanInput, environment: NodeJS.ProcessEnv): GivenRegion | undefined {
  const given = givenTexts(input, environment).findLast(({ name }) => name === "aws_region");
  return given?.value ? { region: given.value, source: `${given.by}aws_region` } : undefined;
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

/** The parts of a synthesized stack that its variables need. */
interface VariablesJson {
  readonly variable: Readonly<Record<string, { readonly validation?: readonly object[] }>>;
  readonly locals: Readonly<Record<string, unknown>>;
}

/**
 * Extracts the variables of a stack, with the locals that their validations name. Terraform checks values against them
 * in half a second, without a provider, a state or an account. A validation that needs more than variables is left out.
 */
export function extractVariables({ variable = {}, locals = {} }: Partial<VariablesJson>): VariablesJson {
  const kept = new Set<string>();
  const isKnown = (value: unknown): boolean => {
    const text = JSON.stringify(value);
    if (/\b(data|module|path|terraform|each|self|aws_[a-z0-9_]+)\./.test(text)) return false;
    return [...text.matchAll(/\blocal\.(\w+)/g)].every(([, name = ""]) => {
      if (kept.has(name)) return true;
      if (!(name in locals) || !isKnown(locals[name])) return false;
      kept.add(name);
      return true;
    });
  };
  const judged = Object.fromEntries(
    Object.entries(variable).map(([name, declared]) => [
      name,
      { ...declared, validation: (declared.validation ?? []).filter(isKnown) },
    ]),
  );
  return { variable: judged, locals: Object.fromEntries([...kept].sort().map((name) => [name, locals[name]])) };
}

/**
 * Checks the values of a plan by the settings' validations, before anything is asked of an account.
 * @throws UsageError with everything that was given and is not allowed; terraform prints no secret
 */
export async function checkSettings(
  { directory, environment }: Pick<Terraform, "directory" | "environment">,
  { vars = [], varFiles = [] }: PlanInput,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-settings-"));
  try {
    const stack = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as Parameters<
      typeof extractVariables
    >[0];
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify(extractVariables(stack)));
    // In the stack's folder, terraform reads these files by itself.
    const beside = readdirSync(directory)
      .filter((name) => /\.auto\.tfvars(\.json)?$/.test(name))
      .sort()
      .map((name) => join(directory, name));
    await new Terraform({ directory: folder, env: environment }).plan("checked.tfplan", {
      vars,
      varFiles: [...beside, ...varFiles],
      lock: false,
    });
  } catch (error) {
    if (!(error instanceof TerraformFailed)) throw error;
    const refused = error.failures.map(({ summary, detail }) =>
      summary === "Invalid value for variable" ? firstParagraph(detail) : `${summary}. ${detail}`,
    );
    // Terraform reports them in no fixed order.
    throw new UsageError(refused.sort().join("\n"), { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rest of the detail names a line in the temporary folder. */
const firstParagraph = (detail: string): string => detail.split("\n\n")[0] ?? detail;
