import {
  type TerraformStack,
  TerraformLocal,
  TerraformOutput,
  TerraformVariable,
  Token,
  type IResolvable,
} from "cdktf";
import {
  MADE_ELSEWHERE,
  PROFILES,
  SETTINGS,
  defaultValue,
  followsProfile,
  isRequired,
  terraformValidations,
  type Setting,
  type SettingName,
} from "./contract/settings";
import { OUTPUT_DESCRIPTIONS, type OutputName } from "./contract/outputs";

/**
 * Declares which settings have a value. It is known when planning, also where the value is not and `known_after_apply`
 * says that there is one.
 */
export function declareGiven(stack: TerraformStack, settings: DeclaredSettings): void {
  const told = (name: string) => `contains(${settings.expression("known_after_apply")}, "${name}")`;
  declareLocal(
    stack,
    "is_given",
    Object.fromEntries(
      MADE_ELSEWHERE.map((name) => [name, `\${${told(name)} ? true : ${settings.expression(name)} != null}`]),
    ),
  );
}

/** Terraform expression: whether a setting has a value. */
export const given = (name: (typeof MADE_ELSEWHERE)[number]): string => `local.is_given.${name}`;

/** The settings as a stack sees them: Terraform expressions, never values. `Name`: the names that the stack has. */
export class DeclaredSettings<Name extends string = SettingName> {
  constructor(private readonly settings: readonly Setting[]) {}

  /** Terraform expression of the value in effect, such as `local.memory_size`, for use inside a longer one. */
  expression(name: Name): string {
    return followsProfile(this.named(name)) ? `local.${name}` : `var.${name}`;
  }
  number(name: Name): number {
    return Token.asNumber(this.interpolated(name));
  }
  string(name: Name): string {
    return Token.asString(this.interpolated(name));
  }
  bool(name: Name): IResolvable {
    return Token.asAny(this.interpolated(name));
  }
  private interpolated(name: Name): string {
    return `\${${this.expression(name)}}`;
  }
  private named(name: Name): Setting {
    const setting = this.settings.find((candidate) => candidate.name === name);
    if (!setting)
      throw new Error(
        `There is no setting ${name}; this stack has ${this.settings.map((each) => each.name).join(", ")}`,
      );
    return setting;
  }
}

/**
 * Declares a Terraform variable for each setting, the profiles, and a local for each setting that follows them.
 * @param settings what may be changed in this stack. Default: the settings of `agent-api`
 */
export function declareSettings<const S extends readonly Setting[] = typeof SETTINGS>(
  stack: TerraformStack,
  settings: S = SETTINGS as readonly Setting[] as S,
): DeclaredSettings<S[number]["name"]> {
  const following = settings.filter(followsProfile);
  if (following.length > 0)
    declareLocal(
      stack,
      "profiles",
      Object.fromEntries(PROFILES.map((profile) => [profile, profileValues(following, profile)])),
    );
  for (const setting of settings) declareVariable(stack, setting);
  for (const { name } of following) {
    declareLocal(stack, name, `\${coalesce(var.${name}, local.profiles[var.profile].${name})}`);
  }
  return new DeclaredSettings(settings);
}

/**
 * Declares `local.<name>`. Locals, variables and outputs of one name are three constructs, so their ids carry the kind.
 */
export function declareLocal(stack: TerraformStack, name: string, value: unknown): void {
  new TerraformLocal(stack, `local_${name}`, value).overrideLogicalId(name);
}

function profileValues(settings: readonly Setting[], profile: (typeof PROFILES)[number]): Record<string, unknown> {
  return Object.fromEntries(settings.map((setting) => [setting.name, defaultValue(setting, profile)]));
}

function declareVariable(stack: TerraformStack, setting: Setting): void {
  const required = isRequired(setting);
  const value = followsProfile(setting) ? null : defaultValue(setting, "optimized");
  const variable = new TerraformVariable(stack, setting.name, {
    type: setting.type === "structured" ? setting.terraformType : setting.type,
    description: description(setting),
    // A setting that has a value in every case must not be made null from outside.
    nullable: !required && value === null,
    sensitive: setting.sensitive,
    validation: terraformValidations(setting).map(({ condition, message }) => ({
      condition: `\${${condition}}`,
      errorMessage: message,
    })),
  });
  // Not a property above: the constructor takes no null, which says "optional, and nothing by default".
  if (!required) variable.addOverride("default", value);
}

function description(setting: Setting): string {
  const unit = setting.type === "number" ? ` Unit: ${setting.unit}.` : "";
  const values = followsProfile(setting)
    ? ` Default: ${PROFILES.map((profile) => `${profile} ${defaultValue(setting, profile)}`).join(", ")}.`
    : "";
  return `${setting.description}${unit}${values}`;
}

/**
 * Declares exactly the outputs of a contract.
 * @param descriptions one sentence an output. Default: the outputs of `agent-api`
 */
export function declareOutputs<Name extends string = OutputName>(
  stack: TerraformStack,
  values: Readonly<Record<Name, unknown>>,
  descriptions: Readonly<Record<Name, string>> = OUTPUT_DESCRIPTIONS as Readonly<Record<string, string>> as Readonly<
    Record<Name, string>
  >,
): void {
  for (const [name, value] of Object.entries(values) as [Name, unknown][]) {
    new TerraformOutput(stack, `output_${name}`, { value, description: descriptions[name] }).overrideLogicalId(name);
  }
}

/** Declares a `check` block: plan and apply warn when the condition is false, and go on. */
export function declareCheck(stack: TerraformStack, name: string, condition: string, warning: string): void {
  stack.addOverride(`check.${name}.assert`, [{ condition: `\${${condition}}`, error_message: warning }]);
}
