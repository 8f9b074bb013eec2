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
  /** Key of one of several that `count` or `for_each` makes. */
  readonly index?: string | number;
  readonly values: Block;
}

/** Meta-arguments, and what cdktf and our settings add. */
const NOT_WRITTEN = new Set(["//", "count", "for_each", "depends_on", "lifecycle", "dynamic", "provider"]);

/** Attributes that are read of resources. */
const READ = /\b(aws_\w+)\.(\w+)(?:\[[^\]]*\])?\.(\w+)/g;

/** Shorter values occur in other texts by chance. */
const MIN_PART_LENGTH = 6;

/**
 * A configuration of applied resources as a person writes it, in Terraform's JSON syntax: each attribute that the stack
 * sets, as a literal; and a reference where the stack's expression reads another resource, so that the order of an
 * apply is the same. Without variables, locals, conditions, validations, checks and outputs. Empty and unset attributes
 * are left out.
 * @param applied of `terraform show -json`
 */
export function handWritten(stack: WrittenStack, applied: readonly AppliedResource[], region: string): object {
  const resources = applied.filter(({ mode }) => mode === "managed");
  const byType: Record<string, Record<string, unknown>> = {};
  for (const each of resources) (byType[each.type] ??= {})[label(each)] = resourceBody(each, stack, resources);
  return {
    terraform: {
      required_version: stack.terraform.required_version,
      required_providers: { aws: Object.values(stack.terraform.required_providers)[0] },
    },
    provider: { aws: { region, default_tags: { tags: commonTags(resources) } } },
    resource: byType,
  };
}

/** Tags that every resource with tags has. */
function commonTags(resources: readonly AppliedResource[]): Block {
  const [first = {}, ...others] = resources.map(({ values }) => values["tags_all"]).filter(isBlock);
  const isCommon = ([name, value]: [string, unknown]) => others.every((tags) => tags[name] === value);
  return Object.fromEntries(Object.entries(first).filter(isCommon));
}

function resourceBody(resource: AppliedResource, stack: WrittenStack, resources: readonly AppliedResource[]): Block {
  const { type, name, values } = resource;
  const body = stack.resource[type]?.[name];
  if (body === undefined)
    throw new Error(`${type}.${name} was applied and is not in the stack; expected the state of this stack`);
  const others = resources.filter((other) => other !== resource);
  const write = writerWith((expression) => referencesIn(expression, stack.locals ?? {}, others));
  const dynamic = Object.entries((body["dynamic"] ?? {}) as Record<string, { readonly content: unknown }>);
  const sources = [
    ...Object.entries(body).filter(([attribute]) => !NOT_WRITTEN.has(attribute)),
    ...dynamic.map(([attribute, { content }]) => [attribute, [content]] as const),
  ];
  const after = ((body["depends_on"] ?? []) as readonly string[]).flatMap((address) =>
    resources.filter((other) => `${other.type}.${other.name}` === address).map(addressOf),
  );
  const isReplacedFirst = (body["lifecycle"] as Block | undefined)?.["create_before_destroy"] === true;
  return {
    ...Object.fromEntries(
      sources.flatMap(([attribute, expression]) =>
        isEmpty(values[attribute]) ? [] : [[attribute, write(values[attribute], expression)]],
      ),
    ),
    ...(after.length > 0 && { depends_on: after }),
    ...(isReplacedFirst && { lifecycle: { create_before_destroy: true } }),
  };
}

/** One of several has its key in its name. */
const labelOf = (name: string, index: string | number | undefined): string =>
  index === undefined || index === 0 ? name : `${name}_${String(index).replace(/\W/g, "_")}`;
const label = ({ name, index }: AppliedResource): string => labelOf(name, index);
const addressOf = (resource: AppliedResource): string => `${resource.type}.${label(resource)}`;

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
const isBlock = (value: unknown): value is Block =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value of another resource, and the expression that reads it: `aws_iam_role.api.arn`. */
interface Reference {
  readonly value: string;
  readonly expression: string;
}

/** Writes an applied value, with the references that the stack's expression for it makes. */
type WriteValue = (value: unknown, expression: unknown) => unknown;

function writerWith(referencesOf: (expression: unknown) => readonly Reference[]): WriteValue {
  const write: WriteValue = (value, expression) => {
    // The hash of a file is nothing that a person copies.
    if (readsOnlyFiles(expression)) return expression;
    if (typeof value === "string") return template(value, referencesOf(expression));
    // Lists of objects are blocks.
    if (Array.isArray(value))
      return value.map((each) => (isBlock(each) ? writeBlock(each, expression, write) : write(each, expression)));
    if (!isBlock(value)) return value;
    const parts = isBlock(expression) ? expression : {};
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [template(key, []), write(each, parts[key] ?? expression)]),
    );
  };
  return write;
}

/** The attributes that any of the stack's blocks of this name sets, and all where an expression makes the block. */
function writeBlock(block: Block, expression: unknown, write: WriteValue): Block {
  const written = [expression].flat().filter(isBlock);
  const isSet = (name: string) =>
    written.length === 0 ||
    written.some((each) => each[name] !== undefined || (each["dynamic"] as Block | undefined)?.[name] !== undefined);
  const sourceOf = (name: string): unknown => {
    if (written.length === 0) return expression;
    const parts = written.map((each) => each[name]).filter((part) => part !== undefined);
    return parts.length === 1 ? parts[0] : parts;
  };
  const entries = Object.entries(block).filter(([name, value]) => isSet(name) && !isEmpty(value));
  return Object.fromEntries(entries.map(([name, value]) => [name, write(value, sourceOf(name))]));
}

const readsOnlyFiles = (expression: unknown): boolean =>
  typeof expression === "string" &&
  /^\$\{.*path\.module.*\}$/s.test(expression) &&
  !/\b(var|local|data|aws_\w+)\./.test(expression);

/** A text as a template, with references where values of other resources occur in it, the longest first. */
function template(text: string, references: readonly Reference[]): string {
  const same = references.find(({ value }) => value === text);
  if (same) return `\${${same.expression}}`;
  const [first, ...rest] = references
    .filter(({ value }) => value.length >= MIN_PART_LENGTH)
    .sort((left, right) => right.value.length - left.value.length);
  // `${` and `%{` begin a template.
  if (first === undefined) return text.replace(/[$%](?=\{)/g, (sign) => sign + sign);
  const pieces = text.split(first.value).map((piece) => template(piece, rest));
  return pieces.join(`\${${first.expression}}`);
}

/** What an expression reads of other resources, also by the locals in it. */
function referencesIn(expression: unknown, locals: Block, resources: readonly AppliedResource[]): Reference[] {
  const read = [...withLocals(JSON.stringify(expression) ?? "", locals).matchAll(READ)];
  const found = read.flatMap(([, type, name, attribute = ""]) =>
    resources
      .filter((other) => other.type === type && other.name === name)
      .map((other) => ({ value: other.values[attribute], expression: `${addressOf(other)}.${attribute}` })),
  );
  const texts = found.filter((each): each is Reference => typeof each.value === "string" && each.value !== "");
  return texts.filter(({ value }, index) => texts.findIndex((each) => each.value === value) === index);
}

/** A text, and after it each local that it reads, and those that they read. */
function withLocals(text: string, locals: Block): string {
  const texts = new Map([["", text]]);
  for (const each of texts.values())
    for (const [, name = ""] of each.matchAll(/\blocal\.(\w+)/g))
      if (!texts.has(name)) texts.set(name, JSON.stringify(locals[name]) ?? "");
  return [...texts.values()].join("\n");
}

/** A state file (version 4), as far as names occur in it. */
export interface StateFile {
  readonly resources: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly index_key?: string | number; readonly dependencies?: readonly string[] }[];
  }[];
}

/** The state of the same resources under the names of {@link handWritten}, so that they need not be made twice. */
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
