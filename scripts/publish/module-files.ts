/**
 * A synthesized stack as a Terraform module: what is a root's alone (provider, backend) and what is cdktf's (its
 * metadata) is left out, and what the provider block did for the resources is done at the resources.
 */

/** A Terraform block's content, as JSON has it. */
type Block = Readonly<Record<string, unknown>>;

/** Blocks by name, such as the variables; and by type and name, such as the resources. */
type Named = Readonly<Record<string, Block>>;
type Typed = Readonly<Record<string, Named>>;

/** The JSON that a synthesis writes, as far as a module needs it. */
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
export type ModuleFiles = Readonly<Record<(typeof MODULE_FILES)[number], string>>;

/**
 * Resource types by whether they take tags. Provider 5.100.0 says so in its schema, which a test compares with this;
 * both lists, so that a new type is looked up and not forgotten.
 */
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
export const NOT_TAGGABLE: readonly string[] = [
  "aws_api_gateway_account",
  "aws_api_gateway_deployment",
  "aws_api_gateway_method_settings",
  "aws_api_gateway_usage_plan_key",
  "aws_cloudwatch_dashboard",
  "aws_cloudwatch_event_target",
  "aws_iam_role_policy",
  "aws_iam_role_policy_attachment",
  "aws_lambda_alias",
  "aws_lambda_function_event_invoke_config",
  "aws_lambda_permission",
  "aws_lambda_provisioned_concurrency_config",
  "aws_s3_bucket_lifecycle_configuration",
  "aws_s3_bucket_policy",
  "aws_s3_bucket_public_access_block",
  "aws_s3_bucket_server_side_encryption_configuration",
  "aws_sns_topic_policy",
  "aws_sns_topic_subscription",
  "aws_sqs_queue_redrive_policy",
  "aws_wafv2_web_acl_association",
  "aws_wafv2_web_acl_logging_configuration",
];

/** What a stack may hold at the top. Anything else is a kind of block that nobody has thought about here. */
const KNOWN = ["//", "check", "data", "locals", "output", "provider", "resource", "terraform", "variable"];

/**
 * A stack's Terraform files as a module, by name.
 *
 * - No provider and no backend: with either, a module takes neither `count` nor `for_each` nor `providers`.
 * - The region is the provider's, so the variable that set it is gone: one that decides nothing would mislead.
 * - The provider's default tags, where it has any, stand at each resource that takes tags: a caller's provider has the
 * same tags for
 *   all instances of a module, and these name the instance.
 * - No `prevent_destroy`: it takes no expression, so a caller could never take the module down; it also lets everything
 *   be destroyed once the module's call is deleted. A variable guards the tables in AWS itself.
 * @throws Error where the stack holds what a module cannot carry, or a type of which nobody said whether it takes tags
 */
export function createModuleFiles(stack: SynthesizedStack): ModuleFiles {
  refuseUnknownBlocks(stack);
  const { region, tags } = readProvider(stack);
  const variable = omitFields(stack.variable, region) as Named;
  const { source, version } = readRequiredProvider(stack);
  const regional = readsRegion([stack.locals, tags, stack.resource, stack.check, stack.output, variable], region);
  const main = {
    data: { ...removeMetadata(stack.data ?? {}), ...(regional && { aws_region: { current: {} } }) },
    locals: {
      ...stack.locals,
      ...(regional && { aws_region: "${data.aws_region.current.id}" }),
      ...(tags !== undefined && { tags }),
    },
    resource: convertResources(stack.resource, tags !== undefined),
    check: stack.check ?? {},
  };
  const text = (content: object) => `${JSON.stringify(replaceRegion(removeEmpty(content), region), null, 2)}\n`;
  return {
    "main.tf.json": text(main),
    "outputs.tf.json": text({ output: requireDescriptions("output", stack.output) }),
    "variables.tf.json": text({ variable: requireDescriptions("variable", variable) }),
    "versions.tf.json": text({
      terraform: {
        required_version: stack.terraform.required_version,
        required_providers: { aws: { source, version } },
      },
    }),
  };
}

/** Names of the stack's variables that the module has not, because its caller's provider decides. */
export function listDroppedVariables(stack: SynthesizedStack): readonly string[] {
  return [readProvider(stack).region];
}

function refuseUnknownBlocks(stack: SynthesizedStack): void {
  const unknown = Object.keys(stack).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `The stack has the blocks ${unknown.join(", ")}; a module is made of ${KNOWN.slice(1).join(", ")}. ` +
        "Say in module-files what becomes of them.",
    );
  for (const name of ["aws_region", "tags"]) {
    if (stack.locals?.[name] !== undefined)
      throw new Error(
        `The stack has local.${name}; a module keeps that name for what the provider did. Rename the stack's.`,
      );
  }
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

/**
 * The variable of the provider's region, and its default tags where it has any; a provider that does more cannot be
 * left out.
 */
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
  ) {
    throw new Error(
      `The stack's provider block is ${JSON.stringify(provider.aws)}; a module can stand in for one ` +
        "whose region is a variable, with or without default_tags, and nothing else.",
    );
  }
  return { region: variable, tags };
}

function convertResources(typed: Typed, tagged: boolean): Typed {
  return Object.fromEntries(
    Object.entries(typed).map(([type, named]) => {
      if (!TAGGABLE.includes(type) && !NOT_TAGGABLE.includes(type))
        throw new Error(
          `${type} is in neither list of module-files; look up whether it takes tags, and add it to TAGGABLE ` +
            "or NOT_TAGGABLE.",
        );
      return [
        type,
        Object.fromEntries(
          Object.entries(named).map(([name, body]) => [name, convertResource(body, `${type}.${name}`, tagged)]),
        ),
      ];
    }),
  );
}

function convertResource(body: Block, address: string, tagged: boolean): Block {
  if (body["provider"] !== undefined)
    throw new Error(
      `${address} has provider = ${JSON.stringify(body["provider"])}; in a module all resources are the ` +
        "one provider's.",
    );
  const kept = omitFields((body["lifecycle"] ?? {}) as Block, "prevent_destroy");
  return {
    ...omitFields(body, "//", "lifecycle"),
    ...(tagged && TAGGABLE.includes(address.split(".")[0] ?? "") && { tags: mergeTags(body["tags"]) }),
    ...(Object.keys(kept).length > 0 && { lifecycle: kept }),
  };
}

/** The resource's own tags win, as they do over a provider's default ones. */
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

function removeMetadata(typed: Typed): Typed {
  return Object.fromEntries(
    Object.entries(typed).map(([type, named]) => [
      type,
      Object.fromEntries(Object.entries(named).map(([name, body]) => [name, omitFields(body, "//")])),
    ]),
  );
}

function omitFields(block: Block, ...names: readonly string[]): Block {
  return Object.fromEntries(Object.entries(block).filter(([name]) => !names.includes(name)));
}

/** What people see in a registry, an editor or a plan's prompt. */
function requireDescriptions(kind: string, named: Named): Named {
  const without = Object.keys(named).filter((name) => typeof named[name]?.["description"] !== "string");
  if (without.length > 0)
    throw new Error(`The ${kind}s ${without.join(", ")} have no description; a module's all have one.`);
  return named;
}

/** Terraform takes an empty block, and a reader wonders at it. */
function removeEmpty(content: object): object {
  return Object.fromEntries(Object.entries(content).filter(([, blocks]) => Object.keys(blocks as object).length > 0));
}

/**
 * How an expression reads the region: by its variable, or by the data source under a name that provider 6 warns about.
 */
const matchRegion = (variable: string) =>
  new RegExp(`\\bvar\\.${variable}\\b|\\bdata\\.aws_region\\.current\\.name\\b`, "g");

function readsRegion(content: unknown, variable: string): boolean {
  return matchRegion(variable).test(JSON.stringify(content));
}

/** Every expression that reads the region reads the local. */
function replaceRegion(content: unknown, variable: string): unknown {
  const reads = matchRegion(variable);
  const walk = (part: unknown): unknown => {
    if (typeof part === "string") return part.replace(reads, "local.aws_region");
    if (Array.isArray(part)) return part.map(walk);
    return typeof part === "object" && part !== null
      ? Object.fromEntries(Object.entries(part).map(([key, value]) => [key, walk(value)]))
      : part;
  };
  return walk(content);
}
