import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { LocalBackend, TerraformStack, type TerraformElement } from "cdktf";
import { Node, type Construct } from "constructs";

/** Versions of the AWS provider that the stacks work with: the one that the constructs are made from, up to the next but one major. */
const PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0";

/** Validation that names other variables came with 1.9, write-only arguments and the S3 lock file with 1.11. */
const TERRAFORM_VERSIONS = ">= 1.11.0";

/** A stack with the project's versions and backend, and addresses that people can read. */
export class PlatformStack extends TerraformStack {
  constructor(scope: Construct, name: string) {
    super(scope, name);
    this.addOverride("terraform.required_version", TERRAFORM_VERSIONS);
    // Relative, because the default is absolute and would differ between two machines. Terraform runs in
    // cdktf.out/stacks/<name>, which may be deleted at any time, so the state stands beside cdktf.json.
    new LocalBackend(this, { path: `../../../terraform.${name}.tfstate` });
  }

  /** Declares the AWS provider with the range of versions instead of the one that it was generated from. */
  protected useAws(region: string, tags: Record<string, string>): void {
    new AwsProvider(this, "aws", { region, defaultTags: [{ tags }] });
    this.addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version: PROVIDER_VERSIONS });
  }

  /** `aws_lambda_function.worker_function` instead of a name with a hash: the path below the stack, joined by `_`. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = element instanceof Node ? element : element.node;
    const path = node.path.split("/").slice(1);
    return path.join("_").replaceAll("-", "_");
  }
}
