import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DEPRECATIONS, attributeUses, deprecationOf, resourceAttributes } from "../provider-attributes";
import { PROJECT, stackJson } from "../../../support/stack-json";

/** The generated class of a type: provider 5.100.0 in @cdktf, 6.66.0 in @cdktn. */
function generated(scope: "@cdktf" | "@cdktn") {
  return (type: string) => {
    const path = join(
      PROJECT,
      "node_modules",
      scope,
      "provider-aws/lib",
      type.replace("data.aws_", "data-aws-").replace(/^aws_/, "").replaceAll("_", "-"),
      "index.js",
    );
    return existsSync(path) ? resourceAttributes(readFileSync(path, "utf8")) : undefined;
  };
}
const six = generated("@cdktn");
const five = generated("@cdktf");
type Stack = Parameters<typeof attributeUses>[0];
const unknown = (stack: Stack, attributesOf = six) =>
  attributeUses(stack, attributesOf)
    .filter(({ known }) => !known)
    .map(({ address, attribute }) => `${address}.${attribute}`);

test("a class's attributes, its blocks and what they hold, and what can be read of it are found", () => {
  expect(six("aws_lambda_alias")).toEqual({
    settable: {
      description: null,
      function_name: null,
      function_version: null,
      id: null,
      name: null,
      region: null,
      routing_config: { additional_version_weights: null },
      timeouts: { update: null },
    },
    readable: new Set([
      "description",
      "function_name",
      "function_version",
      "id",
      "name",
      "region",
      "routing_config",
      "timeouts",
      "arn",
      "invoke_arn",
    ]),
  });
});

test("the stack uses nothing that 5.100 has not, which terraform validate confirms elsewhere", () => {
  const stack = stackJson() as unknown as Stack;
  expect(attributeUses(stack, five).length).toBeGreaterThan(1_000);
  expect(unknown(stack, five)).toEqual([]);
});

test.each([
  [
    "an attribute that 6.0 removed",
    { resource: { aws_api_gateway_deployment: { d: { rest_api_id: "a", stage_name: "live" } } } },
    ["aws_api_gateway_deployment.d.stage_name"],
  ],
  [
    "one in a block",
    { resource: { aws_lambda_alias: { a: { routing_config: { weights: {} } } } } },
    ["aws_lambda_alias.a.routing_config.weights"],
  ],
  [
    "one in a block of a list",
    {
      resource: { aws_lambda_alias: { a: { routing_config: [{ additional_version_weights: {} }, { weights: {} }] } } },
    },
    ["aws_lambda_alias.a.routing_config.weights"],
  ],
  [
    "one in a dynamic block",
    {
      resource: {
        aws_lambda_alias: { a: { dynamic: { routing_config: { for_each: "${[1]}", content: { weights: {} } } } } },
      },
    },
    ["aws_lambda_alias.a.routing_config.weights"],
  ],
  [
    "a dynamic block itself",
    { resource: { aws_lambda_alias: { a: { dynamic: [{ routing: [{ for_each: "${[1]}", content: {} }] }] } } } },
    ["aws_lambda_alias.a.routing"],
  ],
  [
    "one in an expression, with an index",
    { resource: { aws_lambda_alias: { a: {} } }, locals: { x: "${aws_lambda_alias.a[0].invoke_url}" } },
    ["aws_lambda_alias.a.invoke_url"],
  ],
  [
    "one of a data source",
    { data: { aws_region: { current: {} } }, output: { x: { value: "in ${data.aws_region.current.nickname}" } } },
    ["data.aws_region.current.nickname"],
  ],
  ["a type", { resource: { aws_opsworks_stack: { s: {} } } }, ["aws_opsworks_stack.s."]],
])("%s is unknown", (_what, stack, expected) => {
  expect(unknown(stack as Stack)).toEqual(expected);
});

test.each([
  [
    "Terraform's own arguments",
    {
      resource: {
        aws_lambda_alias: {
          a: { count: 1, depends_on: [], lifecycle: { ignore_changes: [] }, provider: "aws", "//": {} },
        },
      },
    },
  ],
  ["the keys of a map, which are the author's", { resource: { aws_sns_topic: { t: { tags: { anything: 1 } } } } }],
  ["a resource of another stack", { resource: {}, locals: { x: "${aws_lambda_alias.elsewhere.anything}" } }],
  [
    "a text that is no expression",
    { resource: { aws_lambda_alias: { a: { description: "aws_lambda_alias.a.anything" } } } },
  ],
])("%s are no business of the provider's class", (_what, stack) => {
  expect(unknown(stack as Stack)).toEqual([]);
});

test("each deprecation is one that the stack uses, and that 5.100 gives no way around", () => {
  const used = attributeUses(stackJson() as unknown as Stack, six)
    .map(deprecationOf)
    .filter((each) => each !== undefined);
  expect(new Set(used)).toEqual(new Set(DEPRECATIONS));
  expect(five("data.aws_region")!.readable.has("region")).toBe(false);
  expect(five("aws_dynamodb_table")!.settable["global_secondary_index"]).not.toHaveProperty("key_schema");
  expect(six("aws_dynamodb_table")!.settable["global_secondary_index"]).toHaveProperty("key_schema");
});

test("code that is not as the generator writes it is an error, not agreement", () => {
  expect(() => resourceAttributes("class X extends cdktn.TerraformResource {\n}\n")).toThrow(
    "The generated class has no synthesizeAttributes with a name in it; the generator writes otherwise now. Mend provider-attributes.",
  );
});
