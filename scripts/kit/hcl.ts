/**
 * Terraform JSON as HCL, formatted as `terraform fmt` does. Strings of the JSON are templates, as they are in HCL: one
 * that is a single `${…}` becomes the bare expression.
 */

type Fields = Readonly<Record<string, unknown>>;

/** Attributes of resources whose values are objects. All other objects in a resource are blocks; `validate` tells. */
const OBJECT_ATTRIBUTES = new Set(["dimensions", "tags", "triggers", "variables"]);

/** Arguments that hold names and types, which JSON has as plain strings. */
const BARE_ARGUMENTS = new Set(["depends_on", "ignore_changes", "iterator", "provider", "replace_triggered_by"]);

/** Blocks with a label, which JSON has as one more level. */
const LABELLED = new Set(["dynamic", "provisioner"]);

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a field of such a block is a block itself. */
function isBlock(kind: string, name: string, value: unknown): boolean {
  if (kind === "locals" || kind === "required_providers") return false;
  if (kind === "terraform") return isObject(value);
  if (kind === "variable") return name === "validation";
  if (kind === "output") return name === "precondition";
  const [first] = Array.isArray(value) ? (value as unknown[]) : [value];
  return isObject(first) && !OBJECT_ATTRIBUTES.has(name);
}

/**
 * One block, such as `resource "aws_sqs_queue" "work" { … }`, as lines.
 * @param header what stands before the brace; its first word says of which kind the block is
 */
export function hclBlock(header: string, fields: Fields): string[] {
  const [kind = ""] = header.split(" ");
  const items = Object.entries(fields).flatMap(([name, value]) => formatField(kind, name, value));
  if (items.length === 0) return [`${header} {}`];
  return [`${header} {`, ...indent(joinItems(items)), "}"];
}

/** An attribute or a nested block. An attribute of one line stands in a row with its neighbours. */
interface Item {
  readonly name?: string;
  readonly lines: readonly string[];
}

function formatField(kind: string, name: string, value: unknown): Item[] {
  if (value === undefined) return [];
  if (LABELLED.has(name) && kind !== "locals")
    return toList(value).flatMap((labels) =>
      Object.entries(labels as Fields).flatMap(([label, blocks]) =>
        toList(blocks).map((block) => ({ lines: hclBlock(`${name} "${label}"`, block as Fields) })),
      ),
    );
  if (isBlock(kind, name, value)) return toList(value).map((block) => ({ lines: hclBlock(name, block as Fields) }));
  const isBare = BARE_ARGUMENTS.has(name) || (kind === "variable" && name === "type");
  return [{ name, lines: isBare ? formatBare(value) : formatValue(value) }];
}

const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function formatBare(value: unknown): string[] {
  if (Array.isArray(value)) return formatList(value.map(formatBare));
  return String(value)
    .replace(/^\$\{([\s\S]*)\}$/, "$1")
    .split("\n");
}

/** Aligns the rows of neighbours, and puts an empty line around what takes several. */
function joinItems(items: readonly Item[]): string[] {
  const isRow = (item: Item | undefined) => item?.name !== undefined && item.lines.length === 1;
  const lines: string[] = [];
  for (let start = 0; start < items.length; ) {
    let end = start + 1;
    while (isRow(items[start]) && isRow(items[end])) end += 1;
    const group = items.slice(start, end);
    start = end;
    const width = Math.max(...group.map(({ name = "" }) => [...name].length));
    if (lines.length > 0) lines.push("");
    for (const { name, lines: own } of group)
      lines.push(...(name === undefined ? own : [`${name.padEnd(width)} = ${own[0]}`, ...own.slice(1)]));
  }
  return lines;
}

/** Every line may be moved, because no string takes several; empty lines stay empty. */
const indent = (lines: readonly string[]): string[] => lines.map((line) => (line === "" ? "" : `  ${line}`));

/** A value as an expression, in lines. */
export function formatValue(value: unknown): string[] {
  if (typeof value === "string") return [formatString(value)];
  if (Array.isArray(value)) return formatList(value.map(formatValue));
  if (!isObject(value)) return [JSON.stringify(value)];
  const items = Object.entries(value).map(([name, each]) => ({ name: formatKey(name), lines: formatValue(each) }));
  return items.length === 0 ? ["{}"] : ["{", ...indent(joinItems(items)), "}"];
}

function formatList(items: readonly (readonly string[])[]): string[] {
  const line = `[${items.map((lines) => lines.join("\n")).join(", ")}]`;
  if (line.length <= 80 && !line.includes("\n")) return [line];
  return ["[", ...indent(items.flatMap((lines) => [...lines.slice(0, -1), `${lines.at(-1) ?? ""},`])), "]"];
}

/** These words have a meaning of their own in front of a value. */
const KEYWORDS = ["for", "null", "true", "false"];

const formatKey = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.includes(name) ? name : quote(splitTemplate(name));

function formatString(text: string): string {
  const parts = splitTemplate(text);
  const [only] = parts;
  // An expression of several lines ends with its first where no bracket is open, so it stays in its string.
  if (parts.length === 1 && only?.code && only.text.startsWith("${") && !/\n|^\$\{~|~\}$/.test(only.text))
    return tidyExpression(only.text.slice(2, -1).trim());
  return quote(parts);
}

/** Spaces as `terraform fmt` sets them, outside of strings. */
function tidyExpression(code: string): string {
  let tidy = "";
  for (let at = 0; at < code.length; ) {
    const opening = code.indexOf('"', at);
    const end = opening < 0 ? code.length : opening;
    tidy += code
      .slice(at, end)
      .replace(/,(?=\S|$)/g, ", ")
      .replace(/\bin \(/g, "in(");
    at = opening < 0 ? end : findQuote(code, opening + 1);
    tidy += code.slice(end, at);
  }
  return tidy;
}

interface TemplatePart {
  readonly text: string;
  /** Whether it is `${…}` or `%{…}`, whose text is code. */
  readonly code: boolean;
}

const quote = (parts: readonly TemplatePart[]): string =>
  `"${parts.map(({ text, code }) => (code ? text : escapeText(text))).join("")}"`;

/** As JSON does, but for control characters, of which HCL has other escapes. */
const escapeText = (text: string): string =>
  text.replace(/["\\\n\r\t]/g, (found) => JSON.stringify(found).slice(1, -1));

/** Splits a template at its sequences. `$${` and `%%{` are text. */
function splitTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let [from, at] = [0, 0];
  const push = (end: number, code: boolean) => {
    if (end > from) parts.push({ text: text.slice(from, end), code });
    from = end;
  };
  while (at < text.length) {
    const opening = text.slice(at, at + 2);
    if (/^(\$\$|%%)\{/.test(text.slice(at, at + 3))) at += 3;
    else if (opening === "${" || opening === "%{") {
      push(at, false);
      at = findEnd(text, at + 2);
      push(at, true);
    } else at += 1;
  }
  push(at, false);
  return parts;
}

/** The position after the brace that closes a sequence, whose strings may hold sequences of their own. */
function findEnd(text: string, start: number): number {
  let [depth, at] = [1, start];
  while (at < text.length && depth > 0) {
    if (text[at] === '"') at = findQuote(text, at + 1);
    else {
      depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
      at += 1;
    }
  }
  return at;
}

function findQuote(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\") at += 2;
    else if (/^(\$\$|%%)\{/.test(text.slice(at, at + 3))) at += 3;
    else if (/^[$%]\{/.test(text.slice(at, at + 2))) at = findEnd(text, at + 2);
    else at += 1;
  }
  return at + 1;
}
