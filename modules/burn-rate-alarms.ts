import { CloudwatchCompositeAlarm } from "@cdktf/provider-aws/lib/cloudwatch-composite-alarm";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { SEVERITY_TAG } from "./alarms";
import { address, countWhen, expression, type Expression, interpolate } from "./expressions";
import type { QueriedMetric } from "./metric-query";

/** A speed at which the error budget must not be spent. */
export interface BurnRateAlarmProps {
  /** Last part of its name, and its construct id. */
  readonly name: string;
  readonly severity: string;
  /** Whether it exists. */
  readonly enabled: Expression;
  /** Share of the requests, from 0 to 1. */
  readonly threshold: Expression;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  /** ARN of the topic that it publishes to. */
  readonly topicArn: Expression;
  /** For the person who is called. */
  readonly description: string;
  /** Terraform template: what the description of every alarm ends with. */
  readonly link: string;
}

export interface BurnRateAlarmsProps {
  /** First part of the alarms' names. */
  readonly namePrefix: string;
  /** Metric whose mean is the share of the requests that spend the budget. */
  readonly metric: Pick<QueriedMetric, "namespace" | "metricName" | "dimensions">;
  readonly rates: readonly BurnRateAlarmProps[];
}

interface WindowProps extends Pick<BurnRateAlarmsProps, "namePrefix" | "metric"> {
  readonly rate: BurnRateAlarmProps;
  readonly window: "long" | "short";
  readonly periodSeconds: number;
}

/** Alarms on how fast the error budget is spent: each rings when a long window and a short one both burn. */
export class BurnRateAlarms extends Construct {
  readonly alarms: readonly CloudwatchCompositeAlarm[];

  constructor(scope: Construct, id: string, { namePrefix, metric, rates }: BurnRateAlarmsProps) {
    super(scope, id);
    this.alarms = rates.map((rate) =>
      this.createComposite(namePrefix, rate, [
        this.createWindow({ namePrefix, metric, rate, window: "long", periodSeconds: rate.longSeconds }),
        this.createWindow({ namePrefix, metric, rate, window: "short", periodSeconds: rate.shortSeconds }),
      ]),
    );
  }

  /** One window's alarm. It has no actions, because one window alone calls nobody. */
  private createWindow({ namePrefix, metric, rate, window, periodSeconds }: WindowProps): CloudwatchMetricAlarm {
    const id = `${rate.name}-${window}`;
    const alarm = new CloudwatchMetricAlarm(this, id, {
      alarmName: `${namePrefix}-${id}`,
      alarmDescription:
        `A part of ${namePrefix}-${rate.name}, which tells what to do; it calls nobody itself.` + rate.link,
      namespace: metric.namespace,
      metricName: metric.metricName,
      dimensions: { ...metric.dimensions },
      statistic: "Average",
      comparisonOperator: "GreaterThanThreshold",
      period: periodSeconds,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      // Without requests no budget is spent.
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
      alarmRule: windows
        .map((window) => `ALARM("${interpolate(expression`${address(window)}[0].alarm_name`)}")`)
        .join(" AND "),
      alarmActions: [topic],
      okActions: [topic],
      tags: { [SEVERITY_TAG]: rate.severity },
    });
    composite.addOverride("count", countWhen(rate.enabled));
    return composite;
  }
}
