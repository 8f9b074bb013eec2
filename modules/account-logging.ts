import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { address, countWhen, expression, type Expression, interpolate, jsonencoded } from "./expressions";
import { trustService } from "./policy-statements";

export interface AccountLoggingProps {
  /** Whether this deployment sets the account's role. */
  readonly enabled: Expression;
  readonly roleName: string;
  /** AWS partition, such as `aws`. */
  readonly partition: string;
  /** ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: Expression;
}

/** The role by which API Gateway writes logs. An account has one in each region, so it is created only on request. */
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
      role: interpolate(expression`${address(role)}[0].name`),
      // API Gateway checks for the permissions of this AWS policy when the account is changed.
      policyArn: `arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
    });
    attachment.addOverride("count", count);
    this.account = new ApiGatewayAccount(this, "account", {
      cloudwatchRoleArn: interpolate(expression`${address(role)}[0].arn`),
      dependsOn: [attachment],
    });
    this.account.addOverride("count", count);
  }
}
