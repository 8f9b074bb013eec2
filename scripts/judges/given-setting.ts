import { distance } from "fastest-levenshtein";
import { defaultValue, PROFILES, type Setting } from "../../stacks/settings";

/** A setting's value in its own type, or what is allowed instead. */
export type GivenValue = { readonly value: unknown } | { readonly allowed: string };

/** Reads the value that a person gave as text. Of lists, maps, patterns and cross-checks terraform is the judge. */
export function givenValue(setting: Setting, text: string): GivenValue {
  if (setting.type === "number") return numberOf(setting, text);
  if (setting.type === "bool") return text === "true" || text === "false" ? { value: text === "true" } : { allowed: "true or false" };
  if (setting.type === "string" && setting.allowed && !setting.allowed.includes(text)) return { allowed: `one of ${setting.allowed.join(", ")}` };
  return { value: text };
}

function numberOf({ allowed, minimum, maximum, fractional, unit }: Extract<Setting, { type: "number" }>, text: string): GivenValue {
  const value = Number(text);
  const isAllowed = allowed ? allowed.includes(value) : value >= minimum && value <= maximum && (fractional === true || Number.isInteger(value));
  if (text.trim() !== "" && isAllowed) return { value };
  return { allowed: allowed ? `one of ${allowed.join(", ")}` : `${fractional ? "a number" : "a whole number"} from ${minimum} to ${maximum} (${unit})` };
}

/** The name that somebody may have meant; undefined where none is near. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const [nearest] = names.map((name) => ({ name, steps: distance(wrong, name) })).sort((a, b) => a.steps - b.steps || (a.name < b.name ? -1 : 1));
  // Beyond a third of its letters it is another word.
  return nearest !== undefined && nearest.steps <= Math.max(2, wrong.length / 3) ? nearest.name : undefined;
}

/** The name in `name=value`, as -var takes it. */
export const variableName = (text: string): string => text.slice(0, text.indexOf("="));

/** Why `name=value` cannot be planned; undefined where nothing speaks against it. A value of null is terraform's own matter. */
export function refusedVariable(text: string, names: readonly string[], settings: readonly Setting[]): string | undefined {
  const [, name = text, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (value === undefined) return `--var ${JSON.stringify(text)} gives no value; allowed: <name>=<value>, such as memory_size=2048.`;
  return refusedValue("--var ", name, value, { names, settings });
}

/** Why a value cannot be planned; undefined where nothing speaks against it. @param by what stands before the name, for the message */
export function refusedValue(by: string, name: string, value: string, { names, settings }: { readonly names: readonly string[]; readonly settings: readonly Setting[] }): string | undefined {
  if (!names.includes(name)) return `${by}${name}: there is no such setting. ${meant(name, names)}`;
  const setting = settings.find((known) => known.name === name);
  if (setting === undefined || value === "null") return undefined;
  const given = givenValue(setting, value);
  if ("value" in given) return undefined;
  const defaults = PROFILES.map((profile) => defaultValue(setting, profile));
  const usual = new Set(defaults).size === 1 ? String(defaults[0]) : PROFILES.map((profile, index) => `${String(defaults[index])} (${profile})`).join(", ");
  return `${by}${name} is ${JSON.stringify(value)}; allowed: ${given.allowed}. Default: ${usual}.`;
}

/** What to do about a name that nobody declares. */
export function meant(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? "README's table has them all." : `Did you mean ${nearest}?`;
}
