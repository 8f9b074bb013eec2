import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Applied } from "../applied/applied";
import type { AppliedQueue } from "../applied/functions";
import { SYSTEM_TIMERS, type Timers } from "../events/schedules";
import type { JsonObject } from "../json";
import type { Observer } from "../statistics";
import { getMetricData } from "./metric-data";
import { MetricStore, putMetricData, readEmbeddedMetrics } from "./metric-store";
import { MetricsServer, type MetricsService } from "./metrics-server";
import { Recorder, type TimeLapse } from "./recorder";

export interface LocalMetricsOptions {
  /** `http://127.0.0.1:<port>` of the emulator, which answers all calls that are not about metrics. */
  readonly emulator: string;
  readonly sqs: SQSClient;
  /** Folder of the functions' logs, one file a function. */
  readonly logDirectory: string;
  readonly time: TimeLapse;
  readonly warn: (message: string) => void;
}

/** Executions that AWS allows a new account in a region (Lambda quotas, read 2026-11). */
const ACCOUNT_CONCURRENCY = 1_000;

/** SQS reports to CloudWatch each minute. */
const GAUGE_EVERY_MS = 60_000;

/**
 * CloudWatch for what runs here. The runtime reports to it, it reads the functions' logs, and it answers over HTTP.
 */
export class LocalMetrics {
  private constructor(
    private readonly account: MeasuredAccount,
    private readonly gauge: QueueGauge,
    private readonly server: MetricsServer,
  ) {}

  static async start(options: LocalMetricsOptions): Promise<LocalMetrics> {
    const { sqs, warn, time } = options;
    const account = new MeasuredAccount(options);
    const server = await MetricsServer.listen(options.emulator, account);
    const gauge = new QueueGauge({
      sqs,
      warn,
      timers: SYSTEM_TIMERS,
      everyMs: time.real(GAUGE_EVERY_MS),
      counted: (...counts) => account.recorder.counted(...counts),
    });
    return new LocalMetrics(account, gauge, server);
  }

  /** Records what the runtime reports to it. */
  get observer(): Observer {
    return this.account.recorder;
  }

  /** `http://127.0.0.1:<port>`: give it as AWS_ENDPOINT_URL, or for CloudWatch and Lambda alone. */
  get url(): string {
    return this.server.url;
  }

  /** Takes an apply. Call it before any function of the apply runs: logs are read from their present end on. */
  configure(applied: Applied): void {
    this.account.configure(applied);
    this.gauge.configure(applied.queues);
  }

  async stop(): Promise<void> {
    await Promise.all([this.server.close(), this.gauge.stop()]);
  }
}

/** The calls about metrics and limits, answered from what was recorded. */
class MeasuredAccount implements MetricsService {
  readonly recorder: Recorder;
  private readonly store = new MetricStore();
  private readonly tails = new Map<string, LogTail>();
  private functionCount = 0;

  constructor(private readonly options: Pick<LocalMetricsOptions, "logDirectory" | "time">) {
    this.recorder = new Recorder(this.store, options.time);
  }

  configure(applied: Applied): void {
    this.recorder.configure(applied);
    this.functionCount = applied.functions.length;
    for (const { newest } of applied.functions) {
      const file = join(this.options.logDirectory, `${newest.functionName}.log`);
      if (!this.tails.has(file)) this.tails.set(file, new LogTail(file));
    }
  }

  /** The functions write their logs themselves, so new lines are read before each answer. */
  getMetricData(input: JsonObject): JsonObject {
    for (const tail of this.tails.values()) {
      for (const sample of tail.take().flatMap(readEmbeddedMetrics))
        this.store.record({ ...sample, atMs: this.options.time.at(sample.atMs) });
    }
    return getMetricData(this.store, input);
  }

  putMetricData(input: JsonObject): void {
    putMetricData(this.store, input, this.options.time.at(Date.now()));
  }

  getAccountSettings(): JsonObject {
    const unreserved = ACCOUNT_CONCURRENCY - this.recorder.reserved;
    return {
      AccountLimit: { ConcurrentExecutions: ACCOUNT_CONCURRENCY, UnreservedConcurrentExecutions: unreserved },
      AccountUsage: { FunctionCount: this.functionCount },
    };
  }
}

/** Bytes that are read at once. */
const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/** Reads the lines that others append to a file, each once. Lines from before the tail was made are not read. */
export class LogTail {
  private position: number;
  /** Begin of a line whose end has not been written yet. */
  private rest = Buffer.alloc(0);

  constructor(private readonly path: string) {
    this.position = existsSync(path) ? statSync(path).size : 0;
  }

  /** The complete lines since the last call, without their line feeds; none where the file does not exist yet. */
  take(): string[] {
    if (!existsSync(this.path)) return [];
    const lines: string[] = [];
    const file = openSync(this.path, "r");
    try {
      const end = fstatSync(file).size;
      while (this.position < end)
        lines.push(...this.splitLines(this.readChunk(file, Math.min(CHUNK_BYTES, end - this.position))));
    } finally {
      closeSync(file);
    }
    return lines;
  }

  private readChunk(file: number, bytes: number): Buffer {
    const chunk = Buffer.alloc(bytes);
    const count = readSync(file, chunk, 0, bytes, this.position);
    if (count === 0) throw new Error(`${this.path} became shorter while it was read; a function's log only grows.`);
    this.position += count;
    return chunk.subarray(0, count);
  }

  /** Splits bytes, not text, because the bytes of one character may lie in two chunks. */
  private splitLines(chunk: Buffer): string[] {
    const bytes = Buffer.concat([this.rest, chunk]);
    const last = bytes.lastIndexOf(LINE_FEED);
    this.rest = bytes.subarray(last + 1);
    return last < 0 ? [] : bytes.subarray(0, last).toString("utf8").split("\n");
  }
}

export interface QueueGaugeOptions {
  readonly sqs: SQSClient;
  readonly timers: Timers;
  /** Real milliseconds between two measurements. */
  readonly everyMs: number;
  readonly warn: (message: string) => void;
  readonly counted: (queueName: string, visible: number, notVisible: number) => void;
}

/** Asks the applied queues how many messages they hold, as SQS reports it to CloudWatch each minute. */
export class QueueGauge {
  private queues: readonly AppliedQueue[] = [];
  private endTimer: (() => void) | undefined;
  private measurement: Promise<void> = Promise.resolve();
  /** Whether the last measurement failed; an emulator that is gone is one warning, not one a minute. */
  private failing = false;

  constructor(private readonly options: QueueGaugeOptions) {}

  /** Measures these queues from now on, instead of those before. */
  configure(queues: readonly AppliedQueue[]): void {
    this.queues = queues;
    const { timers, everyMs } = this.options;
    this.endTimer ??= timers.every(everyMs, () => void (this.measurement = this.measure()));
  }

  /** Starts no further measurement, and waits for one under way. */
  async stop(): Promise<void> {
    this.endTimer?.();
    await this.measurement;
  }

  private async measure(): Promise<void> {
    const { sqs, warn, counted } = this.options;
    try {
      for (const { arn, url } of this.queues) {
        const { Attributes: attributes = {} } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: url,
            AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
          }),
        );
        counted(
          arn.slice(arn.lastIndexOf(":") + 1),
          Number(attributes.ApproximateNumberOfMessages),
          Number(attributes.ApproximateNumberOfMessagesNotVisible),
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
