/** An HCL expression as it stands in a file. */
export type HclExpression = string;

/** A value of one resource that another's attribute is made from, and how it is referred to: `aws_iam_role.api.arn`. */
export interface Reference {
  readonly value: string;
  readonly expression: HclExpression;
}

/** Shorter values stand in other texts by chance. */
const MIN_PART_LENGTH = 6;

/** A text as HCL, with references where values of other resources stand in it, the longest first. */
export function hclText(text: string, references: readonly Reference[] = []): HclExpression {
  const whole = references.find(({ value }) => value === text);
  if (whole) return whole.expression;
  const parts = references
    .filter(({ value }) => value.length >= MIN_PART_LENGTH)
    .sort((left, right) => right.value.length - left.value.length);
  return `"${template(text, parts)}"`;
}

function template(text: string, [first, ...rest]: readonly Reference[]): string {
  if (first === undefined) return quoted(text);
  return text
    .split(first.value)
    .map((piece) => template(piece, rest))
    .join(`\${${first.expression}}`);
}

/** HCL's escapes are JSON's, and `${` and `%{` begin a template. */
const quoted = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(/[$%](?=\{)/g, (sign) => sign + sign);

/** Any value as HCL: maps and lists over several lines. @param indent of the line that it begins in */
export function hclValue(value: unknown, references: readonly Reference[] = [], indent = ""): HclExpression {
  const deeper = `${indent}  `;
  if (typeof value === "string") return hclText(value, references);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => `${deeper}${hclValue(each, references, deeper)},\n`).join("")}${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    return `{\n${entries.map(([key, each]) => `${deeper}${hclText(key)} = ${hclValue(each, references, deeper)}\n`).join("")}${indent}}`;
  }
  return String(value);
}

/** What stands in a block. */
export type HclEntry =
  | { readonly name: string; readonly value: HclExpression }
  | { readonly name: string; readonly block: readonly HclEntry[] };

/** A block, such as `resource "aws_sqs_queue" "work"`, with its entries in their order. */
export function hclBlock(head: string, entries: readonly HclEntry[], indent = ""): string {
  const deeper = `${indent}  `;
  const lines = entries.map((entry) =>
    "block" in entry ? hclBlock(entry.name, entry.block, deeper) : `${deeper}${entry.name} = ${entry.value}\n`,
  );
  return `${indent}${head} {\n${lines.join("")}${indent}}\n`;
}
