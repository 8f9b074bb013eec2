import { join } from "node:path";
import { type SQSClient, GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { Applied } from "../applied/applied";
import { SYSTEM_TIMERS, type Timers } from "../events/schedules";
import type { Observer } from "../statistics";
import { embeddedMetrics, putMetricData } from "./recorded-metrics";
import { LogTail, Recorder, type TimeLapse } from "./recorder";
import { getMetricData } from "./metric-data";
import { MetricStore } from "./metric-store";
import { MetricsServer } from "./metrics-server";
import type { AppliedQueue } from "../applied/functions";

export interface LocalMetricsOptions {
  /** `http://127.0.0.1:<port>`: answers what is asked beside metrics. */
  readonly emulator: string;
  readonly sqs: SQSClient;
  /** Where the functions' logs are, one file each. */
  readonly logDirectory: string;
  readonly time: TimeLapse;
  readonly warn: (message: string) => void;
}

/** Executions that AWS allows a new account in a region (Lambda quotas, read 2026-11). */
const ACCOUNT_CONCURRENCY = 1_000;

/** SQS tells CloudWatch each minute. */
const GAUGE_EVERY_MS = 60_000;

/** CloudWatch of what runs here: told by the runtime, read from the functions' logs, asked over HTTP. */
export class LocalMetrics {
  private readonly store = new MetricStore();
  private readonly recorder: Recorder;
  private readonly gauge: QueueGauge;
  private readonly tails = new Map<string, LogTail>();
  private functions = 0;
  private server!: MetricsServer;

  private constructor(private readonly options: LocalMetricsOptions) {
    const { time, sqs, warn } = options;
    const recorder = (this.recorder = new Recorder(this.store, time));
    this.gauge = new QueueGauge({
      sqs,
      warn,
      timers: SYSTEM_TIMERS,
      everyMs: time.real(GAUGE_EVERY_MS),
      counted: (...counts) => recorder.counted(...counts),
    });
  }

  static async start(options: LocalMetricsOptions): Promise<LocalMetrics> {
    const metrics = new LocalMetrics(options);
    metrics.server = await MetricsServer.listen(options.emulator, {
      getMetricData: (input) => metrics.read(input),
      putMetricData: (input) => putMetricData(metrics.store, input, options.time.at(Date.now())),
      getAccountSettings: () => metrics.accountSettings(),
    });
    return metrics;
  }

  /** To be told what happens. */
  get observer(): Observer {
    return this.recorder;
  }

  /** `http://127.0.0.1:<port>`: give it as AWS_ENDPOINT_URL, or for CloudWatch and Lambda alone. */
  get url(): string {
    return this.server.url;
  }

  /** Takes an apply, before any of its functions runs: a log is read from where it then ends. */
  configure(applied: Applied): void {
    this.recorder.configure(applied);
    this.gauge.configure(applied.queues);
    this.functions = applied.functions.length;
    for (const { newest } of applied.functions) {
      const { functionName } = newest;
      if (!this.tails.has(functionName))
        this.tails.set(functionName, new LogTail(join(this.options.logDirectory, `${functionName}.log`)));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.server.close(), this.gauge.stop()]);
  }

  /** The functions write their logs themselves: what is new in them is read before each answer. */
  private read(input: Parameters<typeof getMetricData>[1]): ReturnType<typeof getMetricData> {
    for (const tail of this.tails.values()) {
      for (const sample of tail.take().flatMap(embeddedMetrics))
        this.store.record({ ...sample, atMs: this.options.time.at(sample.atMs) });
    }
    return getMetricData(this.store, input);
  }

  private accountSettings(): ReturnType<typeof getMetricData> {
    const unreserved = ACCOUNT_CONCURRENCY - this.recorder.reserved;
    return {
      AccountLimit: { ConcurrentExecutions: ACCOUNT_CONCURRENCY, UnreservedConcurrentExecutions: unreserved },
      AccountUsage: { FunctionCount: this.functions },
    };
  }
}

export interface QueueGaugeOptions {
  readonly sqs: SQSClient;
  readonly timers: Timers;
  /** Real milliseconds between two looks. */
  readonly everyMs: number;
  readonly warn: (message: string) => void;
  readonly counted: (queueName: string, visible: number, notVisible: number) => void;
}

/** Asks the applied queues how much they hold, as SQS tells CloudWatch each minute. */
export class QueueGauge {
  private queues: readonly AppliedQueue[] = [];
  private end: (() => void) | undefined;
  private looking: Promise<void> = Promise.resolve();
  /** Whether the last look failed: an emulator that is gone is told once. */
  private failing = false;

  constructor(private readonly options: QueueGaugeOptions) {}

  /** From now on these queues. */
  configure(queues: readonly AppliedQueue[]): void {
    this.queues = queues;
    this.end ??= this.options.timers.every(this.options.everyMs, () => void (this.looking = this.look()));
  }

  /** Looks no more, and waits for the look under way. */
  async stop(): Promise<void> {
    this.end?.();
    await this.looking;
  }

  private async look(): Promise<void> {
    const { sqs, warn, counted } = this.options;
    try {
      for (const { arn, url } of this.queues) {
        const { Attributes: held = {} } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: url,
            AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
          }),
        );
        counted(
          arn.slice(arn.lastIndexOf(":") + 1),
          Number(held.ApproximateNumberOfMessages),
          Number(held.ApproximateNumberOfMessagesNotVisible),
        );
      }
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        warn(`The queues do not tell what they hold, and their metrics have no data: ${String(error)}`);
      this.failing = true;
    }
  }
}
