import { ApiGatewayApiKey } from "@cdktf/provider-aws/lib/api-gateway-api-key";
import type { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { ApiGatewayUsagePlan } from "@cdktf/provider-aws/lib/api-gateway-usage-plan";
import { ApiGatewayUsagePlanKey } from "@cdktf/provider-aws/lib/api-gateway-usage-plan-key";
import { Construct } from "constructs";
import { address, countWhen, expression, type Expression, interpolate } from "./expressions";

interface AccessProps {
  readonly stage: ApiGatewayStage;
  /** True while callers show an API key. */
  readonly apiKeysRequired: Expression;
  /** List of callers' names; each gets a key. */
  readonly keyNames: Expression;
  readonly keyNamePrefix: string;
  readonly usagePlanName: string;
  /** Requests a day for each key. */
  readonly quotaPerDay: number;
  /** Requests a second for each key. */
  readonly throttlingRateLimit: number;
  /** Requests for each key. */
  readonly throttlingBurstLimit: number;
}

/** API keys and their usage plan, which exist only while callers need them. With IAM the caller's policy decides. */
export class Access extends Construct {
  /** Map from a caller's name to the key's identifier. */
  readonly keyIds: Expression;

  constructor(scope: Construct, id: string, props: AccessProps) {
    super(scope, id);
    const keys = this.createKeys(props);
    const plan = this.createUsagePlan(props);
    this.joinKeys(props, keys, plan);
    this.keyIds = expression`{ for name, key in ${address(keys)} : name => key.id }`;
  }

  private createKeys({ keyNames, keyNamePrefix, apiKeysRequired }: AccessProps): ApiGatewayApiKey {
    const keys = new ApiGatewayApiKey(this, "key", { name: `${keyNamePrefix}-\${each.key}` });
    keys.addOverride("for_each", interpolate(expression`${apiKeysRequired} ? toset(${keyNames}) : toset([])`));
    return keys;
  }

  private createUsagePlan(props: AccessProps): ApiGatewayUsagePlan {
    const plan = new ApiGatewayUsagePlan(this, "usage-plan", {
      name: props.usagePlanName,
      apiStages: [{ apiId: props.stage.restApiId, stage: props.stage.stageName }],
      quotaSettings: { limit: props.quotaPerDay, period: "DAY" },
      throttleSettings: { rateLimit: props.throttlingRateLimit, burstLimit: props.throttlingBurstLimit },
    });
    plan.addOverride("count", countWhen(props.apiKeysRequired));
    return plan;
  }

  private joinKeys(
    { apiKeysRequired, keyNames }: AccessProps,
    keys: ApiGatewayApiKey,
    plan: ApiGatewayUsagePlan,
  ): void {
    const join = new ApiGatewayUsagePlanKey(this, "usage-plan-key", {
      keyType: "API_KEY",
      keyId: interpolate(expression`${address(keys)}[each.key].id`),
      usagePlanId: interpolate(expression`${address(plan)}[0].id`),
    });
    join.addOverride("for_each", interpolate(expression`${apiKeysRequired} ? toset(${keyNames}) : toset([])`));
  }
}
