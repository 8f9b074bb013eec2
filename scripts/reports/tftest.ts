import type { NumberSetting, Setting, StringSetting } from "../../stacks/settings";

/** Blocks of Terraform's tests, in HCL, as `terraform fmt` writes them. */

/** Values of variables, by name. */
export type Values = Readonly<Record<string, unknown>>;

/** What a run expects of its plan. */
export interface Assert {
  /** Terraform expression. */
  readonly condition: string;
  readonly message: string;
}

/**
 * Runs in which every number is too small, then too large, and every restricted string means nothing: each is refused
 * at its variable.
 */
export function limitRefusals(settings: readonly Setting[]): string[] {
  const numbers = settings.filter((setting): setting is NumberSetting => setting.type === "number");
  const strings = settings.filter(
    (setting): setting is StringSetting =>
      setting.type === "string" && setting.sensitive !== true && (setting.allowed ?? setting.pattern) !== undefined,
  );
  const step = ({ fractional }: NumberSetting) => (fractional ? 0.5 : 1);
  return [
    ...refusals("numbers_below_what_is_allowed", numbers, settings, (setting) => setting.minimum - step(setting)),
    ...refusals("numbers_above_what_is_allowed", numbers, settings, (setting) => setting.maximum + step(setting)),
    ...refusals("strings_that_mean_nothing", strings, settings, () => "§ no"),
  ];
}

/** As few runs as may be: each takes seconds, and terraform reports all variables' failures at once. */
function refusals<S extends Setting>(
  name: string,
  settings: readonly S[],
  among: readonly Setting[],
  bad: (setting: S) => unknown,
): string[] {
  return independent(settings, among).map((group, index) => {
    const variables = Object.fromEntries(group.map((setting) => [setting.name, bad(setting)]));
    return run(index === 0 ? name : `${name}_${index + 1}`, {
      variables,
      failures: Object.keys(variables).map((variable) => `var.${variable}`),
    });
  });
}

/**
 * The settings in groups, none of which has one whose rules read another of it, themselves or by a third's: terraform
 * does not judge a variable by one that it has refused, nor by one that it could not judge.
 * @param among all settings of the module, by which rules may read each other
 */
export function independent<S extends Setting>(settings: readonly S[], among: readonly Setting[]): S[][] {
  const groups: S[][] = [];
  for (const setting of settings) {
    const group = groups.find(
      (members) => !members.some((member) => reads(member, setting, among) || reads(setting, member, among)),
    );
    if (group) group.push(setting);
    else groups.push([setting]);
  }
  return groups;
}

/**
 * Whether a setting's rules read another, or one whose rules do. Rules never read each other in a circle: terraform
 * refuses that.
 */
function reads(one: Setting, other: Setting, among: readonly Setting[]): boolean {
  const text = (one.rules ?? []).map(({ condition, message }) => `${condition} ${message}`).join(" ");
  const read = among.filter(({ name }) => name !== one.name && new RegExp(`\\bvar\\.${name}\\b`).test(text));
  return read.some((each) => each.name === other.name || reads(each, other, among));
}

/** What a run gives, and what it expects. */
export interface Run {
  readonly variables?: Values;
  readonly asserts?: readonly Assert[];
  /** Addresses of what must fail; nothing else may. */
  readonly failures?: readonly string[];
}

/** A run block that plans. */
export function run(name: string, { variables = {}, asserts = [], failures = [] }: Run): string {
  const parts = [
    "  command = plan\n",
    ...(Object.keys(variables).length > 0
      ? [
          `  variables {\n${aligned(variables)
            .map((line) => `    ${line}\n`)
            .join("")}  }\n`,
        ]
      : []),
    ...(failures.length > 0
      ? [`  expect_failures = [\n${failures.map((address) => `    ${address},\n`).join("")}  ]\n`]
      : []),
    ...asserts.map(
      ({ condition, message }) =>
        `  assert {\n    condition     = ${condition}\n    error_message = ${JSON.stringify(message)}\n  }\n`,
    ),
  ];
  return `run "${name}" {\n${parts.join("\n")}}\n`;
}

/** Arguments with their equals signs below each other, as terraform fmt has them. */
function aligned(values: Values): string[] {
  const width = Math.max(...Object.keys(values).map(({ length }) => length));
  return Object.entries(values).map(([name, value]) => `${name.padEnd(width)} = ${hcl(value)}`);
}

/** A JSON value is an HCL expression, but for its colons, which fmt leaves as they are. */
function hcl(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(hcl).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)} = ${hcl(each)}`)
    .join(", ")} }`;
}
