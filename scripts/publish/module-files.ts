/** A Terraform block's content, as JSON has it. */
type Block = Readonly<Record<string, unknown>>;

/** Blocks by name, such as the variables; and by type and name, such as the resources. */
type Named = Readonly<Record<string, Block>>;
type Typed = Readonly<Record<string, Named>>;

/** The JSON of a synthesized stack, as far as a module needs it. */
export interface SynthesizedStack {
  readonly provider: { readonly aws: readonly Block[] };
  readonly terraform: {
    readonly required_version: string;
    readonly required_providers: Readonly<Record<string, { readonly source: string; readonly version: string }>>;
  };
  readonly variable: Named;
  readonly output: Named;
  readonly locals?: Block;
  readonly data?: Typed;
  readonly resource: Typed;
  readonly check?: Named;
}

/** The Terraform files of a module. */
export const MODULE_FILES = ["main.tf.json", "outputs.tf.json", "variables.tf.json", "versions.tf.json"] as const;
type ModuleFiles = Readonly<Record<(typeof MODULE_FILES)[number], string>>;

/** Resource types that take tags. A test compares the types of all modules with the provider's schema. */
export const TAGGABLE: readonly string[] = [
  "aws_api_gateway_api_key",
  "aws_api_gateway_rest_api",
  "aws_api_gateway_stage",
  "aws_api_gateway_usage_plan",
  "aws_budgets_budget",
  "aws_cloudfront_distribution",
  "aws_cloudwatch_composite_alarm",
  "aws_cloudwatch_event_rule",
  "aws_cloudwatch_log_group",
  "aws_cloudwatch_metric_alarm",
  "aws_dynamodb_table",
  "aws_iam_role",
  "aws_lambda_event_source_mapping",
  "aws_lambda_function",
  "aws_s3_bucket",
  "aws_sns_topic",
  "aws_sqs_queue",
  "aws_wafv2_web_acl",
];

/** What a stack may hold at the top. Nobody has decided yet what becomes of any other kind of block. */
const KNOWN = ["//", "check", "data", "locals", "output", "provider", "resource", "terraform", "variable"];

/** What the files beside a module's Terraform files take from its stack. */
export interface ModuleFacts {
  /** Version constraints that the examples have too: Terraform's, and the provider hashicorp/aws's. */
  readonly terraform: string;
  readonly aws: string;
  /** Names of the stack's variables that the module does not have. */
  readonly dropped: readonly string[];
  /** The `source` in the README's examples, where the module is a repository of its own. Default: a copied folder. */
  readonly source?: string;
}

export function readModuleFacts(stack: SynthesizedStack): ModuleFacts {
  const { version } = readRequiredProvider(stack);
  return { terraform: stack.terraform.required_version, aws: version, dropped: [readProvider(stack).region] };
}

/**
 * A stack's Terraform files as a module, by name.
 *
 * - No provider and no backend: with either, a module takes neither `count` nor `for_each` nor `providers`.
 * - The region is the provider's. The variable that set it is left out, because it would have no effect.
 * - The provider's default tags, where it has any, are set at each resource that takes tags: a caller's provider has
 *   the same tags for all instances of a module, and these tags name the instance.
 * - No `prevent_destroy`: it takes no expression, so a caller could never take the module down, and it has no effect
 *   once the module's call is deleted. A variable protects the tables in AWS itself.
 * @throws Error where the stack holds what a module cannot have
 */
export function createModuleFiles(stack: SynthesizedStack): ModuleFiles {
  refuseUnknownBlocks(stack);
  const { region, tags } = readProvider(stack);
  const { source, version } = readRequiredProvider(stack);
  // The region is read by its variable, or by the data source under a name that provider 6 warns about.
  const readsOfRegion = new RegExp(`\\bvar\\.${region}\\b|\\bdata\\.aws_region\\.current\\.name\\b`, "g");
  const text = (content: object) => {
    const replaceRegion = (_key: string, value: unknown) =>
      typeof value === "string" ? value.replace(readsOfRegion, "local.aws_region") : value;
    return `${JSON.stringify(removeEmpty(content), replaceRegion, 2)}\n`;
  };
  const variable = requireDescriptions("variable", omitFields(stack.variable, region) as Named);
  const output = requireDescriptions("output", stack.output);
  const isRegional =
    JSON.stringify([stack.locals, tags, stack.resource, stack.check, output, variable]).search(readsOfRegion) >= 0;
  return {
    "main.tf.json": text({
      data: {
        ...mapBlocks(stack.data ?? {}, (block) => omitFields(block, "//")),
        ...(isRegional && { aws_region: { current: {} } }),
      },
      locals: {
        ...stack.locals,
        ...(isRegional && { aws_region: "${data.aws_region.current.id}" }),
        ...(tags !== undefined && { tags }),
      },
      resource: mapBlocks(stack.resource, (block, type, name) =>
        convertResource(block, `${type}.${name}`, tags !== undefined),
      ),
      check: stack.check ?? {},
    }),
    "outputs.tf.json": text({ output }),
    "variables.tf.json": text({ variable }),
    "versions.tf.json": text({
      terraform: {
        required_version: stack.terraform.required_version,
        required_providers: { aws: { source, version } },
      },
    }),
  };
}

function refuseUnknownBlocks(stack: SynthesizedStack): void {
  const unknown = Object.keys(stack).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `The stack has the blocks ${unknown.join(", ")}; a module is made of ${KNOWN.slice(1).join(", ")}. ` +
        "Say in module-files what becomes of them.",
    );
  for (const name of ["aws_region", "tags"])
    if (stack.locals?.[name] !== undefined)
      throw new Error(`The stack has local.${name}; a module has a local of that name itself. Rename the stack's.`);
}

function readRequiredProvider({ terraform }: SynthesizedStack): { readonly source: string; readonly version: string } {
  const { aws, ...others } = terraform.required_providers;
  if (aws === undefined || Object.keys(others).length > 0)
    throw new Error(
      "The stack requires the providers " +
        `${Object.keys(terraform.required_providers).join(", ") || "(none)"}; allowed: aws alone.`,
    );
  return aws;
}

/** The variable of the provider's region, and its default tags. A provider with anything else cannot be left out. */
function readProvider({ provider }: SynthesizedStack): { readonly region: string; readonly tags: unknown } {
  const [aws, ...others] = provider.aws;
  const { region, default_tags: defaults, ...more } = aws ?? {};
  const variable = /^\$\{var\.(\w+)\}$/.exec(String(region))?.[1];
  const tags = (defaults as readonly { readonly tags: unknown }[] | undefined)?.[0]?.tags;
  if (
    others.length > 0 ||
    Object.keys(more).length > 0 ||
    variable === undefined ||
    (defaults !== undefined && tags === undefined)
  )
    throw new Error(
      `The stack's provider block is ${JSON.stringify(provider.aws)}; allowed: one whose region is a variable, ` +
        "with or without default_tags, and nothing else.",
    );
  return { region: variable, tags };
}

function mapBlocks(typed: Typed, convert: (block: Block, type: string, name: string) => Block): Typed {
  return Object.fromEntries(
    Object.entries(typed).map(([type, named]) => [
      type,
      Object.fromEntries(Object.entries(named).map(([name, block]) => [name, convert(block, type, name)])),
    ]),
  );
}

function convertResource(block: Block, address: string, tagged: boolean): Block {
  const [type = ""] = address.split(".");
  if (block["provider"] !== undefined)
    throw new Error(
      `${address} has provider = ${JSON.stringify(block["provider"])}; allowed: none, because a module has one ` +
        "provider.",
    );
  const lifecycle = omitFields((block["lifecycle"] ?? {}) as Block, "prevent_destroy");
  return {
    ...omitFields(block, "//", "lifecycle"),
    ...(tagged && TAGGABLE.includes(type) && { tags: mergeTags(block["tags"]) }),
    ...(Object.keys(lifecycle).length > 0 && { lifecycle }),
  };
}

/** The resource's own tags win, as they do over a provider's default tags. */
function mergeTags(own: unknown): string {
  if (own === undefined) return "${local.tags}";
  const expression =
    typeof own === "string"
      ? own.replace(/^\$\{([\s\S]*)\}$/, "$1")
      : `{ ${Object.entries(own as Block)
          .map(([key, value]) => `${JSON.stringify(key)} = ${JSON.stringify(value)}`)
          .join(", ")} }`;
  return `\${merge(local.tags, ${expression})}`;
}

function omitFields(block: Block, ...names: readonly string[]): Block {
  return Object.fromEntries(Object.entries(block).filter(([name]) => !names.includes(name)));
}

/** Registries, editors and prompts show descriptions. */
function requireDescriptions(kind: string, named: Named): Named {
  const without = Object.keys(named).filter((name) => typeof named[name]?.["description"] !== "string");
  if (without.length > 0)
    throw new Error(`The ${kind}s ${without.join(", ")} have no description; each must have one.`);
  return named;
}

/** Leaves out kinds of blocks of which there are none. */
function removeEmpty(content: object): object {
  return Object.fromEntries(Object.entries(content).filter(([, blocks]) => Object.keys(blocks as object).length > 0));
}
