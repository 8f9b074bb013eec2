import { defaultValue, PROFILES, type Setting } from "../../stacks/contract/settings";
import { shortText } from "./value-text";
import { distance } from "fastest-levenshtein";
import { UsageError } from "./context";

/** A setting's value in its own type, or what is allowed instead. */
type GivenValue =
  | { readonly value: unknown }
  | { readonly allowed: string }
  | { /** Places of a list, map or object, each with what is wrong there. */ readonly misfits: readonly string[] };

/**
 * Reads the value that a person gave as text. Terraform alone checks validation rules, and values in its own language.
 */
export function parseSettingValue(setting: Setting, text: string): GivenValue {
  if (setting.type === "number") return numberOf(setting, text);
  if (setting.type === "bool")
    return text === "true" || text === "false" ? { value: text === "true" } : { allowed: "true or false" };
  if (setting.type === "string") return textOf(setting, text);
  return structureOf(setting, text);
}

function textOf({ allowed, pattern }: Extract<Setting, { type: "string" }>, text: string): GivenValue {
  if (allowed && !allowed.includes(text)) return { allowed: `one of ${allowed.join(", ")}` };
  // As in Terraform's language, a backslash is doubled in the expression.
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
  const wrong = findMisfits(value, parseShape(terraformType), name);
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

/** Refuses a path that Terraform would not take for a file of settings. */
export function checkTfvarsPath(option: string, path: string | undefined): void {
  if (path !== undefined && !path.endsWith(".tfvars"))
    throw new UsageError(
      `--${option} is ${path}; allowed: a file that ends on .tfvars, which is how Terraform knows its format.`,
    );
}

/** Reads the name in `name=value`, as `-var` takes it. */
export const variableName = (text: string): string => text.slice(0, text.indexOf("="));

/**
 * Says why a value cannot be planned; undefined where nothing speaks against it. Any setting may be null.
 * @param given `by`: what stands before the name in a message, such as `--var `
 */
export function checkValue(
  { by, name, value }: Readonly<Record<"by" | "name" | "value", string>>,
  { names, settings }: { readonly names: readonly string[]; readonly settings: readonly Setting[] },
): string | undefined {
  if (!names.includes(name)) return `${by}${name}: there is no such setting. ${suggestName(name, names)}`;
  const setting = settings.find((known) => known.name === name);
  if (setting === undefined || value === "null") return undefined;
  const given = parseSettingValue(setting, value);
  if ("value" in given) return undefined;
  if ("misfits" in given) return given.misfits.map((each) => `${by}${each}`).join("\n");
  const defaults = PROFILES.map((profile) => defaultValue(setting, profile));
  const usual =
    new Set(defaults).size === 1
      ? String(defaults[0])
      : PROFILES.map((profile, index) => `${String(defaults[index])} (${profile})`).join(", ");
  return (
    `${by}${name} is ${setting.sensitive ? "not shown" : shortText(value)}; allowed: ${given.allowed}. Default: ` +
    `${usual}.`
  );
}

/** Says what to do about a name that nobody declares. */
export function suggestName(
  wrong: string,
  names: readonly string[],
  otherwise = "The table in docs/settings.md has them all.",
): string {
  const [nearest] = names
    .map((name) => ({ name, steps: distance(wrong, name) }))
    .sort((a, b) => a.steps - b.steps || (a.name < b.name ? -1 : 1));
  // A name that differs in more than a third of its letters is another word.
  const isNear = nearest !== undefined && nearest.steps <= Math.max(2, wrong.length / 3);
  return isNear ? `Did you mean ${nearest.name}?` : otherwise;
}

/** A parsed type constraint of Terraform. */
type Shape =
  | { readonly kind: "any" }
  | { readonly kind: "string" | "number" | "bool" }
  | { readonly kind: "list" | "set" | "map"; readonly of: Shape }
  | {
      readonly kind: "object";
      readonly attributes: Readonly<Record<string, { readonly shape: Shape; readonly isOptional: boolean }>>;
    };

/** Parses the type constraint of a `variable` block. @throws Error where it has a type that is not known here */
export function parseShape(type: string): Shape {
  const words = type.match(/[A-Za-z_]\w*|"[^"]*"|-?[\d.]+|[(){}[\],=]/g) ?? [];
  const next = (): string => words.shift() ?? "";
  const expect = (wanted: string): void => {
    const found = next();
    if (found !== wanted) throw new Error(`${type} has ${JSON.stringify(found)} where ${wanted} is to stand`);
  };
  const read = (): Shape => {
    const word = next();
    if (word === "string" || word === "number" || word === "bool" || word === "any") return { kind: word };
    if (word !== "list" && word !== "set" && word !== "map" && word !== "object")
      throw new Error(`${type} has ${JSON.stringify(word)}, which is no type`);
    expect("(");
    const shape: Shape = word === "object" ? { kind: word, attributes: attributes() } : { kind: word, of: read() };
    expect(")");
    return shape;
  };
  const attributes = () => {
    const found: Record<string, { shape: Shape; isOptional: boolean }> = {};
    expect("{");
    while (words[0] !== "}" && words.length > 0) {
      const name = next();
      expect("=");
      found[name] = attribute();
      if (words[0] === ",") next();
    }
    expect("}");
    return found;
  };
  const attribute = () => {
    const [first] = words;
    if (first !== "optional") return { shape: read(), isOptional: false };
    next();
    expect("(");
    const shape = read();
    // Its default is skipped.
    for (let depth = 0; words.length > 0 && (depth > 0 || words.at(0) !== ")"); ) depth += DEPTH[next()] ?? 0;
    expect(")");
    return { shape, isOptional: true };
  };
  return read();
}

const DEPTH: Readonly<Record<string, number>> = { "(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1 };

/**
 * Lists what does not fit in a value, each with its place. Terraform silently drops an attribute that an object does
 * not have, so that a misspelt one would have no effect. Null fits everywhere, as in Terraform.
 */
export function findMisfits(value: unknown, shape: Shape, at: string): string[] {
  if (value === null || shape.kind === "any") return [];
  if (!("of" in shape) && !("attributes" in shape))
    return isOf(value, shape.kind) ? [] : [`${at} is ${JSON.stringify(value)}; allowed: ${NAMES[shape.kind]}`];
  if ("of" in shape && shape.kind !== "map")
    return Array.isArray(value)
      ? value.flatMap((each, index) => findMisfits(each, shape.of, `${at}[${index}]`))
      : [`${at} is ${JSON.stringify(value)}; allowed: a list`];
  if (typeof value !== "object" || Array.isArray(value))
    return [`${at} is ${JSON.stringify(value)}; allowed: ${"attributes" in shape ? "an object" : "a map"}`];
  if ("of" in shape) return Object.entries(value).flatMap(([key, each]) => findMisfits(each, shape.of, `${at}.${key}`));
  const given = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(shape.attributes);
  const surplus = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `${at}.${name}: there is no such attribute. ${suggestName(name, names, `Allowed: ${names.join(", ")}.`)}`,
    );
  const inside = Object.entries(shape.attributes).flatMap(([name, { shape: wanted, isOptional }]) => {
    if (name in given) return findMisfits(given[name], wanted, `${at}.${name}`);
    return isOptional ? [] : [`${at} has no ${name}`];
  });
  return [...surplus, ...inside];
}

const NAMES = { string: "a text", number: "a number", bool: "true or false" } as const;

/** Terraform converts between these types where nothing is lost. */
function isOf(value: unknown, kind: keyof typeof NAMES): boolean {
  if (kind === "string") return ["string", "number", "boolean"].includes(typeof value);
  if (kind === "number")
    return (
      typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    );
  return typeof value === "boolean" || value === "true" || value === "false";
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads `90s`, `30m`, `2h` or `1d` as seconds. */
export function parseDurationSeconds(option: string, text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds <= 0)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}; allowed: a whole number above 0 and its unit, such as 90s, 30m, ` +
        "2h or 1d.",
    );
  return seconds;
}

/** Reads an ISO time with its zone as milliseconds since 1970. */
export function parseTimeMs(option: string, text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isFinite(ms))
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}; allowed: a time with its zone, such as 2026-11-21T12:00:00Z.`,
    );
  return ms;
}

/** Reads a region's code. */
export function parseRegion(option: string, text: string): string {
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(text))
    throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a region's code, such as us-east-1`);
  return text;
}

/** Reads a number above 0; `otherwise` where the option was not given. */
export function parseNumber(option: string, text: string | undefined, otherwise: number): number {
  return readNumber({ option, text, allowed: "above 0" }) ?? otherwise;
}

/** Reads a number from 0 on, such as a price; `otherwise` where the option was not given. */
export function parseNumberFromZero(option: string, text: string | undefined, otherwise: number): number {
  return readNumber({ option, text, allowed: "from 0 on" }) ?? otherwise;
}

interface NumberOption {
  readonly option: string;
  readonly text: string | undefined;
  readonly allowed: "above 0" | "from 0 on";
}

function readNumber({ option, text, allowed }: NumberOption): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0 || (value === 0 && allowed === "above 0"))
    throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a number ${allowed}.`);
  return value;
}

/** Names the option of a command line for a property: `budgetUsd` is `--budget-usd`. */
export const toOptionName = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
