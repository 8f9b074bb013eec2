import { followsProfile, type NumberSetting, type Setting, type StringSetting } from "./setting";

/** One `validation` block of a Terraform variable. */
export interface Validation {
  /** Terraform expression, without `${}`. */
  readonly condition: string;
  /** Terraform template: says what was given and what is allowed. */
  readonly message: string;
}

/**
 * The validation blocks of a setting's variable: its limits first, its cross-checks after. A sensitive setting has
 * none, because Terraform prints the value that a validation refuses; who uses it checks it in a precondition.
 */
export function terraformValidations(setting: Setting): Validation[] {
  if (setting.sensitive) return [];
  const own = limits(setting);
  const rules = (setting.rules ?? []).map((rule) => ({
    condition: rule.condition,
    message: said(setting, rule.message),
  }));
  return own === undefined
    ? rules
    : [{ condition: orNull(setting, own.condition), message: said(setting, own.message) }, ...rules];
}

function limits(setting: Setting): Validation | undefined {
  if (setting.type === "number") return numberLimits(setting);
  if (setting.type === "string") return stringLimits(setting);
  return undefined;
}

function numberLimits(setting: NumberSetting): Validation {
  const self = `var.${setting.name}`;
  const whole = setting.fractional ? "" : ` && floor(${self}) == ${self}`;
  const kind = setting.fractional ? "a number" : "a whole number";
  if (setting.allowed) {
    return {
      condition: `contains(${JSON.stringify(setting.allowed)}, ${self})`,
      message: `allowed: one of ${setting.allowed.join(", ")} (${setting.unit})`,
    };
  }
  return {
    condition: `${self} >= ${setting.minimum} && ${self} <= ${setting.maximum}${whole}`,
    message: `allowed: ${kind} from ${setting.minimum} to ${setting.maximum} (${setting.unit})${orNullInWords(setting)}`,
  };
}

function stringLimits(setting: StringSetting): Validation | undefined {
  const self = `var.${setting.name}`;
  if (setting.allowed) {
    return {
      condition: `contains(${JSON.stringify(setting.allowed)}, ${self})`,
      message: `allowed: one of ${setting.allowed.join(", ")}`,
    };
  }
  if (setting.pattern) {
    return {
      condition: `can(regex("${setting.pattern.expression}", ${self}))`,
      message: `allowed: ${setting.pattern.meaning}${orNullInWords(setting)}`,
    };
  }
  return undefined;
}

/** Terraform evaluates both sides of `||`, so null is told apart by a conditional. */
function orNull(setting: Setting, condition: string): string {
  return takesNull(setting) ? `var.${setting.name} == null ? true : ${condition}` : condition;
}

function orNullInWords(setting: Setting): string {
  if (followsProfile(setting)) return ", or null to follow the profile";
  return takesNull(setting) ? ", or null for none" : "";
}

function takesNull(setting: Setting): boolean {
  return followsProfile(setting) || ("value" in setting && setting.value === null);
}

function said(setting: Setting, message: string): string {
  // jsonencode shows null and quotes.
  return `${setting.name} is \${jsonencode(var.${setting.name})}; ${message}.`;
}
