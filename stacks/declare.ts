import {
  type TerraformStack,
  TerraformLocal,
  TerraformOutput,
  TerraformVariable,
  Token,
  type IResolvable,
} from "cdktf";
import { expression, interpolate, interpolateAny, type Expression } from "../modules";
import {
  MADE_ELSEWHERE,
  PROFILES,
  defaultValue,
  followsProfile,
  isRequired,
  terraformValidations,
  type Setting,
  type SettingName,
} from "./contract/settings";

/** The settings as a stack sees them: Terraform expressions, never values. `Name`: the names that the stack has. */
export class DeclaredSettings<Name extends string = SettingName> {
  constructor(private readonly settings: readonly Setting[]) {}

  /** The value in effect, such as `local.memory_size`. */
  expression(name: Name): Expression {
    const setting = this.settings.find((candidate) => candidate.name === name);
    if (!setting)
      throw new Error(
        `There is no setting ${name}; this stack has ${this.settings.map((each) => each.name).join(", ")}`,
      );
    return followsProfile(setting) ? expression`local.${name}` : expression`var.${name}`;
  }
  number(name: Name): number {
    return Token.asNumber(this.string(name));
  }
  string(name: Name): string {
    return interpolate(this.expression(name));
  }
  bool(name: Name): IResolvable {
    return interpolateAny(this.expression(name));
  }
}

/** Declares a Terraform variable for each setting, the profiles, and a local for each setting that follows them. */
export function declareSettings<const S extends readonly Setting[]>(
  stack: TerraformStack,
  settings: S,
): DeclaredSettings<S[number]["name"]> {
  const following = settings.filter(followsProfile);
  const profileValues = (profile: (typeof PROFILES)[number]) =>
    Object.fromEntries(following.map((setting) => [setting.name, defaultValue(setting, profile)]));
  if (following.length > 0)
    declareLocal(stack, "profiles", Object.fromEntries(PROFILES.map((profile) => [profile, profileValues(profile)])));
  for (const setting of settings) declareVariable(stack, setting);
  for (const { name } of following)
    declareLocal(stack, name, interpolate(expression`coalesce(var.${name}, local.profiles[var.profile].${name})`));
  return new DeclaredSettings(settings);
}

function declareVariable(stack: TerraformStack, setting: Setting): void {
  const required = isRequired(setting);
  const value = followsProfile(setting) ? null : defaultValue(setting, "optimized");
  const variable = new TerraformVariable(stack, setting.name, {
    type: setting.type === "structured" ? setting.terraformType : setting.type,
    description: describeSetting(setting),
    // A setting that always has a value must not be made null from outside.
    nullable: !required && value === null,
    sensitive: setting.sensitive,
    validation: terraformValidations(setting).map(({ condition, message }) => ({
      condition: `\${${condition}}`,
      errorMessage: message,
    })),
  });
  // The constructor takes no null, which makes the variable optional and empty.
  if (!required) variable.addOverride("default", value);
}

function describeSetting(setting: Setting): string {
  const unit = setting.type === "number" ? ` Unit: ${setting.unit}.` : "";
  const values = followsProfile(setting)
    ? ` Default: ${PROFILES.map((profile) => `${profile} ${defaultValue(setting, profile)}`).join(", ")}.`
    : "";
  return `${setting.description}${unit}${values}`;
}

/**
 * Declares which settings have a value. Terraform knows it when planning, even where it does not know the value and
 * `known_after_apply` names the setting.
 */
export function declareGiven(stack: TerraformStack, settings: DeclaredSettings): void {
  const isGivenIn = (name: (typeof MADE_ELSEWHERE)[number]) => {
    const isNamed = expression`contains(${settings.expression("known_after_apply")}, "${name}")`;
    return interpolate(expression`${isNamed} ? true : ${settings.expression(name)} != null`);
  };
  declareLocal(stack, "is_given", Object.fromEntries(MADE_ELSEWHERE.map((name) => [name, isGivenIn(name)])));
}

/** Whether a setting has a value; known when planning. */
export const isGiven = (name: (typeof MADE_ELSEWHERE)[number]): Expression => expression`local.is_given.${name}`;

/** Declares `local.<name>`. The construct's id carries the kind, because a variable may have the same name. */
export function declareLocal(stack: TerraformStack, name: string, value: unknown): Expression {
  new TerraformLocal(stack, `local_${name}`, value).overrideLogicalId(name);
  return expression`local.${name}`;
}

/** Declares exactly the outputs of a contract. @param descriptions one sentence for each output */
export function declareOutputs<Name extends string>(
  stack: TerraformStack,
  values: Readonly<Record<Name, unknown>>,
  descriptions: Readonly<Record<Name, string>>,
): void {
  for (const [name, value] of Object.entries(values) as [Name, unknown][])
    new TerraformOutput(stack, `output_${name}`, { value, description: descriptions[name] }).overrideLogicalId(name);
}

/** A `check` block: plan and apply warn while the condition is false, and go on. */
interface Check {
  readonly condition: Expression;
  /** Terraform template. */
  readonly warning: string;
}

export function declareCheck(stack: TerraformStack, name: string, { condition, warning }: Check): void {
  stack.addOverride(`check.${name}.assert`, [{ condition: interpolate(condition), error_message: warning }]);
}
