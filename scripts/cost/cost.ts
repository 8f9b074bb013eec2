import Ajv, { type ErrorObject } from "ajv";
import { DEFAULT_USAGE, USAGE_SCHEMA, type Usage } from "./usage";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { readJson } from "../kit/files";
import { PROFILES, SETTINGS, defaultValue, type Profile, type Setting } from "../../stacks/contract/settings";
import { monthlyBill, type Bill } from "./bill";
import { cacheBreakEven, compareBills, reportedArithmetic } from "./comparison";
import { deploymentOf, plannedDeployment, type Deployment } from "./deployment";
import { tableCalls } from "./database";
import { parseSettingValue, suggestName, parseRegion } from "../kit/given-setting";
import { PRICES } from "./prices";
import { describeCost } from "./text";

/**
 * Reads a usage file, JSON with any of the schema's fields; what it leaves out has its default. `path`: absolute, or
 * below the working directory. Throws {@link UsageError}, which names every problem with its field, value and what is
 * allowed.
 */
export function readUsage(path: string): Usage {
  return parseUsage(readJson(path, "usage file"), path);
}

/** The usage in a parsed file; `path` is for the message. */
export function parseUsage(document: unknown, path: string): Usage {
  // `unit` is for people; a number or null is what the derived fields take.
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
  ajv.addVocabulary(["unit"]);
  const validate = ajv.compile<Partial<Usage>>(USAGE_SCHEMA);
  if (!validate(document))
    throw new UsageError(
      [
        `The usage file ${path} is not valid:`,
        ...(validate.errors ?? []).map((error) => `  ${describeProblem(error)}`),
      ].join("\n"),
    );
  return { ...DEFAULT_USAGE, ...document };
}

function describeProblem({ keyword, instancePath, params, data, parentSchema }: ErrorObject): string {
  const given = JSON.stringify(data);
  if (keyword === "additionalProperties") {
    const name = (params as { additionalProperty: string }).additionalProperty;
    return `${name} is no field of a usage file; allowed: ${Object.keys(USAGE_SCHEMA.properties).join(", ")}`;
  }
  if (instancePath === "") return `it is ${given}; allowed: an object of fields, such as {"prompt_kb": 4}`;
  return `${instancePath.slice(1)} is ${given}; allowed: ${describeAllowed(parentSchema as Field)}`;
}

/** A field of the schema, as far as its limits go. */
interface Field {
  readonly type: string | readonly string[];
  readonly unit: string;
  readonly minimum: number;
  readonly maximum: number;
}

function describeAllowed({ type, unit, minimum, maximum }: Field): string {
  const types = [type].flat();
  return (
    `${types.includes("integer") ? "a whole number" : "a number"} from ${minimum} to ${maximum} ` +
    `(${unit})${types.includes("null") ? ", or null to have it worked out" : ""}`
  );
}

/** What to reckon. */
export interface CostOptions {
  /** Profile to reckon. Default: optimized, or the plan where one is given. */
  readonly profile?: string;
  /** Two to stand side by side: profiles, or `plan`. Default: one alone. */
  readonly compare?: readonly string[];
  /** `name=value` settings on top of every profile. */
  readonly vars: readonly string[];
  /** Path of a usage file. Default: the schema's defaults. */
  readonly usage?: string;
  /** Months' volumes, as `10000,100000`. Default: 10,000, 100,000 and 1,000,000. */
  readonly requests?: string;
  /** Instead of the setting aws_region. */
  readonly region?: string;
  /** Path of what `terraform show -json` printed of a plan or a state. */
  readonly fromPlan?: string;
}

const VOLUMES = "10000,100000,1000000";
const PLAN = "plan";

/** What was reckoned. */
export interface CostReport {
  readonly usage: Usage;
  readonly deployments: readonly Deployment[];
  /** By deployment, then by volume. */
  readonly bills: readonly (readonly Bill[])[];
  /** By volume; empty for one deployment. */
  readonly differences: readonly ReturnType<typeof compareBills>[];
  /** By deployment. */
  readonly cache: readonly ReturnType<typeof cacheBreakEven>[];
  readonly reported: ReturnType<typeof reportedArithmetic>;
  /** What a plan does not know yet. */
  readonly unknown: readonly string[];
  readonly substitutes: readonly string[];
  /** What was counted of the tables, by deployment, then by volume. */
  readonly tableCalls: readonly (readonly ReturnType<typeof tableCalls>[])[];
  /** Each price that was used or could be, with its source: a figure can be followed back. */
  readonly prices: typeof PRICES;
}

/** Reckons what a deployment costs a month and a request, by part, from prices of a dated table. Asks nobody. */
export async function cost(_context: CommandContext, options: CostOptions): Promise<CommandResult<CostReport>> {
  const usage = options.usage === undefined ? DEFAULT_USAGE : readUsage(options.usage);
  const volumes = parseVolumes(options.requests ?? VOLUMES);
  const { deployments, unknown } = findDeployments(options);
  const bills = deployments.map((deployment) => volumes.map((requests) => monthlyBill(deployment, usage, requests)));
  const [before, after] = bills;
  const report: CostReport = {
    usage,
    deployments,
    bills,
    differences: after ? before!.map((bill, index) => compareBills(bill, after[index]!)) : [],
    cache: deployments.map((deployment) => cacheBreakEven(deployment, usage)),
    reported: reportedArithmetic(usage),
    unknown,
    substitutes: [...new Set(bills.flat().flatMap((bill) => bill.substitutes))].sort(),
    tableCalls: bills.map((months) => months.map(({ traffic }) => tableCalls(usage, traffic))),
    prices: PRICES,
  };
  return { exitCode: 0, text: describeCost(report), json: report };
}

function findDeployments(options: CostOptions): { deployments: Deployment[]; unknown: readonly string[] } {
  const names = options.compare ?? [options.profile ?? (options.fromPlan === undefined ? "optimized" : PLAN)];
  if (options.compare && options.profile !== undefined)
    throw new UsageError(
      `--compare and --profile were both given; allowed: one of them. Leave out --profile ${options.profile}`,
    );
  if (options.compare && options.compare.length !== 2)
    throw new UsageError(
      `--compare has ${options.compare.length} names; allowed: two, such as --compare baseline optimized`,
    );
  const planned = options.fromPlan === undefined ? undefined : readPlan(options.fromPlan);
  if (planned && !names.includes(PLAN))
    throw new UsageError(
      `--from-plan was given and ${names.join(" and ")} is estimated; allowed: --from-plan alone, or --compare ` +
        `with "plan" as one of the two`,
    );
  const vars = new Map(options.vars.map(parseVariable));
  if (options.region !== undefined) vars.set("aws_region", parseRegion("region", options.region));
  if (planned && names.every((name) => name === PLAN) && options.vars.length > 0)
    throw new UsageError(
      "--var changes settings and --from-plan has them applied; allowed: one of them. Plan again with the variable",
    );
  const deployments = names.map((name) => {
    if (name !== PLAN)
      return deploymentOf(name, { ...profileSettings(findProfile(name)), ...Object.fromEntries(vars) });
    if (!planned)
      throw new UsageError('"plan" is to be estimated, but no plan was given; give one with --from-plan <file>');
    return options.region === undefined ? planned.deployment : { ...planned.deployment, region: options.region };
  });
  return { deployments, unknown: planned?.unknown ?? [] };
}

function readPlan(path: string) {
  const document = readJson(path, "plan");
  try {
    return plannedDeployment(document);
  } catch (cause) {
    throw new UsageError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const profileSettings = (name: Profile): Record<string, unknown> =>
  Object.fromEntries(SETTINGS.map((setting: Setting) => [setting.name, defaultValue(setting, name)]));

function findProfile(name: string): Profile {
  const found = PROFILES.find((known) => known === name);
  if (!found)
    throw new UsageError(
      `There is no profile ${JSON.stringify(name)}; allowed: ${PROFILES.join(", ")}, and ${PLAN} with --from-plan`,
    );
  return found;
}

/** A setting's name and its value in its own type. */
function parseVariable(text: string): readonly [string, unknown] {
  const [, name = text, value = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const setting = SETTINGS.find((known) => known.name === name) as Setting | undefined;
  if (!setting || setting.name === "profile") {
    const names = SETTINGS.map((known) => known.name);
    throw new UsageError(
      `--var ${text} names no setting that has a cost; allowed: <name>=<value> with a setting of the table in ` +
        `docs/settings.md, and --profile instead of profile. ${suggestName(name, names)}`,
    );
  }
  const given = parseSettingValue(setting, value);
  if ("misfits" in given) throw new UsageError(given.misfits.map((each) => `--var ${each}`).join("\n"));
  if ("allowed" in given) throw new UsageError(`--var ${name} is ${JSON.stringify(value)}; allowed: ${given.allowed}`);
  return [name, name === "aws_region" ? parseRegion("var aws_region", value) : given.value];
}

function parseVolumes(text: string): number[] {
  return text.split(",").map((part) => {
    const requests = Number(part);
    // 10,000 is two volumes, of which the second is none that anybody would write so.
    if (!/^\s*(0|[1-9]\d*)\s*$/.test(part) || requests > 1e12)
      throw new UsageError(
        `--requests has ${JSON.stringify(part)}; allowed: whole numbers from 0 to 1000000000000, with commas ` +
          `between, such as ${VOLUMES}`,
      );
    return requests;
  });
}
