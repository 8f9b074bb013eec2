import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { address, countWhen, interpolate, jsonencoded } from "./expressions";
import { trustService } from "./policy-statements";

export interface AccountLoggingProps {
  /** Terraform expression: true where this deployment sets the account's role. */
  readonly enabled: string;
  readonly roleName: string;
  /** AWS partition, such as `aws`. */
  readonly partition: string;
  /** Terraform expression: ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: string;
}

/** The role by which API Gateway writes logs. There is one an account and region, so it is made only on request. */
export class AccountLogging extends Construct {
  readonly account: ApiGatewayAccount;

  constructor(
    scope: Construct,
    id: string,
    { enabled, roleName, partition, permissionsBoundaryArn }: AccountLoggingProps,
  ) {
    super(scope, id);
    const count = countWhen(enabled);
    const role = new IamRole(this, "role", {
      name: roleName,
      assumeRolePolicy: jsonencoded(this, "trust", trustService("apigateway.amazonaws.com")),
      permissionsBoundary: interpolate(permissionsBoundaryArn),
    });
    role.addOverride("count", count);
    const attachment = new IamRolePolicyAttachment(this, "policy", {
      role: interpolate(`${address(role)}[0].name`),
      // AWS's own: API Gateway checks for these very permissions when the account is changed.
      policyArn: `arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
    });
    attachment.addOverride("count", count);
    this.account = new ApiGatewayAccount(this, "account", {
      cloudwatchRoleArn: interpolate(`${address(role)}[0].arn`),
      dependsOn: [attachment],
    });
    this.account.addOverride("count", count);
  }
}
