import type { SettingCondition } from "../condition";
import type { SettingName } from "../settings";

/** Where a metric comes from. */
export type Source =
  | "front_door"
  | "worker"
  | "sweeper"
  | "authorizer"
  | "worker_alias"
  | "gateway"
  | "work_queue"
  | "dead_letter_queue"
  | "requests_table"
  | "sessions_table"
  | "api_heartbeat_rule"
  | "worker_heartbeat_rule"
  | "account"
  /** Metrics that the handlers write themselves. */
  | "deployment";

/** A CloudWatch metric by its source, before names are known. */
export interface MetricReference {
  readonly source: Source;
  /** CloudWatch's name. */
  readonly metric: string;
  /** Further dimensions beside the source's own. Default: none. */
  readonly dimensions?: Dimensions;
}

/** The names that dimensions hold: Terraform expressions at synth, values after an apply. */
export interface SourceNames {
  readonly frontDoorFunction: string;
  readonly workerFunction: string;
  readonly sweeperFunction: string;
  /** Known also where no tokens are taken and there is no such function. */
  readonly authorizerFunction: string;
  /** Name of the alias that traffic goes to. */
  readonly liveAlias: string;
  /** Name of the REST API, by which CloudWatch keys its metrics. */
  readonly restApi: string;
  readonly stage: string;
  readonly workQueue: string;
  readonly deadLetterQueue: string;
  readonly requestsTable: string;
  readonly sessionsTable: string;
  readonly apiHeartbeatRule: string;
  readonly workerHeartbeatRule: string;
  /** Dimension `Deployment` of what the handlers write. */
  readonly deployment: string;
}

type Dimensions = Readonly<Record<string, string>>;

const LAMBDA = "AWS/Lambda";

/**
 * CloudWatch's namespace and dimensions of each source (AWS documentation of each service's metrics;
 * handlers/environment.ts for our own).
 */
const SOURCES: Readonly<Record<Source, readonly [namespace: string, dimensions: (names: SourceNames) => Dimensions]>> =
  {
    front_door: [LAMBDA, (names) => ({ FunctionName: names.frontDoorFunction })],
    worker: [LAMBDA, (names) => ({ FunctionName: names.workerFunction })],
    sweeper: [LAMBDA, (names) => ({ FunctionName: names.sweeperFunction })],
    authorizer: [LAMBDA, (names) => ({ FunctionName: names.authorizerFunction })],
    // Provisioned concurrency belongs to the alias, and so do its metrics.
    worker_alias: [
      LAMBDA,
      (names) => ({ FunctionName: names.workerFunction, Resource: `${names.workerFunction}:${names.liveAlias}` }),
    ],
    gateway: ["AWS/ApiGateway", (names) => ({ ApiName: names.restApi, Stage: names.stage })],
    work_queue: ["AWS/SQS", (names) => ({ QueueName: names.workQueue })],
    dead_letter_queue: ["AWS/SQS", (names) => ({ QueueName: names.deadLetterQueue })],
    requests_table: ["AWS/DynamoDB", (names) => ({ TableName: names.requestsTable })],
    sessions_table: ["AWS/DynamoDB", (names) => ({ TableName: names.sessionsTable })],
    api_heartbeat_rule: ["AWS/Events", (names) => ({ RuleName: names.apiHeartbeatRule })],
    worker_heartbeat_rule: ["AWS/Events", (names) => ({ RuleName: names.workerHeartbeatRule })],
    account: [LAMBDA, () => ({})],
    deployment: ["Quickturn", (names) => ({ Deployment: names.deployment })],
  };

/** A metric as CloudWatch is asked for it. */
interface NamedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Dimensions;
}

/** Puts names into a reference. */
export function nameMetric({ source, metric, dimensions = {} }: MetricReference, names: SourceNames): NamedMetric {
  const [namespace, dimensionsOfSource] = SOURCES[source];
  return { namespace, metric, dimensions: { ...dimensionsOfSource(names), ...dimensions } };
}

/** How a KPI's value comes out of metrics. `percent` kinds give 0 to 100. */
export type Measure =
  /** A percentile of a duration. Samples: the metric's own. */
  | { readonly kind: "percentile"; readonly metric: MetricReference; readonly percentile: number }
  /** The mean of a value. Samples: the metric's own. */
  | { readonly kind: "mean"; readonly metric: MetricReference }
  /** Percent of a metric that is 0 or 1 each time: its mean, times 100. Samples: the metric's own. */
  | { readonly kind: "share"; readonly metric: MetricReference }
  /** Percent of one sum in another; 0 where the other is. Samples: the other. */
  | { readonly kind: "ratio"; readonly part: readonly MetricReference[]; readonly whole: readonly MetricReference[] }
  /** The sum of counts; no data is 0. */
  | { readonly kind: "total"; readonly metrics: readonly MetricReference[] }
  /** The largest value; of several metrics the largest of all. */
  | { readonly kind: "peak"; readonly metrics: readonly MetricReference[] }
  /** Percent that the largest value, or the sum of a period, is of a setting's number. */
  | {
      readonly kind: "fill";
      readonly metric: MetricReference;
      readonly statistic: "Maximum" | "Sum";
      readonly ofSetting: SettingName;
    }
  /** Percent that the largest value is of an AWS quota of the account. */
  | { readonly kind: "quota"; readonly metric: MetricReference }
  /** Dollars a request, from usage and AWS's prices. Only the gate knows it. */
  | { readonly kind: "cost" }
  /** How many requests can run at once: a setting's number; for -1 what the account has left. Only the gate knows. */
  | { readonly kind: "capacity"; readonly ofSetting: SettingName };

export type Severity = "info" | "warning" | "critical";

/** When an alarm rings, in periods of a metric. */
export interface Periods {
  readonly periodSeconds: number;
  /** The alarm rings when `datapointsToAlarm` of the last `evaluationPeriods` are beyond the threshold. */
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** How CloudWatch treats a period without data. */
  readonly missing: "notBreaching" | "breaching" | "ignore";
}

/** An alarm that calls a person. */
export interface KpiAlarm extends Periods {
  /** Last part of its name and its construct id: a contract. */
  readonly name: string;
  readonly severity: Severity;
  /** Setting that holds the threshold, in the KPI's unit. */
  readonly thresholdSetting: SettingName;
  /** `essential` alarms exist by default; `full` ones when `alarm_set` asks for them. */
  readonly set: "essential" | "full";
}

/** Section of the dashboard that draws a KPI. */
export type Panel = "kpis" | "api" | "cache" | "functions" | "queue" | "tables" | "agents" | "tokens" | "cost";

/** A number that says how well the deployment does: the one definition for alarms, dashboard and gate. */
export interface Kpi {
  /** In snake_case: the key in the gate and the dashboard. */
  readonly name: string;
  /** For a person; without its unit. */
  readonly title: string;
  readonly unit: "ms" | "s" | "percent" | "USD" | "count";
  /** Which way is good; alarms and gate watch the other side. */
  readonly better: "lower" | "higher";
  readonly measure: Measure;
  /** With fewer samples a period counts as no data, and the gate is inconclusive. Default: 1. */
  readonly minimumSamples?: number;
  /** Setting that holds the gate's target. Default, and where that setting is null: the gate only shows the value. */
  readonly targetSetting?: SettingName;
  readonly alarms: readonly KpiAlarm[];
  /** One sentence: what a bad value means for callers. */
  readonly meaning: string;
  /** Heading in RUNBOOK.md that says what to do. */
  readonly runbook: string;
  readonly panel: Panel;
  /**
   * Without it the KPI means nothing: the gate leaves it out, and its alarm is muted or absent. Default: it always has
   * a meaning.
   */
  readonly when?: SettingCondition;
}

/**
 * P of the P-th percentile needs ten samples beyond it: 10 / (1 - P) (CloudWatch user guide, "Percentile-based alarms
 * and low data samples").
 */
export function samplesForPercentile(percentile: number): number {
  // In whole numbers: 1 - 0.9 is a little less than 0.1.
  return Math.ceil(1_000 / (100 - percentile));
}

/** Ten minutes in a row, so that one slow request is no incident. No traffic is no failure. */
export const TWO_OF_TWO: Periods = {
  periodSeconds: 300,
  evaluationPeriods: 2,
  datapointsToAlarm: 2,
  missing: "notBreaching",
};

/** Two of three periods, so that a good one in between does not hide the bad ones. */
export const TWO_OF_THREE: Periods = { ...TWO_OF_TWO, evaluationPeriods: 3 };

/** A single period is enough, because it should never happen. */
export const ONCE: Periods = { ...TWO_OF_TWO, evaluationPeriods: 1, datapointsToAlarm: 1 };

/** Something that happens regularly did not happen for a quarter of an hour, so missing data is the failure itself. */
export const SILENCE: Periods = { ...ONCE, periodSeconds: 900, missing: "breaching" };

type AlarmDeclaration = Pick<KpiAlarm, "name" | "severity" | "thresholdSetting"> & Partial<KpiAlarm>;
export type KpiDeclaration = Omit<Kpi, "better" | "alarms"> & {
  readonly better?: Kpi["better"];
  readonly alarms?: readonly AlarmDeclaration[];
};

/**
 * Completes declarations of KPIs. Default: lower is better, and there are no alarms; an alarm is essential, and rings
 * by {@link TWO_OF_THREE}.
 */
export function defineKpis(declarations: readonly KpiDeclaration[]): readonly Kpi[] {
  return declarations.map(({ better = "lower", alarms = [], ...kpi }) => ({
    ...kpi,
    better,
    alarms: alarms.map((alarm) => ({ ...TWO_OF_THREE, set: "essential", ...alarm })),
  }));
}
