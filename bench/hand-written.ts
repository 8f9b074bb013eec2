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
function hclText(text: string, references: readonly Reference[] = []): HclExpression {
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
function hclValue(value: unknown, references: readonly Reference[] = [], indent = ""): HclExpression {
  const deeper = `${indent}  `;
  if (typeof value === "string") return hclText(value, references);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => `${deeper}${hclValue(each, references, deeper)},\n`).join("")}${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const lines = entries.map(([key, each]) => `${deeper}${hclText(key)} = ${hclValue(each, references, deeper)}\n`);
    return `{\n${lines.join("")}${indent}}`;
  }
  return String(value);
}

/** What stands in a block. */
export type HclEntry =
  | { readonly name: string; readonly value: HclExpression }
  | { readonly name: string; readonly block: readonly HclEntry[] };

/** A block, such as `resource "aws_sqs_queue" "work"`, with its entries in their order. */
function hclBlock(head: string, entries: readonly HclEntry[], indent = ""): string {
  const deeper = `${indent}  `;
  const lines = entries.map((entry) =>
    "block" in entry ? hclBlock(entry.name, entry.block, deeper) : `${deeper}${entry.name} = ${entry.value}\n`,
  );
  return `${indent}${head} {\n${lines.join("")}${indent}}\n`;
}

type Block = Readonly<Record<string, unknown>>;

/** The JSON of a stack, as far as it says which attributes are set, and from what. */
export interface WrittenStack {
  readonly terraform: {
    readonly required_version: string;
    readonly required_providers: Readonly<Record<string, { readonly source: string; readonly version: string }>>;
  };
  readonly locals?: Block;
  readonly resource: Readonly<Record<string, Readonly<Record<string, Block>>>>;
}

/** A resource of `terraform show -json`. */
export interface AppliedResource {
  readonly mode: string;
  readonly type: string;
  readonly name: string;
  /** Where it has `count` or `for_each`. */
  readonly index?: string | number;
  readonly values: Block;
}

/** Meta-arguments, and what cdktf and our settings add. */
const NOT_WRITTEN = new Set(["//", "count", "for_each", "depends_on", "lifecycle", "dynamic", "provider"]);

/** Attributes that are read of resources. */
const READ = /\b(aws_\w+)\.(\w+)(?:\[[^\]]*\])?\.(\w+)/g;

/**
 * What applied resources would be as HCL that a person writes: each attribute that the stack sets, as a literal; and a
 * reference where the stack's expression reads another resource, so that the order of an apply is the same. Without
 * variables, locals, conditions, validations, checks and outputs. Empty and unset attributes are left out.
 * @param applied of `terraform show -json`
 */
export function handWritten(stack: WrittenStack, applied: readonly AppliedResource[], region: string): string {
  const resources = applied.filter(({ mode }) => mode === "managed");
  const [aws] = Object.values(stack.terraform.required_providers);
  const head = [
    hclBlock("terraform", [
      { name: "required_version", value: hclText(stack.terraform.required_version) },
      { name: "required_providers", block: [{ name: "aws", value: hclValue(aws, [], "    ") }] },
    ]),
    hclBlock('provider "aws"', [
      { name: "region", value: hclText(region) },
      { name: "default_tags", block: [{ name: "tags", value: hclValue(commonTags(resources), [], "    ") }] },
    ]),
  ];
  return [...head, ...resources.map((resource) => written(resource, stack, resources))].join("\n");
}

/** Tags that every resource with tags has. */
function commonTags(resources: readonly AppliedResource[]): Block {
  const [first = {}, ...others] = resources.flatMap(({ values }) =>
    values["tags_all"] ? [values["tags_all"] as Block] : [],
  );
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((tags) => tags[name] === value)),
  );
}

function written(resource: AppliedResource, stack: WrittenStack, resources: readonly AppliedResource[]): string {
  const body = stack.resource[resource.type]?.[resource.name];
  if (body === undefined)
    throw new Error(
      `${resource.type}.${resource.name} was applied and is not in the stack; expected the state of this stack`,
    );
  const dynamic = Object.entries((body["dynamic"] ?? {}) as Record<string, { readonly content: unknown }>).map(
    ([name, { content }]) => [name, [content]] as const,
  );
  const referencesOf = (expression: unknown) =>
    references(
      expression,
      stack.locals ?? {},
      resources.filter((other) => other !== resource),
    );
  const entries = [...Object.entries(body).filter(([name]) => !NOT_WRITTEN.has(name)), ...dynamic].flatMap(
    ([name, expression]) => entry(name, { value: resource.values[name], expression }, referencesOf),
  );
  return hclBlock(`resource "${resource.type}" "${label(resource)}"`, [...entries, ...metaArguments(body, resources)]);
}

/** One of several has its key in its name. */
const labelOf = (name: string, index: string | number | undefined): string =>
  index === undefined || index === 0 ? name : `${name}_${String(index).replace(/\W/g, "_")}`;
const label = ({ name, index }: AppliedResource): string => labelOf(name, index);

function metaArguments(body: Block, resources: readonly AppliedResource[]): HclEntry[] {
  const after = ((body["depends_on"] ?? []) as readonly string[]).flatMap((address) =>
    resources.filter(({ type, name }) => `${type}.${name}` === address).map((other) => `${other.type}.${label(other)}`),
  );
  const replaced = (body["lifecycle"] as Block | undefined)?.["create_before_destroy"] === true;
  return [
    ...(after.length > 0 ? [{ name: "depends_on", value: `[${after.join(", ")}]` }] : []),
    ...(replaced ? [{ name: "lifecycle", block: [{ name: "create_before_destroy", value: "true" }] }] : []),
  ];
}

type ReferencesOf = (expression: unknown) => { readonly references: readonly Reference[]; readonly encoded: boolean };

/** An applied value, and the expression of the stack that it comes from. */
interface Source {
  readonly value: unknown;
  readonly expression: unknown;
}

/** An attribute or the blocks of one name: lists of objects are blocks. */
function entry(name: string, { value, expression }: Source, referencesOf: ReferencesOf): HclEntry[] {
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null)) {
    return (value as readonly Block[]).map((block) => ({ name, block: blockEntries(block, expression, referencesOf) }));
  }
  return [{ name, value: attribute({ value, expression }, referencesOf) }];
}

/**
 * A block's own attributes: those that any of the stack's blocks of this name sets, and all where an expression makes
 * the block.
 */
function blockEntries(block: Block, expression: unknown, referencesOf: ReferencesOf): HclEntry[] {
  const set = (Array.isArray(expression) ? expression : [expression]).filter(
    (each): each is Block => typeof each === "object" && each !== null,
  );
  const partsOf = (name: string) =>
    set.length === 0 ? expression : set.flatMap((each) => (each[name] === undefined ? [] : [each[name]]));
  const isSet = (name: string) =>
    set.length === 0 ||
    set.some((each) => each[name] !== undefined || (each["dynamic"] as Block | undefined)?.[name] !== undefined);
  return Object.entries(block).flatMap(([name, value]) =>
    isSet(name) ? entry(name, { value, expression: single(partsOf(name)) }, referencesOf) : [],
  );
}

const single = (parts: unknown): unknown => (Array.isArray(parts) && parts.length === 1 ? parts[0] : parts);

function attribute({ value, expression }: Source, referencesOf: ReferencesOf, indent = "  "): string {
  const own = fileExpression(expression);
  if (own !== undefined) return own;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const deeper = `${indent}  `;
    const parts = typeof expression === "object" && expression !== null ? (expression as Block) : undefined;
    const lines = Object.entries(value).map(([key, each]) => {
      const source = { value: each, expression: parts?.[key] ?? expression };
      return `${deeper}${hclText(key)} = ${attribute(source, referencesOf, deeper)}\n`;
    });
    return `{\n${lines.join("")}${indent}}`;
  }
  const { references: made, encoded } = referencesOf(expression);
  const document = encoded && typeof value === "string" ? parsed(value) : undefined;
  return document === undefined ? hclValue(value, made, indent) : `jsonencode(${hclValue(document, made, indent)})`;
}

/** The hash of a file is nothing that a person copies. */
function fileExpression(expression: unknown): string | undefined {
  const inner = typeof expression === "string" ? /^\$\{(.+)\}$/s.exec(expression)?.[1] : undefined;
  return inner !== undefined && inner.includes("path.module") && !/\b(var|local|data|aws_\w+)\./.test(inner)
    ? inner
    : undefined;
}

/** An object or a list as JSON, or undefined. */
function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What an expression reads, the locals in it followed; and whether it encodes JSON. */
function references(
  expression: unknown,
  locals: Block,
  resources: readonly AppliedResource[],
): ReturnType<ReferencesOf> {
  const text = expanded(JSON.stringify(expression) ?? "", locals);
  const read = [...text.matchAll(READ)].flatMap(([, type, name, attribute = ""]) =>
    resources
      .filter((other) => other.type === type && other.name === name)
      .flatMap((other) => {
        const value = other.values[attribute];
        return typeof value === "string" && value !== ""
          ? [{ value, expression: `${other.type}.${label(other)}.${attribute}` }]
          : [];
      }),
  );
  return {
    references: read.filter(({ value }, index) => read.findIndex((each) => each.value === value) === index),
    encoded: text.includes("jsonencode("),
  };
}

function expanded(text: string, locals: Block, seen: ReadonlySet<string> = new Set()): string {
  const named = [...new Set([...text.matchAll(/\blocal\.(\w+)/g)].map(([, name = ""]) => name))].filter(
    (name) => !seen.has(name),
  );
  const within = new Set([...seen, ...named]);
  return [text, ...named.map((name) => expanded(JSON.stringify(locals[name]) ?? "", locals, within))].join("\n");
}

/** A state file (version 4), as far as names stand in it. */
export interface StateFile {
  readonly resources: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly index_key?: string | number; readonly dependencies?: readonly string[] }[];
  }[];
}

/**
 * The state of the same resources under the names that {@link handWritten} gives them, so that they need not be made
 * twice.
 */
export function handWrittenState(state: StateFile): StateFile {
  const managed = state.resources.filter(({ mode }) => mode === "managed");
  const names = new Map(
    managed.map(({ type, name, instances }) => [
      `${type}.${name}`,
      instances.map((each) => `${type}.${labelOf(name, each.index_key)}`),
    ]),
  );
  const resources = managed.flatMap((resource) =>
    resource.instances.map(({ index_key: index, dependencies = [], ...instance }) => ({
      ...resource,
      name: labelOf(resource.name, index),
      instances: [{ ...instance, dependencies: dependencies.flatMap((address) => names.get(address) ?? []) }],
    })),
  );
  return { ...state, resources, outputs: {}, check_results: null } as StateFile;
}
