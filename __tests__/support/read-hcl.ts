/** Its own types bring those of browsers along. */
const { parse } = jest.requireActual<{ parse(filename: string, hcl: string): Promise<unknown> }>("@cdktf/hcl2json");

type Json = Readonly<Record<string, unknown>>;

/** HCL as Terraform JSON, read by a parser that is not ours. */
export async function readHcl(hcl: string): Promise<unknown> {
  return normalizeJson((await parse("module.tf", hcl)) as Json);
}

/** Arguments that hold names or types: JSON has them as plain strings, and the parser reads them as expressions. */
const BARE = ["depends_on", "ignore_changes", "iterator", "provider", "replace_triggered_by", "type"];

/** Blocks of which the JSON has empty lists. */
const BLOCKS = ["rule_action_override", "validation"];

/**
 * Terraform JSON in the one of its spellings that both have: a single block without its list, names and types without
 * `${…}`, no spaces after a comma, no empty lists of blocks.
 */
export function normalizeJson(given: unknown, name = ""): unknown {
  const value = typeof given === "string" ? given.normalize("NFC") : given;
  if (Array.isArray(value)) {
    const items = value.map((each) => normalizeJson(each, name));
    return items.length === 1 && typeof items[0] === "object" ? items[0] : items;
  }
  if (typeof value === "string") {
    // The parser takes an object apart, whose keys are expressions here.
    const [, key, of] = /^\$\{\{ (\(\S+\)) = (\S+) \}\}$/.exec(value) ?? [];
    if (key !== undefined) return { [`\${${key}}`]: `\${${of}}` };
    const text = BARE.includes(name) ? value.replace(/^\$\{([\s\S]*)\}$/, "$1") : value;
    // The parser writes a condition inside of a string as %{if}, so only its words are compared.
    if (/^(?!\$\{[\s\S]*\}$)[\s\S]*(\$\{[\s\S]*\?|%\{ ?if)/.test(text))
      return text.replace(/%\{\s*(if|else|endif)|[?:"{}$%\s\\,]/g, "");
    return text.includes("${") || BARE.includes(name) ? text.replace(/,\s+/g, ",").replaceAll(" in (", " in(") : text;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !(BLOCKS.includes(key) && Array.isArray(each) && each.length === 0))
      .map(([key, each]) => [key.normalize("NFC"), normalizeJson(each, key)]),
  );
}
