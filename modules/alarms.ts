import { CloudwatchCompositeAlarm } from "@cdktf/provider-aws/lib/cloudwatch-composite-alarm";
import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
} from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import type { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { createAlarmTopic, type AlarmTopicProps } from "./alarm-topic";
import { address, countWhen, expression, type Expression, interpolate } from "./expressions";

/** Tag by which a paging service tells alarms apart. */
const SEVERITY_TAG = "quickturn:severity";

/** A metric that an expression names by its id. */
export interface QueriedMetric {
  readonly id: string;
  /** CloudWatch's namespace. */
  readonly namespace: string;
  /** CloudWatch's name of it. */
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `Average`, `Maximum`, `SampleCount`, `Sum`, or a percentile such as `p95`. */
  readonly statistic: string;
}

/** What CloudWatch computes of one period. */
export interface MetricQuery {
  readonly metrics: readonly QueriedMetric[];
  /** CloudWatch metric math over the metrics' ids. Default: the only metric's statistic itself. */
  readonly expression?: string;
}

/** What an alarm watches, and what a person needs to know when it rings. */
export interface AlarmProps {
  /** Last part of its name, and its construct id. */
  readonly name: string;
  readonly severity: string;
  /** Whether it exists. */
  readonly enabled: Expression;
  /** Whether it calls anybody, and treats a period without data as `missing` says. Default: always. */
  readonly listens?: Expression | undefined;
  readonly query: MetricQuery;
  /** What the query gives, for a person, with its unit. */
  readonly label: string;
  readonly rings: "above" | "below";
  /** In the query's unit. */
  readonly threshold: number;
  /** Seconds. */
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** How CloudWatch treats a period without data. */
  readonly missing: string;
  /** For the person who is called: what it means, and what to do. */
  readonly description: string;
}

interface AlarmsProps extends AlarmTopicProps {
  /** First part of the alarms' names. */
  readonly namePrefix: string;
  /** Map from a severity to the ARN of the operator's topic. */
  readonly topicArns: Expression;
  readonly alarms: readonly AlarmProps[];
}

/** Alarms, and the topic by which they reach a person. */
export class Alarms extends Construct {
  readonly alarms: readonly CloudwatchMetricAlarm[];
  /** ARN of the topic for every severity without one of its own. */
  readonly topicArn: Expression;
  private readonly topicArns: Expression;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topicArn = createAlarmTopic(this, props);
    this.topicArns = props.topicArns;
    this.alarms = props.alarms.map((alarm) => this.createAlarm(props.namePrefix, alarm));
  }

  /** ARN of the topic for a severity. */
  topicArnFor(severity: string): Expression {
    return expression`lookup(${this.topicArns}, "${severity}", ${this.topicArn})`;
  }

  private createAlarm(namePrefix: string, alarm: AlarmProps): CloudwatchMetricAlarm {
    const topic = interpolate(this.topicArnFor(alarm.severity));
    const created = new CloudwatchMetricAlarm(this, alarm.name, {
      alarmName: `${namePrefix}-${alarm.name}`,
      alarmDescription: alarm.description,
      ...queryAttributes(alarm),
      comparisonOperator: alarm.rings === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
      threshold: alarm.threshold,
      evaluationPeriods: alarm.evaluationPeriods,
      datapointsToAlarm: alarm.datapointsToAlarm,
      treatMissingData: alarm.missing,
      alarmActions: [topic],
      okActions: [topic],
      tags: { [SEVERITY_TAG]: alarm.severity },
    });
    created.addOverride("count", countWhen(alarm.enabled));
    if (alarm.listens !== undefined) muteAlarm(created, alarm.listens, alarm.missing);
    return created;
  }
}

/** Silences an alarm while it does not listen. The constructor takes no expression for these attributes. */
function muteAlarm(alarm: CloudwatchMetricAlarm, listens: Expression, missing: string): void {
  alarm.addOverride("actions_enabled", interpolate(listens));
  if (missing !== "notBreaching")
    alarm.addOverride("treat_missing_data", interpolate(expression`${listens} ? "${missing}" : "notBreaching"`));
}

/**
 * What the alarm watches. A single metric has a form of its own, in which CloudWatch itself looks for enough samples of
 * a percentile.
 */
function queryAttributes({ query, periodSeconds, label }: AlarmProps): Partial<CloudwatchMetricAlarmConfig> {
  const { metrics, expression: math } = query;
  const [first] = metrics;
  if (math !== undefined) {
    const inputs = metrics.map(({ id, namespace, metric, dimensions, statistic: stat }) => ({
      id,
      returnData: false,
      metric: { namespace, metricName: metric, dimensions: { ...dimensions }, stat, period: periodSeconds },
    }));
    return { metricQuery: [{ id: "value", expression: math, label, returnData: true }, ...inputs] };
  }
  if (first === undefined) throw new Error(`The alarm on "${label}" reads no metric; give it one, or an expression`);
  const { namespace, metric, dimensions, statistic } = first;
  return {
    namespace,
    metricName: metric,
    dimensions: { ...dimensions },
    ...(statistic.startsWith("p")
      ? { extendedStatistic: statistic, evaluateLowSampleCountPercentiles: "ignore" }
      : { statistic }),
    period: periodSeconds,
  };
}

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

interface BurnRateAlarmsProps {
  /** First part of the alarms' names. */
  readonly namePrefix: string;
  /** Metric whose mean is the share of the requests that spend the budget. */
  readonly metric: Pick<QueriedMetric, "namespace" | "metric" | "dimensions">;
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
      metricName: metric.metric,
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

/** List of an attribute of all alarms that exist. */
export function listAttribute(alarms: readonly TerraformResource[], attribute: string): Expression {
  return expression`concat(${alarms.map((alarm) => `${address(alarm)}[*].${attribute}`).join(", ")})`;
}
