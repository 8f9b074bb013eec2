import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { DEFAULT_ENVIRONMENT } from "../../stacks/contract/outputs";
import { KEPT_BY_COMMANDS, SETTINGS, type Setting } from "../../stacks/contract/settings";
import { checkValue, variableName } from "../kit/given-setting";
import type { Values } from "./kept-values";
import type { PlanInput } from "../kit/terraform";
import { deploymentFolder, environmentName, settingsFile, type Whose } from "../kit/deployment-folder";
import { readJson } from "../kit/given-state";
import { UsageError } from "../kit/context";

/** Names that a plan's own input gives: by --var, in a var-file, by TF_VAR_. What cannot be read terraform tells. */
export function givenNames({ vars = [], varFiles = [] }: PlanInput, environment: NodeJS.ProcessEnv): string[] {
  const variables = Object.keys(environment).flatMap((name) =>
    name.startsWith("TF_VAR_") ? [name.slice("TF_VAR_".length)] : [],
  );
  return [...variables, ...varFiles.flatMap(namesIn), ...vars.map(variableName)];
}

function namesIn(path: string): string[] {
  try {
    const text = readFileSync(path, "utf8");
    return path.endsWith(".json") ? Object.keys(JSON.parse(text) as object) : topLevelNames(text);
  } catch {
    return [];
  }
}

/** Of a document in Terraform's own language: what stands before a `=` outside of every bracket, text and remark. */
function topLevelNames(text: string): string[] {
  const bare = text.replaceAll(/"(?:\\.|[^"\\])*"|#.*|\/\/.*|\/\*[^]*?\*\/|<<-?\s*(\w+)$[^]*?^\s*\1$/gm, '""');
  let depth = 0;
  return bare.split("\n").flatMap((line) => {
    const name = depth === 0 ? /^\s*([\w-]+)\s*=/.exec(line)?.[1] : undefined;
    depth += (line.match(/[[{(]/g)?.length ?? 0) - (line.match(/[\])}]/g)?.length ?? 0);
    return name === undefined ? [] : [name];
  });
}

/**
 * An environment's settings, as its file gives them; none where the default environment has no file.
 * @throws UsageError where it holds what is no setting, or a secret
 */
export function environmentSettings(context: Whose, names: readonly string[]): Values {
  const path = settingsFile(context);
  if (!existsSync(path)) return {};
  const shown = relative(deploymentFolder(context), path);
  const document = readJson(path, "file");
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new UsageError(`${shown} is no JSON object; allowed: a value by setting, such as {"environment": "prod"}.`);
  const problems = Object.entries(document).flatMap(([name, value]) => refused(shown, name, value, names) ?? []);
  // Else both deployments would have the same names.
  if (environmentName(context) !== DEFAULT_ENVIRONMENT && !("environment" in document))
    problems.push(
      `${shown} gives no environment, the second part of every resource's name: another deployment may have the same names. Allowed: 1 to 10 lower-case letters and digits.`,
    );
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return document as Values;
}

function refused(path: string, name: string, value: unknown, names: readonly string[]): string | undefined {
  if (KEPT_BY_COMMANDS.includes(name))
    return `${path} gives ${name}, which the commands write themselves. Take it out.`;
  if ((SETTINGS as readonly Setting[]).some((setting) => setting.name === name && setting.sensitive))
    return `${path} gives ${name}, a secret, and the file is committed. Give it as TF_VAR_${name}.`;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return checkValue({ by: `${path}: `, name, value: text }, { names, settings: SETTINGS });
}
