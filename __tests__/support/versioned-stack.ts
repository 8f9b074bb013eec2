import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { LocalBackend, TerraformLocal, TerraformOutput, TerraformStack, TerraformVariable, Token } from "cdktf";
import type { Construct } from "constructs";

/** MiB, by profile. */
const MEMORY_MIB = { baseline: 128, low_latency: 1024, optimized: 256 };

/** Names of the settings, each a variable that may be null. */
const SETTINGS = ["memory_size", "live_version", "api_live_version"];

/**
 * Stands in for the stack of a project's copy where versions and what is live are the point: two functions with the
 * addresses, settings and outputs of the real one, applied in seconds.
 */
export class AgentApiStack extends TerraformStack {
  constructor(scope: Construct, name: string) {
    super(scope, name);
    new LocalBackend(this, { path: `../../../terraform.${name}.tfstate` });
    new AwsProvider(this, "aws", { region: "us-east-1" });
    new TerraformVariable(this, "profile", { type: "string", default: "optimized" });
    for (const setting of SETTINGS)
      new TerraformVariable(this, setting, { type: "number" }).addOverride("default", null);
    new TerraformLocal(
      this,
      "profiles",
      Object.fromEntries(Object.entries(MEMORY_MIB).map(([profile, memory]) => [profile, { memory_size: memory }])),
    ).overrideLogicalId("profiles");
    new TerraformLocal(
      this,
      "memory",
      "${coalesce(var.memory_size, local.profiles[var.profile].memory_size)}",
    ).overrideLogicalId("memory");
    const role = new IamRole(this, "role", {
      name: "small",
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }],
      }),
    });
    this.versioned("worker", "live_version", role.arn, Token.asNumber("${local.memory}"));
    this.versioned("api", "api_live_version", role.arn, 128);
    const settings = Object.fromEntries(["profile", ...SETTINGS].map((setting) => [setting, `\${var.${setting}}`]));
    new TerraformOutput(this, "settings", { value: { ...settings, memory_size: "${local.memory}" } });
    new TerraformOutput(this, "deployment_name", { value: "small" });
    new TerraformOutput(this, "api_endpoint", { value: "not served" });
  }

  private versioned(name: "worker" | "api", setting: string, role: string, memorySize: number): void {
    const archive = `\${path.module}/assets/${name}.zip`;
    const target = new LambdaFunction(this, `${name}_function`, {
      functionName: name,
      role,
      handler: "index.handler",
      runtime: "nodejs22.x",
      filename: archive,
      sourceCodeHash: `\${filebase64sha256("${archive}")}`,
      memorySize,
      publish: true,
    });
    const alias = new LambdaAlias(this, `${name}_alias`, {
      name: "live",
      functionName: target.functionName,
      functionVersion: `\${coalesce(var.${setting}, ${target.fqn}.version)}`,
    });
    new TerraformOutput(this, `output_${setting}`, { value: alias.functionVersion }).overrideLogicalId(setting);
    const newest = setting.replace("live", "newest");
    new TerraformOutput(this, `output_${newest}`, { value: `\${${target.fqn}.version}` }).overrideLogicalId(newest);
  }
}
