/** The three ways to run the same system. */
export const PROFILES = ["baseline", "optimized", "low_latency"] as const;
export type Profile = (typeof PROFILES)[number];

/**
 * What applying a change does:
 * - `new version`: publishes a version of a function; the alias moves to it unless it is pinned. Seconds.
 * - `alias`: moves the alias `live`. Seconds.
 * - `stage`: changes the stage's method settings, no deployment. Seconds.
 * - `deployment`: puts a new deployment of the API behind the same URL. Seconds.
 * - `in place`: changes an attribute of a resource that stays. Seconds.
 * - `minutes`: AWS takes minutes to carry it out (cache cluster, distribution, provisioned concurrency).
 * - `identity`: names what is deployed. Another value is another deployment; set it once.
 */
type Effect = "new version" | "alias" | "stage" | "deployment" | "in place" | "minutes" | "identity";

/** A further condition on a value, as Terraform expressions. */
export interface Rule {
  /** Terraform expression, true when the value is good. It may name other variables. */
  readonly condition: string;
  /** What is allowed, and what to do; follows "<name> is <value given>; ". Terraform template syntax. */
  readonly message: string;
}

interface Common {
  /** Terraform variable name; the provider's own attribute name where there is one. */
  readonly name: string;
  /** One sentence for the person who reads the table or `terraform plan`'s prompt. */
  readonly description: string;
  readonly effect: Effect;
  /** Cross-checks and shapes beyond type, limits and allowed values. Default: none. */
  readonly rules?: readonly Rule[];
  /** Hide the value from plans. Default: false. */
  readonly sensitive?: boolean;
}

/** The value where nobody gives one: the same for all profiles, or one for each. */
export type Default<T> =
  | { /** The same in every profile; null = none. */ readonly value: T | null }
  | { /** The profile's value, which null stands for. */ readonly profiles: Readonly<Record<Profile, T>> }
  | { /** There is no default: the module's caller gives the value. */ readonly required: true };

export type NumberSetting = Common & {
  readonly type: "number";
  /** Such as `MiB`, `seconds` or `requests/s`. */
  readonly unit: string;
  readonly minimum: number;
  readonly maximum: number;
  /** The only values that the service takes. Default: all between the limits. */
  readonly allowed?: readonly number[];
  /** Whether fractions are allowed. Default: false. */
  readonly fractional?: boolean;
} & Default<number>;

/** The type of a setting that is a number with limits. */
export const numberBetween = (minimum: number, maximum: number, unit: string) =>
  ({ type: "number", unit, minimum, maximum }) as const;

export type StringSetting = Common & {
  readonly type: "string";
  readonly allowed?: readonly string[];
  /** RE2 expression that the whole value matches, and what it means in words. */
  readonly pattern?: { readonly expression: string; readonly meaning: string };
} & Default<string>;

export type BoolSetting = Common & { readonly type: "bool" } & Default<boolean>;

/** A list, map or object, whose shape is a type of Terraform. */
export type StructuredSetting = Common & {
  readonly type: "structured";
  /** Terraform type constraint. */
  readonly terraformType: string;
  readonly value: unknown;
};

export type Setting = NumberSetting | StringSetting | BoolSetting | StructuredSetting;

/** A small module for plain Terraform, by its settings and outputs. Its stack declares exactly these. */
export interface Part {
  /** Name of its stack and of its folder. */
  readonly name: string;
  /** In the order of its README's table. */
  readonly settings: readonly Setting[];
  /** One sentence an output, by its name. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A setting of another table. Throws where that table has none of the name. */
export function takeSetting<const S extends readonly Setting[], const Name extends S[number]["name"]>(
  settings: S,
  name: Name,
): Extract<S[number], { readonly name: Name }> {
  const found = settings.find((setting) => setting.name === name);
  if (!found)
    throw new Error(
      `There is no setting ${name} to take over; the table has ${settings.map((setting) => setting.name).join(", ")}`,
    );
  return found as Extract<S[number], { readonly name: Name }>;
}

/** The value of a setting under a profile where nobody gives one; undefined where somebody must. */
export function defaultValue(setting: Setting, profile: Profile): unknown {
  if ("profiles" in setting) return setting.profiles[profile];
  return "value" in setting ? setting.value : undefined;
}

/** True where somebody must give a value. */
export function isRequired(setting: Setting): boolean {
  return "required" in setting;
}

/** True where null follows the profile. */
export function followsProfile(setting: Setting): boolean {
  return "profiles" in setting;
}

/** One `validation` block of a Terraform variable. */
interface Validation {
  /** Terraform expression, without `${}`. */
  readonly condition: string;
  /** Terraform template: says what was given and what is allowed. */
  readonly message: string;
}

/**
 * The validation blocks of a setting's variable: first its limits, then its cross-checks. A sensitive setting has none,
 * because Terraform prints the value that a validation refuses; its resource checks it in a precondition.
 */
export function terraformValidations(setting: Setting): Validation[] {
  if (setting.sensitive) return [];
  const own = limitValidation(setting);
  const rules = (setting.rules ?? []).map((rule) => ({
    condition: rule.condition,
    message: composeMessage(setting, rule.message),
  }));
  return own === undefined
    ? rules
    : [{ condition: orNull(setting, own.condition), message: composeMessage(setting, own.message) }, ...rules];
}

function limitValidation(setting: Setting): Validation | undefined {
  if (setting.type === "number") return numberValidation(setting);
  if (setting.type === "string") return stringValidation(setting);
  return undefined;
}

function numberValidation(setting: NumberSetting): Validation {
  const self = `var.${setting.name}`;
  const isWhole = setting.fractional ? "" : ` && floor(${self}) == ${self}`;
  const kind = setting.fractional ? "a number" : "a whole number";
  if (setting.allowed) {
    return {
      condition: `contains(${JSON.stringify(setting.allowed)}, ${self})`,
      message: `allowed: one of ${setting.allowed.join(", ")} (${setting.unit})`,
    };
  }
  return {
    condition: `${self} >= ${setting.minimum} && ${self} <= ${setting.maximum}${isWhole}`,
    message:
      `allowed: ${kind} from ${setting.minimum} to ${setting.maximum} (${setting.unit})` + orNullInWords(setting),
  };
}

function stringValidation(setting: StringSetting): Validation | undefined {
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

/** Terraform evaluates both sides of `||`, so a conditional excludes null. */
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

/** The whole message of a validation, with the given value. */
function composeMessage(setting: Setting, message: string): string {
  return `${setting.name} is ${showValue(setting)}; ${message}.`;
}

/** Terraform template: null, a quoted text, or JSON. Of `&`, `<` and `>` jsonencode makes escapes that nobody reads. */
function showValue({ name, type }: Setting): string {
  if (type === "string") return `\${var.${name} == null ? "null" : "\\"\${var.${name}}\\""}`;
  const json = `jsonencode(var.${name})`;
  if (type !== "structured") return `\${${json}}`;
  return `\${replace(replace(replace(${json}, "\\\\u0026", "&"), "\\\\u003c", "<"), "\\\\u003e", ">")}`;
}
