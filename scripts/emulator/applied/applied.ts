import { moduleResources, type StateModule, type StateResource } from "../../kit/state";
import { asList, asObject, asText, requireText } from "../json";
import { readApi, readApiKeys, readMethodSettings, readStage } from "./api";
import { readAliases, readFunctions, readMappings, readPermissions, readQueues } from "./functions";

/** The managed resources of an applied stack, child modules included. */
export class State {
  private constructor(private readonly resources: readonly StateResource[]) {}

  /**
   * Reads the parsed output of `terraform show -json`.
   * @throws Error where it has no root module, as before the first apply
   */
  static parse(output: unknown): State {
    const root = asObject(asObject(asObject(output)?.values)?.root_module);
    if (root === undefined)
      throw new Error(
        "The state is not the parsed output of `terraform show -json` of an applied stack: " +
          `values.root_module is missing (given: ${describeKeys(output)}). Run \`terraform apply\` first.`,
      );
    return new State(moduleResources(root as StateModule));
  }

  /** All resources of one type, in the order of the state. */
  all(type: string): readonly StateResource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The only resource of a type. @throws Error that names those there are */
  only(type: string): StateResource {
    const found = this.all(type);
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const given = found.length === 0 ? "none" : found.map((resource) => resource.address).join(", ");
    throw new Error(`The local runtime serves exactly one ${type}; the applied state holds ${found.length}: ${given}.`);
  }
}

function describeKeys(value: unknown): string {
  const object = asObject(value);
  return object === undefined ? typeof value : `an object with ${Object.keys(object).join(", ") || "no keys"}`;
}

/** A rule that fires at a fixed rate, with one of its targets. */
export interface AppliedSchedule {
  readonly address: string;
  readonly ruleArn: string;
  readonly everyMs: number;
  readonly targetArn: string;
  /** JSON given to the target. Undefined: EventBridge's scheduled event. */
  readonly input: string | undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A Node timer holds 31 bits of milliseconds, 24.8 days; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds of an expression such as `rate(5 minutes)`; undefined for every other expression. */
export function parseRate(expression: string): number | undefined {
  const [, count, unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression.trim()) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit] ?? NaN);
  return everyMs > 0 && everyMs <= MAX_TIMER_MS ? everyMs : undefined;
}

/** Enabled rules with their targets. A rule that cannot be fired here is a warning that names it. */
export function readSchedules(state: State, warn: (message: string) => void): AppliedSchedule[] {
  const targets = state.all("aws_cloudwatch_event_target");
  return state.all("aws_cloudwatch_event_rule").flatMap((rule) => {
    const { name, state: ruleState, is_enabled: isEnabled, schedule_expression: expression } = rule.values;
    if (ruleState === "DISABLED" || isEnabled === false) return [];
    const everyMs = parseRate(asText(expression) ?? "");
    if (everyMs === undefined) {
      warn(
        `${rule.address} is not fired: the local runtime fires rate(...) up to 24 days, and this rule has ` +
          `${JSON.stringify(expression || rule.values.event_pattern)}.`,
      );
      return [];
    }
    return targets
      .filter((target) => target.values.rule === name)
      .map((target) => ({
        address: target.address,
        ruleArn: requireText(rule, "arn"),
        everyMs,
        targetArn: requireText(target, "arn"),
        input: asText(target.values.input),
      }));
  });
}

/** Reads the parsed output of `terraform show -json`. Whatever is applied and not emulated is a warning. */
export function readApplied(output: unknown, warn: (message: string) => void) {
  const state = State.parse(output);
  const api = readApi(state);
  const stage = readStage(state);
  if (asList(api.document["x-amazon-apigateway-binary-media-types"]).length > 0)
    warn("The API's binary media types are not emulated; every body is passed as text.");
  for (const mapping of state.all("aws_lambda_event_source_mapping")) {
    const { filter_criteria: filters } = mapping.values;
    if (Array.isArray(filters) && filters.length > 0)
      warn(`${mapping.address}: filter_criteria is not emulated; every message is given to the function.`);
  }
  return {
    api,
    stage,
    methodSettings: readMethodSettings(state),
    apiKeys: readApiKeys(state, api, stage),
    functions: readFunctions(state),
    aliases: readAliases(state),
    permissions: readPermissions(state),
    queues: readQueues(state),
    mappings: readMappings(state),
    schedules: readSchedules(state, warn),
  };
}

/** What terraform applied, as far as it decides how the system behaves. */
export type Applied = Readonly<ReturnType<typeof readApplied>>;
