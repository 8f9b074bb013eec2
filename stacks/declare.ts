import { TerraformLocal, TerraformOutput, TerraformVariable, Token, type IResolvable, type TerraformStack } from "cdktf";
import { OUTPUT_DESCRIPTIONS, type OutputName } from "./outputs";
import { PROFILES, SETTINGS, defaultValue, followsProfile, terraformValidations, type Setting, type SettingName } from "./settings";

/** The settings as the stack sees them: Terraform expressions, never values. */
export class DeclaredSettings {
  /** Terraform expression of the value in effect, such as `local.memory_size`, for use inside a longer one. */
  expression(name: SettingName): string {
    return followsProfile(settingNamed(name)) ? `local.${name}` : `var.${name}`;
  }
  number(name: SettingName): number {
    return Token.asNumber(this.interpolated(name));
  }
  string(name: SettingName): string {
    return Token.asString(this.interpolated(name));
  }
  bool(name: SettingName): IResolvable {
    return Token.asAny(this.interpolated(name));
  }
  private interpolated(name: SettingName): string {
    return `\${${this.expression(name)}}`;
  }
}

/** Declares a Terraform variable for each setting, the profiles, and a local for each setting that follows them. */
export function declareSettings(stack: TerraformStack): DeclaredSettings {
  const following = SETTINGS.filter(followsProfile);
  declareLocal(stack, "profiles", Object.fromEntries(PROFILES.map((profile) => [profile, profileValues(following, profile)])));
  for (const setting of SETTINGS) declareVariable(stack, setting);
  for (const { name } of following) {
    declareLocal(stack, name, `\${coalesce(var.${name}, local.profiles[var.profile].${name})}`);
  }
  return new DeclaredSettings();
}

/** Declares `local.<name>`. Locals, variables and outputs of one name are three constructs, so their ids carry the kind. */
export function declareLocal(stack: TerraformStack, name: string, value: unknown): void {
  new TerraformLocal(stack, `local_${name}`, value).overrideLogicalId(name);
}

function profileValues(settings: readonly Setting[], profile: (typeof PROFILES)[number]): Record<string, unknown> {
  return Object.fromEntries(settings.map((setting) => [setting.name, defaultValue(setting, profile)]));
}

function declareVariable(stack: TerraformStack, setting: Setting): void {
  const value = followsProfile(setting) ? null : defaultValue(setting, "optimized");
  const variable = new TerraformVariable(stack, setting.name, {
    type: setting.type === "structured" ? setting.terraformType : setting.type,
    description: description(setting),
    // A setting that has a value in every case must not be made null from outside.
    nullable: value === null,
    sensitive: setting.sensitive,
    validation: terraformValidations(setting).map(({ condition, message }) => ({ condition: `\${${condition}}`, errorMessage: message })),
  });
  // Not a property above: the constructor takes no null, which says "optional, and nothing by default".
  variable.addOverride("default", value);
}

function description(setting: Setting): string {
  const unit = setting.type === "number" ? ` Unit: ${setting.unit}.` : "";
  const values = followsProfile(setting) ? ` Default: ${PROFILES.map((profile) => `${profile} ${defaultValue(setting, profile)}`).join(", ")}.` : "";
  return `${setting.description}${unit}${values}`;
}

/** Declares exactly the outputs of the contract. */
export function declareOutputs(stack: TerraformStack, values: Readonly<Record<OutputName, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    new TerraformOutput(stack, `output_${name}`, { value, description: OUTPUT_DESCRIPTIONS[name as OutputName] }).overrideLogicalId(name);
  }
}

/** Declares a `check` block: plan and apply warn when the condition is false, and go on. */
export function declareCheck(stack: TerraformStack, name: string, condition: string, warning: string): void {
  stack.addOverride(`check.${name}.assert`, [{ condition: `\${${condition}}`, error_message: warning }]);
}

function settingNamed(name: SettingName): Setting {
  const setting = SETTINGS.find((candidate) => candidate.name === name);
  if (!setting) throw new Error(`There is no setting ${name}; stacks/settings has ${SETTINGS.map((each) => each.name).join(", ")}`);
  return setting;
}
