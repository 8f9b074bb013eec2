import { meant } from "./nearest-name";

/** A Terraform type constraint, read. */
export type Shape =
  | { readonly kind: "any" }
  | { readonly kind: "string" | "number" | "bool" }
  | { readonly kind: "list" | "set" | "map"; readonly of: Shape }
  | {
      readonly kind: "object";
      readonly attributes: Readonly<Record<string, { readonly shape: Shape; readonly isOptional: boolean }>>;
    };

/** Reads a type constraint as `variable` blocks have it. @throws Error where it is none that is known here */
export function shapeOf(type: string): Shape {
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
    // Its default is the variable's own matter.
    for (let depth = 0; words.length > 0 && (depth > 0 || words.at(0) !== ")"); ) depth += DEPTH[next()] ?? 0;
    expect(")");
    return { shape, isOptional: true };
  };
  return read();
}

const DEPTH: Readonly<Record<string, number>> = { "(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1 };

/**
 * What of a value does not fit, each with its place: terraform drops an attribute that an object has not, without a
 * word, so that a slip would be a setting nobody gave. Null fits everywhere, as terraform has it.
 */
export function misfits(value: unknown, shape: Shape, at: string): string[] {
  if (value === null || shape.kind === "any") return [];
  if (!("of" in shape) && !("attributes" in shape))
    return isOf(value, shape.kind) ? [] : [`${at} is ${JSON.stringify(value)}; allowed: ${NAMES[shape.kind]}`];
  if ("of" in shape && shape.kind !== "map")
    return Array.isArray(value)
      ? value.flatMap((each, index) => misfits(each, shape.of, `${at}[${index}]`))
      : [`${at} is ${JSON.stringify(value)}; allowed: a list`];
  if (typeof value !== "object" || Array.isArray(value))
    return [`${at} is ${JSON.stringify(value)}; allowed: ${"attributes" in shape ? "an object" : "a map"}`];
  if ("of" in shape) return Object.entries(value).flatMap(([key, each]) => misfits(each, shape.of, `${at}.${key}`));
  const given = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(shape.attributes);
  const surplus = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => `${at}.${name}: there is no such attribute. ${meant(name, names, `Allowed: ${names.join(", ")}.`)}`);
  const inside = Object.entries(shape.attributes).flatMap(([name, { shape: wanted, isOptional }]) => {
    if (name in given) return misfits(given[name], wanted, `${at}.${name}`);
    return isOptional ? [] : [`${at} has no ${name}`];
  });
  return [...surplus, ...inside];
}

const NAMES = { string: "a text", number: "a number", bool: "true or false" } as const;

/** Terraform turns one into the other where that loses nothing. */
function isOf(value: unknown, kind: keyof typeof NAMES): boolean {
  if (kind === "string") return ["string", "number", "boolean"].includes(typeof value);
  if (kind === "number")
    return (
      typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    );
  return typeof value === "boolean" || value === "true" || value === "false";
}
