import { CloudwatchCompositeAlarm } from "@cdktf/provider-aws/lib/cloudwatch-composite-alarm";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { SEVERITY_TAG } from "./alarms";
import { address, countWhen, interpolate } from "./expressions";
import type { QueriedMetric } from "./metric-query";

/** One speed at which the budget must not go. */
export interface BurnRateAlarmProps {
  /** Last part of its name, and its construct id. */
  readonly name: string;
  readonly severity: string;
  /** Terraform expression: whether it is there. */
  readonly enabled: string;
  /** Terraform expression: share of the requests, from 0 to 1. */
  readonly threshold: string;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  /** Terraform expression: ARN of the topic that it goes to. */
  readonly topicArn: string;
  /** For the person who is called. */
  readonly description: string;
  /** Terraform template: what the description of every alarm ends with. */
  readonly link: string;
}

export interface BurnRateAlarmsProps {
  /** First part of the alarms' names. */
  readonly namePrefix: string;
  /** Its mean is the share of the requests that the budget is spent on. */
  readonly metric: Pick<QueriedMetric, "namespace" | "metricName" | "dimensions">;
  readonly rates: readonly BurnRateAlarmProps[];
}

/** Alarms on how fast the error budget goes: each rings when a long window and a short one both burn. */
export class BurnRateAlarms extends Construct {
  readonly alarms: readonly CloudwatchCompositeAlarm[];

  constructor(scope: Construct, id: string, { namePrefix, metric, rates }: BurnRateAlarmsProps) {
    super(scope, id);
    this.alarms = rates.map((rate) =>
      this.createComposite(namePrefix, rate, [
        this.createWindow(namePrefix, metric, rate, "long", rate.longSeconds),
        this.createWindow(namePrefix, metric, rate, "short", rate.shortSeconds),
      ]),
    );
  }

  /** Without actions: nobody is called for one window alone. */
  private createWindow(
    namePrefix: string,
    metric: BurnRateAlarmsProps["metric"],
    rate: BurnRateAlarmProps,
    window: "long" | "short",
    periodSeconds: number,
  ): CloudwatchMetricAlarm {
    const id = `${rate.name}-${window}`;
    const alarm = new CloudwatchMetricAlarm(this, id, {
      alarmName: `${namePrefix}-${id}`,
      alarmDescription: `A part of ${namePrefix}-${rate.name}, which tells what to do; it calls nobody itself.${rate.link}`,
      namespace: metric.namespace,
      metricName: metric.metricName,
      dimensions: { ...metric.dimensions },
      statistic: "Average",
      comparisonOperator: "GreaterThanThreshold",
      period: periodSeconds,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      // No requests spend no budget.
      treatMissingData: "notBreaching",
      tags: { [SEVERITY_TAG]: rate.severity },
    });
    alarm.addOverride("threshold", interpolate(rate.threshold));
    alarm.addOverride("count", countWhen(rate.enabled));
    return alarm;
  }

  private createComposite(
    namePrefix: string,
    rate: BurnRateAlarmProps,
    windows: readonly CloudwatchMetricAlarm[],
  ): CloudwatchCompositeAlarm {
    const topic = interpolate(rate.topicArn);
    const composite = new CloudwatchCompositeAlarm(this, rate.name, {
      alarmName: `${namePrefix}-${rate.name}`,
      alarmDescription: rate.description + rate.link,
      alarmRule: windows.map((window) => `ALARM("${interpolate(`${address(window)}[0].alarm_name`)}")`).join(" AND "),
      alarmActions: [topic],
      okActions: [topic],
      tags: { [SEVERITY_TAG]: rate.severity },
    });
    composite.addOverride("count", countWhen(rate.enabled));
    return composite;
  }
}
