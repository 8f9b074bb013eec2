/**
 * What a generated provider's classes say about its resources, read out of their code: it holds every Terraform name.
 * The compiler checks what the sources pass to a constructor; the names inside expressions and overrides are text to
 * it, and are checked here.
 */

/** Names that a configuration may set: null for an attribute, the names inside for a block. */
export interface AttributeNames {
  readonly [name: string]: AttributeNames | null;
}

export interface ResourceAttributes {
  readonly settable: AttributeNames;
  /** Names that an expression may read of it. */
  readonly readable: ReadonlySet<string>;
}

/** One name that a stack uses of a resource. */
export interface AttributeUse {
  /** Such as `aws_lambda_alias.worker_live` or `data.aws_region.current`. */
  readonly address: string;
  /** Such as `data.aws_region`. */
  readonly type: string;
  /** Such as `global_secondary_index.hash_key`; empty for the resource itself. */
  readonly attribute: string;
  readonly known: boolean;
}

/** A name that provider 6 still takes, and warns about. */
export interface Deprecation {
  readonly type: string;
  readonly attribute: RegExp;
  readonly reason: string;
}

/**
 * What the stacks use of it, each with why they still do. Generated classes say nothing of deprecation; the pages named
 * do.
 */
export const DEPRECATIONS: readonly Deprecation[] = [
  // registry.terraform.io/providers/hashicorp/aws/6.0.0/docs/data-sources/region
  { type: "data.aws_region", attribute: /^name$/, reason: "since 6.0 it is `region`, which 5.100 has not" },
  // a maintainer in github.com/hashicorp/terraform-provider-aws/issues/46197 (2026-04)
  {
    type: "aws_dynamodb_table",
    attribute: /^global_secondary_index\.(hash|range)_key$/,
    reason: "in later 6.x it is `key_schema`, which 5.100 has not",
  },
];

type Body = Readonly<Record<string, unknown>>;
type Typed = Readonly<Record<string, Readonly<Record<string, Body>>>>;

/** What Terraform itself takes in every resource, and cdktf's metadata. */
const META = new Set(["//", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection"]);

const FUNCTION = /^function (\w+)ToTerraform\(struct\) \{$([\s\S]*?)^\}$/gm;
const MAIN_CLASS = /extends \w+\.Terraform(?:Resource|DataSource) \{[\s\S]*$/;
const ENTRY = /^\s+(\w+): (.*),$/gm;

/**
 * Reads a resource's names out of its generated class.
 * @param code of `lib/<resource>/index.js`
 * @throws Error where the code is not as the generators write it: to find nothing would look like agreement
 */
export function resourceAttributes(code: string): ResourceAttributes {
  const bodies = new Map([...code.matchAll(FUNCTION)].map(([, name = "", body = ""]) => [name, body]));
  const main = MAIN_CLASS.exec(code)?.[0] ?? "";
  const entries = (body: string): AttributeNames =>
    Object.fromEntries(
      [...body.matchAll(ENTRY)].map(([, name = "", value = ""]) => {
        const block = bodies.get(/(?<![.\w])(\w+)ToTerraform\b/.exec(value)?.[1] ?? "");
        return [name, block === undefined ? null : entries(block)];
      }),
    );
  const settable = entries(/^ {4}synthesizeAttributes\(\) \{$([\s\S]*?)^ {4}\}$/m.exec(main)?.[1] ?? "");
  if (Object.keys(settable).length === 0)
    throw new Error(
      "The generated class has no synthesizeAttributes with a name in it, because the generator changed its output. " +
        "Adapt provider-attributes.ts to it.",
    );
  const given = [...main.matchAll(/\.get\w*Attribute\('(\w+)'\)|\(this, "(\w+)"/g)].map(
    ([, plain, block]) => plain ?? block ?? "",
  );
  return { settable, readable: new Set([...Object.keys(settable), ...given]) };
}

/**
 * Every name that a stack sets in or reads of a provider's resource.
 * @param attributesOf a type's names by `aws_…` or `data.aws_…`; undefined where the provider has no such type
 */
export function attributeUses(
  stack: { readonly resource?: Typed; readonly data?: Typed },
  attributesOf: (type: string) => ResourceAttributes | undefined,
): AttributeUse[] {
  const declared = new Map([...named(stack.resource, ""), ...named(stack.data, "data.")]);
  const set = [...declared].flatMap(([address, body]) => {
    const type = typeOf(address);
    const attributes = attributesOf(type);
    return attributes === undefined
      ? [{ address, type, attribute: "", known: false }]
      : setIn(body, attributes.settable).map((use) => ({ address, type, ...use }));
  });
  const read = texts(stack)
    .flatMap(references)
    .filter(({ address }) => declared.has(address));
  return [
    ...set,
    ...read.map(({ address, attribute }) => ({
      address,
      type: typeOf(address),
      attribute,
      known: attributesOf(typeOf(address))?.readable.has(attribute) ?? false,
    })),
  ];
}

/** The deprecation that a use falls under. */
export function deprecationOf({ type, attribute }: Pick<AttributeUse, "type" | "attribute">): Deprecation | undefined {
  return DEPRECATIONS.find((each) => each.type === type && each.attribute.test(attribute));
}

function named(typed: Typed | undefined, prefix: string): [string, Body][] {
  return Object.entries(typed ?? {}).flatMap(([type, bodies]) =>
    Object.entries(bodies).map(([name, body]): [string, Body] => [`${prefix}${type}.${name}`, body]),
  );
}

function typeOf(address: string): string {
  return address.slice(0, address.lastIndexOf("."));
}

function setIn(body: Body, names: AttributeNames, path = ""): { attribute: string; known: boolean }[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (path === "" && META.has(name)) return [];
    if (name === "dynamic") return dynamicBlocks(value).flatMap((block) => setIn(block, names, path));
    const attribute = `${path}${name}`;
    if (!Object.hasOwn(names, name)) return [{ attribute, known: false }];
    const inside = names[name];
    return [
      { attribute, known: true },
      ...(inside ? [value].flat().flatMap((each) => (isBody(each) ? setIn(each, inside, `${attribute}.`) : [])) : []),
    ];
  });
}

/** `{ routing_config: { for_each, content } }`, or a list with it, as blocks that are there. */
function dynamicBlocks(dynamic: unknown): Body[] {
  const blocks = [dynamic].flat().filter(isBody).flatMap(Object.entries) as [string, unknown][];
  return blocks.flatMap(([name, block]) =>
    [block]
      .flat()
      .filter(isBody)
      .map(({ content }) => ({ [name]: content })),
  );
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return value.includes("${") ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

/** `aws_lambda_function.worker_function[0].arn`, with whatever index stands before the attribute. */
function references(expression: string): { address: string; attribute: string }[] {
  const found = expression.matchAll(/(?<![\w.])((?:data\.)?aws_\w+\.[\w-]+)(?:\[[^\]]*\])?\.([a-z]\w*)/g);
  return [...found].map(([, address = "", attribute = ""]) => ({ address, attribute }));
}
