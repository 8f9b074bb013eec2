import { Alarms, Dashboard, type AgentFunction, type AlarmProps, type Chart, type RestApi, type WorkQueue } from "../modules";
import type { DeclaredSettings } from "./declare";
import { STAGE_NAME, type PhysicalNames } from "./names";
import type { PlatformStack } from "./platform";

/** What is watched, and under which names and settings. */
interface Watched {
  readonly settings: DeclaredSettings;
  readonly names: PhysicalNames;
  readonly frontDoor: AgentFunction;
  readonly worker: AgentFunction;
  readonly restApi: RestApi;
  readonly queue: WorkQueue;
}

export function createAlarms(stack: PlatformStack, watched: Watched, accountId: string): Alarms {
  const { settings, names } = watched;
  return new Alarms(stack, "alarm", {
    namePrefix: names.alarmPrefix,
    topicName: names.alarmTopic,
    existingTopicArn: settings.expression("alarm_topic_arn"),
    email: settings.expression("alarm_email"),
    accountId,
    alarms: alarmList(settings, metricSources(watched)),
  });
}

export function createDashboard(stack: PlatformStack, watched: Watched): Dashboard {
  const { settings, names } = watched;
  return new Dashboard(stack, "dashboard", {
    dashboardName: names.dashboard,
    region: settings.string("aws_region"),
    charts: chartList(settings, metricSources(watched)),
  });
}

function metricSources({ frontDoor, worker, restApi, queue }: Watched): MetricSources {
  return {
    api: frontDoor.function.functionName,
    worker: worker.function.functionName,
    restApi: restApi.api.name,
    stage: STAGE_NAME,
    queue: queue.queue.name,
    deadLetterQueue: queue.deadLetterQueue.name,
  };
}

/** Names that metrics are found by. */
interface MetricSources {
  readonly api: string;
  readonly worker: string;
  readonly restApi: string;
  readonly stage: string;
  readonly queue: string;
  readonly deadLetterQueue: string;
}

/** The alarms of the stack; RUNBOOK.md has a heading for each. */
function alarmList(settings: DeclaredSettings, { worker, restApi, stage }: MetricSources): AlarmProps[] {
  return [
    {
      name: "worker-duration",
      namespace: "AWS/Lambda",
      metricName: "Duration",
      statistic: "Average",
      dimensions: { FunctionName: worker },
      threshold: settings.number("alarm_duration_threshold"),
      meaning: "Requests take the worker longer than they should; callers wait, and the function's time-out is near.",
      runbook: "Worker duration",
    },
    {
      name: "worker-errors",
      namespace: "AWS/Lambda",
      metricName: "Errors",
      statistic: "Sum",
      dimensions: { FunctionName: worker },
      threshold: settings.number("alarm_errors_threshold"),
      meaning: "The worker fails or times out; its requests are tried again and then end in the dead-letter queue.",
      runbook: "Worker errors",
    },
    {
      name: "api-5xx",
      namespace: "AWS/ApiGateway",
      metricName: "5XXError",
      statistic: "Sum",
      dimensions: { ApiName: restApi, Stage: stage },
      threshold: settings.number("alarm_5xx_threshold"),
      meaning: "Callers get server errors from the API.",
      runbook: "API 5XX",
    },
  ];
}

/** The charts of the dashboard, in reading order: what callers feel first. */
function chartList(settings: DeclaredSettings, names: MetricSources): Chart[] {
  const { worker, api, restApi, stage, queue, deadLetterQueue } = names;
  const lambda = (metric: string, name: string, stat: string, label: string) => ["AWS/Lambda", metric, "FunctionName", name, { stat, label }];
  const gateway = (metric: string, stat: string, label: string) => ["AWS/ApiGateway", metric, "ApiName", restApi, "Stage", stage, { stat, label }];
  const sqs = (metric: string, name: string, label: string) => ["AWS/SQS", metric, "QueueName", name, { stat: "Maximum", label }];
  return [
    {
      title: "Worker duration (ms)",
      metrics: [lambda("Duration", worker, "p50", "P50"), lambda("Duration", worker, "p99", "P99"), lambda("Duration", worker, "Average", "average")],
      lines: [{ label: "alarm", value: settings.number("alarm_duration_threshold") }],
    },
    {
      title: "Errors",
      metrics: [lambda("Errors", worker, "Sum", "worker"), lambda("Errors", api, "Sum", "front door"), gateway("5XXError", "Sum", "API 5XX"), gateway("4XXError", "Sum", "API 4XX")],
    },
    {
      title: "Concurrent executions",
      metrics: [lambda("ConcurrentExecutions", worker, "Maximum", "worker"), lambda("Throttles", worker, "Sum", "worker throttles")],
      lines: [{ label: "reserved", value: settings.number("reserved_concurrent_executions") }],
    },
    { title: "Status cache", metrics: [gateway("CacheHitCount", "Sum", "hits"), gateway("CacheMissCount", "Sum", "misses")] },
    { title: "API latency (ms)", metrics: [gateway("Latency", "p50", "P50"), gateway("Latency", "p99", "P99")] },
    {
      title: "Queue",
      metrics: [
        sqs("ApproximateNumberOfMessagesVisible", queue, "waiting"),
        sqs("ApproximateAgeOfOldestMessage", queue, "oldest (s)"),
        sqs("ApproximateNumberOfMessagesVisible", deadLetterQueue, "failed for good"),
      ],
    },
  ];
}
