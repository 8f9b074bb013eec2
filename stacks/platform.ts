import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack, type TerraformElement } from "cdktf";
import { Node, type Construct } from "constructs";
import { LOCAL_BACKEND, useBackend, type Backend } from "./backend";

/**
 * Versions of the AWS provider that the stacks work with: the one that the constructs are made from, up to the next but
 * one major.
 */
const PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0";

/** Validation that names other variables came with 1.9, write-only arguments and the S3 lock file with 1.11. */
const TERRAFORM_VERSIONS = ">= 1.11.0";

/** What every stack is given. */
export interface PlatformProps {
  /** Where Terraform keeps the state. Default: a file beside cdktf.json. */
  readonly backend?: Backend;
}

/** A stack with the project's versions and backend, and addresses that people can read. */
export class PlatformStack extends TerraformStack {
  constructor(scope: Construct, name: string, { backend = LOCAL_BACKEND }: PlatformProps = {}) {
    super(scope, name);
    this.addOverride("terraform.required_version", TERRAFORM_VERSIONS);
    useBackend(this, name, backend);
  }

  /** Declares the AWS provider with the range of versions instead of the one that it was generated from. */
  protected useAws(region: string, tags?: Record<string, string>): void {
    new AwsProvider(this, "aws", { region, ...(tags && { defaultTags: [{ tags }] }) });
    this.addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version: PROVIDER_VERSIONS });
  }

  /** The account, the partition and the region, by the addresses that names and ARNs are made from. */
  protected whereAmI(): { readonly account: DataAwsCallerIdentity; readonly partition: DataAwsPartition } {
    const account = new DataAwsCallerIdentity(this, "current_account");
    account.overrideLogicalId("current");
    const partition = new DataAwsPartition(this, "current_partition");
    partition.overrideLogicalId("current");
    new DataAwsRegion(this, "current_region").overrideLogicalId("current");
    return { account, partition };
  }

  /** Tags of every resource, as the provider takes them: the operator's, and whose it is. */
  protected deploymentTags(): Record<string, string> {
    const own = `{ "quickturn:name" = var.name, "quickturn:environment" = var.environment }`;
    return `\${merge(var.tags, ${own})}` as unknown as Record<string, string>;
  }

  /** `aws_lambda_function.worker_function` instead of a name with a hash: the path below the stack, joined by `_`. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = element instanceof Node ? element : element.node;
    const path = node.path.split("/").slice(1);
    return path.join("_").replaceAll("-", "_");
  }
}
