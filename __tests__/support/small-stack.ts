import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { LocalBackend, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";

/**
 * Stands in for the stack of a project's copy where what pipelines do with a stack is the point: a role, a function and
 * a log group are applied in seconds, the queues and the bucket of the real one in a minute.
 */
export class AgentApiStack extends TerraformStack {
  constructor(scope: Construct, name: string) {
    super(scope, name);
    new LocalBackend(this, { path: `../../../terraform.${name}.tfstate` });
    new AwsProvider(this, "aws", { region: "us-east-1" });
    const memory = new TerraformVariable(this, "memory_size", {
      type: "number",
      default: 512,
      description: "Memory of the function.",
    });
    memory.addValidation({
      condition: "${var.memory_size <= 1024}",
      errorMessage: "memory_size is ${var.memory_size}; allowed: up to 1024.",
    });
    this.addOverride("check.memory_is_enough", {
      assert: [{ condition: "${var.memory_size > 2000}", error_message: "The function has little memory." }],
    });
    const role = new IamRole(this, "role", {
      name: "small",
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }],
      }),
    });
    new LambdaFunction(this, "function", {
      functionName: "small",
      role: role.arn,
      handler: "index.handler",
      runtime: "nodejs22.x",
      filename: "${path.module}/assets/api.zip",
      sourceCodeHash: '${filebase64sha256("${path.module}/assets/api.zip")}',
      memorySize: memory.numberValue,
      environment: { variables: { GREETING: "hello" } },
    });
    new CloudwatchLogGroup(this, "log", { name: "/aws/lambda/small", retentionInDays: 7 });
    new TerraformOutput(this, "api_endpoint", { value: "https://small.example.org/live" });
  }
}
