import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Construct } from "constructs";
import { address, countWhen, interpolate, jsonencoded } from "./expressions";
import { policyDocument, type PolicyStatement } from "./policy-statements";

/** A policy that roles may be given. */
export interface PermissionSet {
  /** Terraform template. */
  readonly arn: string;
  /** Terraform expression: true where the policy is there. Undefined: always. */
  readonly when: string | undefined;
}

/**
 * Policies of their own, so that several roles share them: what stands in a role itself is limited to 10,240
 * characters, IAM's quota.
 */
export class PermissionSets extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly namePrefix: string,
  ) {
    super(scope, id);
  }

  /**
   * Adds a policy. IAM takes 6,144 characters, white space left out.
   * @param when Terraform expression: true where it is there. Default: always
   */
  add(id: string, description: string, statements: readonly PolicyStatement[], when?: string): PermissionSet {
    const policy = new IamPolicy(this, id, {
      name: `${this.namePrefix}-${id}`,
      description,
      policy: jsonencoded(this, `${id}_statements`, policyDocument(statements)),
    });
    if (when === undefined) return { arn: policy.arn, when };
    policy.addOverride("count", countWhen(when));
    return { arn: interpolate(`${address(policy)}[0].arn`), when };
  }
}
