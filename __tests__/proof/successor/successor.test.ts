import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { successor } from "./successor";
import type { CommandContext } from "../../../scripts/kit/context";
import type { SuccessorFindings } from "./successor-text";
import { CACHE } from "../../support/command-line";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const context = (projectDirectory: string): CommandContext => ({
  projectDirectory,
  environment: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...CACHE },
  signal: new AbortController().signal,
  progress: { step: (_title, work) => work(() => undefined), note: () => undefined },
});

test("the stacks compile with the successor's types and provider 6, and are the same but for the library's own version", async () => {
  const { exitCode, text, json } = await successor(context(PROJECT));
  const { types, stacks, versions } = json as SuccessorFindings;
  expect({
    exitCode,
    errors: types.errors,
    unexplained: stacks.flatMap(({ unexplained }) => unexplained),
    unknown: stacks.flatMap(({ unknown }) => unknown),
  }).toEqual({ exitCode: 0, errors: [], unexplained: [], unknown: [] });
  expect(versions).toEqual({
    current: { core: "cdktf", version: "0.21.0", provider: "5.100.0" },
    successor: { core: "cdktn", version: "0.24.0", provider: "6.66.0" },
  });
  expect(stacks.map(({ name }) => name)).toEqual(expect.arrayContaining(["agent-api"]));
  // The explanation is one that occurs: the JSON is the successor's.
  for (const { name, explained } of stacks)
    expect([name, explained.map(({ path, after }) => [path, after])]).toEqual([
      name,
      [["//.metadata.version", "0.24.0"]],
    ]);
  const api = stacks.find(({ name }) => name === "agent-api")!;
  expect(api.resources).toBeGreaterThan(80);
  expect(api.names).toBeGreaterThan(1_000);
  expect(types.files).toBeGreaterThan(50);
  expect(text).toContain("The successor can take over.");
});

/** A project of one stack, in which everything is wrong that can be. */
const STACK = `
import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformLocal, TerraformStack } from "cdktf";
import { version } from "cdktf/package.json";
const app = new App();
const stack = new TerraformStack(app, "small");
new AwsProvider(stack, "aws", {});
stack.addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version: "> 5" });
const deployment = new ApiGatewayDeployment(stack, "deployment", { restApiId: "api", stageName: "live" });
deployment.addOverride("canary_settings", { percent_traffic: 10 });
new TerraformLocal(stack, "made_by", \`version \${version}\`);
new TerraformLocal(stack, "url", \`\\\${\${deployment.fqn}.invoke_url}\`);
app.synth();
`;

test("what provider 6 has not, and what differs without a reason, is named with its place, and fails", async () => {
  const folder = temporaryFolder("small");
  for (const name of ["stacks", "modules", "dist"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "stacks/app.ts"), STACK);
  cpSync(join(PROJECT, "tsconfig.json"), join(folder, "tsconfig.json"));
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  symlinkSync(join(PROJECT, "dist/functions"), join(folder, "dist/functions"));
  const { exitCode, text, json } = await successor(context(folder));
  expect(exitCode).toBe(1);
  const { types, stacks } = json as SuccessorFindings;
  expect(types).toEqual({
    files: 1,
    errors: [
      expect.stringMatching(
        /^stacks\/app\.ts\(10,\d+\): error TS2353: .*'stageName' does not exist in type 'ApiGatewayDeploymentConfig'/,
      ),
    ],
  });
  expect(stacks).toEqual([
    expect.objectContaining({
      name: "small",
      resources: 1,
      unexplained: [
        { path: "locals.made_by", before: "version 0.21.0", after: "version 0.24.0" },
        // The generated class of the successor drops what it does not know, without a word at run time.
        { path: "resource.aws_api_gateway_deployment.deployment.stage_name", before: "live", after: undefined },
      ],
    }),
  ]);
  expect(text).toMatch(/deployment\.canary_settings is not there/);
  expect(text).toMatch(/deployment\.invoke_url is not there/);
  expect(text).toContain('small: locals.made_by "version 0.21.0" -> "version 0.24.0": without a reason');
  expect(text).toContain("The successor cannot take over: mend what is named above.");
});

test("where the successor may not be fetched, that is said", async () => {
  const { environment, ...rest } = context(temporaryFolder("bare"));
  const offline = { ...environment, XDG_CACHE_HOME: temporaryFolder("cache"), QUICKTURN_OFFLINE: "1" };
  await expect(successor({ ...rest, environment: offline })).rejects.toThrow(
    /^The package of CDK Terrain's AWS provider is not in .*quickturn-successor-[0-9a-f]{12}, and QUICKTURN_OFFLINE is set\./,
  );
});
