import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { Construct } from "constructs";
import { expression, type Expression, interpolate } from "./expressions";

/** A later tick is dropped, because the next one is near. It is EventBridge's shortest. */
const MAXIMUM_EVENT_AGE_SECONDS = 60;

interface ScheduleProps {
  /** Physical name of the rule. */
  readonly ruleName: string;
  /** One sentence for the console. */
  readonly description: string;
  /** Minutes between two ticks. */
  readonly everyMinutes: number;
  /** The event that the function gets. */
  readonly input: object;
  readonly function: LambdaFunction;
  /** Alias that is called. Default: the newest code. */
  readonly alias?: LambdaAlias;
  /** Whether it ticks. Default: always. A rule that does not tick stays, so that it is switched in place. */
  readonly enabled?: Expression;
  /** How many calls each tick makes at the same time; EventBridge takes at most 5. Default: one. */
  readonly times?: Expression;
}

/** Calls a function at a fixed rate. */
export class Schedule extends Construct {
  readonly rule: CloudwatchEventRule;

  constructor(scope: Construct, id: string, props: ScheduleProps) {
    super(scope, id);
    this.rule = this.createRule(props);
    this.createTargets(props);
    this.allowInvocation(props);
  }

  private createRule({ ruleName, description, everyMinutes, enabled }: ScheduleProps): CloudwatchEventRule {
    const unit = everyMinutes === 1 ? "minute" : "minutes";
    return new CloudwatchEventRule(this, "rule", {
      name: ruleName,
      description,
      scheduleExpression: `rate(${everyMinutes} ${unit})`,
      state: enabled === undefined ? "ENABLED" : interpolate(expression`${enabled} ? "ENABLED" : "DISABLED"`),
    });
  }

  private createTargets({ input, function: target, alias, times }: ScheduleProps): void {
    const targets = new CloudwatchEventTarget(this, "target", {
      rule: this.rule.name,
      targetId: "function",
      arn: (alias ?? target).arn,
      input: JSON.stringify(input),
      // The next tick is the second try.
      retryPolicy: { maximumEventAgeInSeconds: MAXIMUM_EVENT_AGE_SECONDS, maximumRetryAttempts: 0 },
    });
    if (times === undefined) return;
    targets.addOverride("count", interpolate(times));
    targets.addOverride("target_id", "environment-${count.index + 1}");
  }

  private allowInvocation({ function: target, alias }: ScheduleProps): void {
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
