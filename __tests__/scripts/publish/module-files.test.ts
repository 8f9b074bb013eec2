import fc from "fast-check";
import {
  MODULE_FILES,
  createModuleFiles,
  readModuleFacts,
  type SynthesizedStack,
} from "../../../scripts/publish/module-files";

const STACK = {
  "//": { metadata: { backend: "local" } },
  provider: {
    aws: [
      { region: "${var.aws_region}", default_tags: [{ tags: '${merge(var.tags, { "quickturn:name" = var.name })}' }] },
    ],
  },
  terraform: {
    backend: { local: { path: "x.tfstate" } },
    required_version: ">= 1.11.0",
    required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
  },
  variable: {
    aws_region: { description: "Region.", type: "string" },
    name: { description: "Name.", type: "string", default: null },
  },
  output: { url: { description: "URL.", value: "https://${var.aws_region}.example" } },
  locals: { body: { "//": "said to the caller", region: "${var.aws_region}", other: "${var.aws_region_of_another}" } },
  data: { aws_partition: { current: { "//": { metadata: {} } } } },
  check: { named: { assert: [{ condition: "${var.name != null}", error_message: "No name." }] } },
  resource: {
    aws_dynamodb_table: { requests: { "//": { metadata: {} }, name: "r", lifecycle: { prevent_destroy: true } } },
    aws_lambda_alias: {
      live: {
        name: "live",
        lifecycle: { prevent_destroy: true, precondition: [{ condition: "${true}", error_message: "No." }] },
      },
    },
    aws_sqs_queue: { work: { name: "${data.aws_region.current.name}", tags: { kind: "${var.name}" } } },
    aws_sns_topic: { alarms: { tags: "${local.topic_tags}" } },
  },
};
const stack = (changed: object = {}) => ({ ...STACK, ...changed }) as unknown as SynthesizedStack;
const parsed = (given = stack()) =>
  Object.fromEntries(
    Object.entries(createModuleFiles(given)).map(([name, text]) => [
      name,
      JSON.parse(text) as Record<string, Record<string, Record<string, unknown>>>,
    ]),
  );
const main = (given?: SynthesizedStack) => parsed(given)["main.tf.json"]!;

test("the files hold the stack, each block in its file, without provider, backend and cdktf's metadata", () => {
  const files = parsed();
  expect(Object.keys(files)).toEqual([...MODULE_FILES]);
  expect(Object.values(files).map((file) => Object.keys(file))).toEqual([
    ["data", "locals", "resource", "check"],
    ["output"],
    ["variable"],
    ["terraform"],
  ]);
  expect(files["versions.tf.json"]).toEqual({
    terraform: {
      required_version: ">= 1.11.0",
      required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
    },
  });
  expect(JSON.stringify(files)).not.toMatch(/metadata|tfstate/);
  expect(main()["check"]).toEqual(STACK.check);
});

test("a comment inside a value is the stack's own, and stays", () => {
  expect(main()["locals"]!["body"]).toMatchObject({ "//": "said to the caller" });
});

test("the region is the provider's: its variable is left out, and what read it reads the data source", () => {
  const files = parsed();
  expect(readModuleFacts(stack()).dropped).toEqual(["aws_region"]);
  expect(Object.keys(files["variables.tf.json"]!["variable"]!)).toEqual(["name"]);
  expect(files["outputs.tf.json"]!["output"]!["url"]).toMatchObject({ value: "https://${local.aws_region}.example" });
  expect(files["main.tf.json"]!["locals"]).toMatchObject({
    aws_region: "${data.aws_region.current.id}",
    body: { region: "${local.aws_region}", other: "${var.aws_region_of_another}" },
  });
  expect(files["main.tf.json"]!["data"]).toEqual({ aws_partition: { current: {} }, aws_region: { current: {} } });
  expect(files["main.tf.json"]!["resource"]!["aws_sqs_queue"]!["work"]).toMatchObject({ name: "${local.aws_region}" });
});

test("each resource that takes tags has the provider's default tags, below its own", () => {
  const {
    aws_dynamodb_table: table,
    aws_lambda_alias: alias,
    aws_sqs_queue: queue,
    aws_sns_topic: topic,
  } = main()["resource"]! as Record<string, Record<string, { tags?: string }>>;
  expect(main()["locals"]!["tags"]).toBe('${merge(var.tags, { "quickturn:name" = var.name })}');
  expect(table!["requests"]!.tags).toBe("${local.tags}");
  expect(queue!["work"]!.tags).toBe('${merge(local.tags, { "kind" = "${var.name}" })}');
  expect(topic!["alarms"]!.tags).toBe("${merge(local.tags, local.topic_tags)}");
  expect(alias!["live"]).not.toHaveProperty("tags");
});

test("without default tags a resource keeps its own, and none is added", () => {
  const { resource, locals } = main(stack({ provider: { aws: [{ region: "${var.aws_region}" }] } }));
  expect(locals).not.toHaveProperty("tags");
  expect(resource!["aws_dynamodb_table"]!["requests"]).toEqual({ name: "r" });
  expect(resource!["aws_sqs_queue"]!["work"]).toMatchObject({ tags: { kind: "${var.name}" } });
});

test("a module that does not read the region does not ask for it, and an empty kind of block is left out", () => {
  const files = parsed(
    stack({
      provider: { aws: [{ region: "${var.aws_region}" }] },
      output: { id: { description: "Identifier.", value: "${aws_lambda_alias.live.id}" } },
      locals: {},
      data: {},
      check: undefined,
      resource: { aws_lambda_alias: { live: { name: "live" } } },
    }),
  );
  expect(files["main.tf.json"]).toEqual({ resource: { aws_lambda_alias: { live: { name: "live" } } } });
});

test("prevent_destroy is left out, and every other part of a lifecycle stays", () => {
  const { aws_dynamodb_table: table, aws_lambda_alias: alias } = main()["resource"]!;
  expect(table!["requests"]).toEqual({ name: "r", tags: "${local.tags}" });
  expect(alias!["live"]).toEqual({
    name: "live",
    lifecycle: { precondition: [{ condition: "${true}", error_message: "No." }] },
  });
});

test("a default of null is written: without it the variable would be required", () => {
  expect(parsed()["variables.tf.json"]!["variable"]!["name"]).toHaveProperty("default", null);
});

test("the same stack gives the same bytes, and is not changed", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue()), (attributes) => {
      const given = stack({ resource: { aws_lambda_alias: { live: { attributes } } } });
      const before = JSON.stringify(given);
      const files = createModuleFiles(given);
      expect(JSON.stringify(given)).toBe(before);
      expect(createModuleFiles(JSON.parse(before) as SynthesizedStack)).toEqual(files);
      // Resources that do not read the region are not changed.
      if (!/aws_region/.test(before.slice(before.indexOf('"resource"'))))
        expect((JSON.parse(files["main.tf.json"]) as { resource: unknown }).resource).toEqual(
          JSON.parse(JSON.stringify({ aws_lambda_alias: { live: { attributes } } })),
        );
    }),
  );
});

describe("what a module cannot have is refused", () => {
  test.each<[changed: object, message: string]>([
    [
      { resource: { aws_sqs_queue: { work: { provider: "aws.other" } } } },
      'aws_sqs_queue.work has provider = "aws.other"; allowed: none, because a module has one provider.',
    ],
    [{ module: {}, import: [] }, "The stack has the blocks module, import; a module is made of check, data, locals"],
    [{ locals: { tags: {} } }, "The stack has local.tags; a module has a local of that name itself"],
    [
      { provider: { aws: [...STACK.provider.aws, { alias: "other" }] } },
      "allowed: one whose region is a variable, with or without default_tags, and nothing else.",
    ],
    [
      { provider: { aws: [{ ...STACK.provider.aws[0], assume_role: [{}] }] } },
      "allowed: one whose region is a variable, with or without default_tags, and nothing else.",
    ],
    [
      { provider: { aws: [{ ...STACK.provider.aws[0], region: "us-east-1" }] } },
      'The stack\'s provider block is [{"region":"us-east-1"',
    ],
    [{ variable: { ...STACK.variable, memory: {} } }, "The variables memory have no description; each must have one."],
    [{ output: { url: { value: "x" } } }, "The outputs url have no description"],
    [
      { terraform: { ...STACK.terraform, required_providers: { ...STACK.terraform.required_providers, random: {} } } },
      "The stack requires the providers aws, random; allowed: aws alone.",
    ],
  ])("%j", (changed, message) => {
    expect(() => createModuleFiles(stack(changed))).toThrow(message);
  });
});
