import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { changesThatReplace, planChanges } from "../../scripts/kit/plan-changes";
import { readFunctions } from "../../scripts/emulator/applied/functions";
import { State } from "../../scripts/emulator/applied/applied";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { Terraform } from "../../scripts/kit/terraform";
import { stackJson, STACK_DIRECTORY } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

/** The front door alone, with its own expressions of the synthesized stack, applied by the real terraform. In order. */

const image = (digit: string) =>
  `image_uri=123456789012.dkr.ecr.us-east-1.amazonaws.com/quickturn@sha256:${digit.repeat(64)}`;
const ROLE = "arn:aws:iam::123456789012:role/front-door";
const PLAN = "test.tfplan";
let emulator: Emulator;
let terraform: Terraform;
let provider: KeptProvider;

beforeAll(async () => {
  const folder = temporaryFolder("image");
  const directory = join(folder, "stack");
  mkdirSync(directory);
  cpSync(join(STACK_DIRECTORY, "assets"), join(directory, "assets"), { recursive: true });
  const stack = stackJson() as unknown as {
    variable: Record<string, unknown>;
    resource: { aws_lambda_function: Record<string, Record<string, unknown>> };
  };
  const given = stack.resource.aws_lambda_function["api_function"]!;
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }],
  };
  const small = {
    provider: { aws: [{ region: "us-east-1" }] },
    terraform: { required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } } },
    variable: { package_type: stack.variable["package_type"], image_uri: stack.variable["image_uri"] },
    resource: {
      aws_iam_role: { role: { name: "front-door", assume_role_policy: JSON.stringify(trust) } },
      aws_lambda_function: {
        api_function: {
          ...given,
          function_name: "front-door",
          role: ROLE,
          environment: { variables: { A: "1" } },
          memory_size: 512,
          depends_on: ["aws_iam_role.role"],
        },
      },
    },
  };
  writeFileSync(join(directory, "main.tf.json"), JSON.stringify(small));
  emulator = await startEmulator({ directory: folder, env: process.env });
  const env = sandboxEnvironment(process.env, emulator.endpoint, folder);
  await new Terraform({ directory, env }).init();
  provider = await keepProvider({ directory, env });
  terraform = new Terraform({ directory, env: { ...env, ...provider.variables } });
});
afterAll(async () => {
  await provider?.stop();
  await emulator?.stop();
});

async function plan(vars: readonly string[]) {
  await terraform.plan(PLAN, { vars: [...vars] });
  return planChanges(await terraform.show(PLAN)).filter(({ type }) => type === "aws_lambda_function");
}

test("a function from an image is made of the image and its command, and of nothing of a zip", async () => {
  expect(await plan(["package_type=image", image("a")])).toMatchObject([{ action: "create" }]);
  await terraform.applyPlan(PLAN);
  const applied = State.parse(await terraform.show()).all("aws_lambda_function")[0]!.values;
  expect(applied).toMatchObject({
    package_type: "Image",
    image_uri: image("a").replace("image_uri=", ""),
    image_config: [{ command: ["api/index.handler"] }],
    version: "1",
  });
  expect([applied["handler"] || null, applied["runtime"] || null, applied["filename"] || null]).toEqual([
    null,
    null,
    null,
  ]);
});

test("the local runtime says that it pulls no image, and what to do", async () => {
  const state = State.parse(await terraform.show());
  expect(() => readFunctions(state)).toThrow(
    /^aws_lambda_function\.api_function was applied as a container image \(123456789012\.dkr.*\), which is not pulled here\. Apply it as a zip/,
  );
});

test("another image is a new version in place", async () => {
  const changes = await plan(["package_type=image", image("b")]);
  expect([changes.map(({ action }) => action), changesThatReplace(changes)]).toEqual([["update"], []]);
});

test("from image to zip the function is replaced, which rollback refuses to do", async () => {
  const changes = await plan(["package_type=zip"]);
  expect(changesThatReplace(changes)).toMatchObject([
    { address: "aws_lambda_function.api_function", action: "replace" },
  ]);
});

test.each([
  [["package_type=image"], 'package_type is "image"; image_uri is not given; allowed: zip without'],
  [[image("a")], 'package_type is "zip"; image_uri is given'],
  [
    ["package_type=image", "image_uri=123456789012.dkr.ecr.us-east-1.amazonaws.com/quickturn:latest"],
    "a tag may be another image tomorrow",
  ],
])("%j is refused", async (vars, message) => {
  await expect(plan(vars)).rejects.toThrow(
    expect.objectContaining({ message: expect.stringContaining(message) as unknown }) as Error,
  );
});
