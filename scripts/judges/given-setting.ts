import { defaultValue, PROFILES, type Setting } from "../../stacks/settings";
import { meant } from "./nearest-name";
import { shortText } from "./value-text";
import { misfits, shapeOf } from "./type-shape";

/** A setting's value in its own type, or what is allowed instead. */
export type GivenValue =
  | { readonly value: unknown }
  | { readonly allowed: string }
  | { /** Places of a list, map or object, each with what is wrong there. */ readonly misfits: readonly string[] };

/**
 * Reads the value that a person gave as text. Of rules, and of what is written in Terraform's own language, terraform
 * is the judge.
 */
export function givenValue(setting: Setting, text: string): GivenValue {
  if (setting.type === "number") return numberOf(setting, text);
  if (setting.type === "bool")
    return text === "true" || text === "false" ? { value: text === "true" } : { allowed: "true or false" };
  if (setting.type === "string") return textOf(setting, text);
  return structureOf(setting, text);
}

function textOf({ allowed, pattern }: Extract<Setting, { type: "string" }>, text: string): GivenValue {
  if (allowed && !allowed.includes(text)) return { allowed: `one of ${allowed.join(", ")}` };
  // The expression is written as in Terraform's language, where a backslash stands for itself when it is doubled.
  if (pattern && !new RegExp(JSON.parse(`"${pattern.expression}"`) as string).test(text))
    return { allowed: pattern.meaning };
  return { value: text };
}

function structureOf({ name, terraformType }: Extract<Setting, { type: "structured" }>, text: string): GivenValue {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { value: text };
  }
  const wrong = misfits(value, shapeOf(terraformType), name);
  return wrong.length === 0 ? { value } : { misfits: wrong };
}

function numberOf(
  { allowed, minimum, maximum, fractional, unit }: Extract<Setting, { type: "number" }>,
  text: string,
): GivenValue {
  const value = Number(text);
  const isAllowed = allowed
    ? allowed.includes(value)
    : value >= minimum && value <= maximum && (fractional === true || Number.isInteger(value));
  if (text.trim() !== "" && isAllowed) return { value };
  return {
    allowed: allowed
      ? `one of ${allowed.join(", ")}`
      : `${fractional ? "a number" : "a whole number"} from ${minimum} to ${maximum} (${unit})`,
  };
}

/** The name in `name=value`, as -var takes it. */
export const variableName = (text: string): string => text.slice(0, text.indexOf("="));

/**
 * Why `name=value` cannot be planned; undefined where nothing speaks against it. A value of null is terraform's own
 * matter.
 */
export function refusedVariable(
  text: string,
  names: readonly string[],
  settings: readonly Setting[],
): string | undefined {
  const [, name = text, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (value === undefined)
    return `--var ${JSON.stringify(text)} gives no value; allowed: <name>=<value>, such as memory_size=2048.`;
  return refusedValue("--var ", name, value, { names, settings });
}

/**
 * Why a value cannot be planned; undefined where nothing speaks against it.
 * @param by what stands before the name, for the message
 */
export function refusedValue(
  by: string,
  name: string,
  value: string,
  { names, settings }: { readonly names: readonly string[]; readonly settings: readonly Setting[] },
): string | undefined {
  if (!names.includes(name)) return `${by}${name}: there is no such setting. ${meant(name, names)}`;
  const setting = settings.find((known) => known.name === name);
  if (setting === undefined || value === "null") return undefined;
  const given = givenValue(setting, value);
  if ("value" in given) return undefined;
  if ("misfits" in given) return given.misfits.map((each) => `${by}${each}`).join("\n");
  const defaults = PROFILES.map((profile) => defaultValue(setting, profile));
  const usual =
    new Set(defaults).size === 1
      ? String(defaults[0])
      : PROFILES.map((profile, index) => `${String(defaults[index])} (${profile})`).join(", ");
  return `${by}${name} is ${setting.sensitive ? "not shown" : shortText(value)}; allowed: ${given.allowed}. Default: ${usual}.`;
}
