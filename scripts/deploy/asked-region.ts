import { readFileSync } from "node:fs";
import type { PlanInput } from "../kit/terraform";
import { UsageError } from "../kit/context";

/** A region, and who asks for it. */
interface Asked {
  readonly region: string;
  readonly by: string;
}

/**
 * The input of a plan in the region that a person asks for: with --var, in a var-file, by TF_VAR_aws_region, or else by
 * AWS_REGION or AWS_DEFAULT_REGION, as every other tool of AWS takes it.
 * @param applied region of what the state holds; undefined where it holds nothing, or does not say
 * @throws UsageError where those differ: terraform would make everything a second time, and forget the first
 */
export function inAskedRegion<Input extends PlanInput>(
  input: Input,
  applied: unknown,
  environment: NodeJS.ProcessEnv,
): Input {
  const given = givenRegion(input, environment);
  const asked = given ?? shellRegion(environment);
  if (asked === undefined) return input;
  if (typeof applied === "string" && asked.region !== applied) {
    throw new UsageError(
      `${asked.by} says ${asked.region}, and what this state holds is in ${applied}: an apply would make everything a second time and forget the first, which goes on costing. Nothing was changed. ` +
        `For this deployment: --var aws_region=${applied}. For another one: an environment (--env), or a place for the state (QUICKTURN_BACKEND), of its own.`,
    );
  }
  return given === undefined ? { ...input, vars: [`aws_region=${asked.region}`, ...(input.vars ?? [])] } : input;
}

function shellRegion({ AWS_REGION: region, AWS_DEFAULT_REGION: otherwise }: NodeJS.ProcessEnv): Asked | undefined {
  if (region) return { region, by: "AWS_REGION" };
  return otherwise ? { region: otherwise, by: "AWS_DEFAULT_REGION" } : undefined;
}

/** The last one wins, and --var comes after the files, as terraform is given them. */
function givenRegion(
  { vars = [], varFiles = [] }: PlanInput,
  { TF_VAR_aws_region: variable }: NodeJS.ProcessEnv,
): Asked | undefined {
  const inFiles = varFiles.flatMap((path) => regionIn(path).map((region) => ({ region, by: path })));
  const inVars = vars.flatMap((text) =>
    text.startsWith("aws_region=") ? [{ region: text.slice("aws_region=".length), by: "--var aws_region" }] : [],
  );
  return [...(variable ? [{ region: variable, by: "TF_VAR_aws_region" }] : []), ...inFiles, ...inVars].at(-1);
}

/** What cannot be read terraform tells. */
function regionIn(path: string): string[] {
  try {
    const text = readFileSync(path, "utf8");
    const region = path.endsWith(".json")
      ? (JSON.parse(text) as { readonly aws_region?: unknown }).aws_region
      : /^\s*aws_region\s*=\s*"([^"]*)"/m.exec(text)?.[1];
    return typeof region === "string" ? [region] : [];
  } catch {
    return [];
  }
}
