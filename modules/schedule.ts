import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { Construct } from "constructs";
import { interpolate } from "./expressions";

/** Seconds that a tick may be late and still be delivered: the next one is near. It is EventBridge's shortest. */
const MAXIMUM_EVENT_AGE_SECONDS = 60;

export interface ScheduleProps {
  /** Physical name of the rule. */
  readonly ruleName: string;
  /** One sentence for the console. */
  readonly description: string;
  /** Minutes between two ticks. */
  readonly everyMinutes: number;
  /** What the function is given, as an object. */
  readonly input: object;
  readonly function: LambdaFunction;
  /** Which alias of it. Default: the newest code. */
  readonly alias?: LambdaAlias;
  /**
   * Terraform expression: whether it ticks. Default: it does. A rule that does not tick stays, so that the flip is in
   * place.
   */
  readonly enabled?: string;
  /**
   * Terraform expression: how often the function is called at each tick, at the same time; EventBridge takes at most 5.
   * Default: once.
   */
  readonly times?: string;
}

/** Calls a function at a fixed rate. */
export class Schedule extends Construct {
  readonly rule: CloudwatchEventRule;

  constructor(scope: Construct, id: string, props: ScheduleProps) {
    super(scope, id);
    this.rule = this.createRule(props);
    this.createTargets(props);
    this.permit(props);
  }

  private createRule({ ruleName, description, everyMinutes, enabled }: ScheduleProps): CloudwatchEventRule {
    const unit = everyMinutes === 1 ? "minute" : "minutes";
    return new CloudwatchEventRule(this, "rule", {
      name: ruleName,
      description,
      scheduleExpression: `rate(${everyMinutes} ${unit})`,
      state: enabled === undefined ? "ENABLED" : interpolate(`${enabled} ? "ENABLED" : "DISABLED"`),
    });
  }

  private createTargets({ input, function: target, alias, times }: ScheduleProps): void {
    const targets = new CloudwatchEventTarget(this, "target", {
      rule: this.rule.name,
      targetId: "function",
      arn: (alias ?? target).arn,
      input: JSON.stringify(input),
      // A tick that fails is not tried again: the next one is the second try.
      retryPolicy: { maximumEventAgeInSeconds: MAXIMUM_EVENT_AGE_SECONDS, maximumRetryAttempts: 0 },
    });
    if (times === undefined) return;
    targets.addOverride("count", interpolate(times));
    targets.addOverride("target_id", "environment-${count.index + 1}");
  }

  private permit({ function: target, alias }: ScheduleProps): void {
    new LambdaPermission(this, "permission", {
      statementId: `${this.node.id.replaceAll("_", "-")}-tick`,
      action: "lambda:InvokeFunction",
      functionName: target.functionName,
      ...(alias && { qualifier: alias.name }),
      principal: "events.amazonaws.com",
      sourceArn: this.rule.arn,
    });
  }
}
