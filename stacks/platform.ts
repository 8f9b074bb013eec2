import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack, Token, type TerraformElement } from "cdktf";
import { Node, type Construct } from "constructs";
import { expression, interpolate, type Expression } from "../modules/expressions";
import { LOCAL_BACKEND, useBackend, type Backend } from "./backend";

/** Versions of the AWS provider that the stacks work with, from the one that the constructs are generated from. */
const PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0";

/** Validations that name other variables need 1.9; write-only arguments and the S3 lock file need 1.11. */
const TERRAFORM_VERSIONS = ">= 1.11.0";

/** Properties of every stack. */
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

  /**
   * Declares the AWS provider with a range of versions instead of the one that it was generated from.
   * @param tags tags of every resource. Default: none
   */
  protected useAws(region: string, tags?: Expression): void {
    new AwsProvider(this, "aws", {
      region,
      ...(tags && { defaultTags: [{ tags: Token.asStringMap(interpolate(tags)) }] }),
    });
    this.addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version: PROVIDER_VERSIONS });
  }

  /** Reads the account, the partition and the region, by the addresses that names and ARNs refer to. */
  protected readAccount(): { readonly account: DataAwsCallerIdentity; readonly partition: DataAwsPartition } {
    const account = new DataAwsCallerIdentity(this, "current_account");
    account.overrideLogicalId("current");
    const partition = new DataAwsPartition(this, "current_partition");
    partition.overrideLogicalId("current");
    new DataAwsRegion(this, "current_region").overrideLogicalId("current");
    return { account, partition };
  }

  /** Tags of every resource: the operator's, and the deployment's name and environment. */
  protected deploymentTags(): Expression {
    return expression`merge(var.tags, { "quickturn:name" = var.name, "quickturn:environment" = var.environment })`;
  }

  /** The path below the stack joined by `_`, such as `worker_function`, instead of a name with a hash. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = element instanceof Node ? element : element.node;
    const path = node.path.split("/").slice(1);
    return path.join("_").replaceAll("-", "_");
  }
}
