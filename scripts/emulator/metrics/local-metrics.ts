import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Applied } from "../applied/applied";
import type { AppliedQueue } from "../applied/functions";
import { SYSTEM_TIMERS, type Timers } from "../events/schedules";
import { closeServer, listenOnLoopback, openUpstream, readRequest, type ProxiedRequest, type Upstream } from "../http";
import { messageOf, parseObject, type JsonObject } from "../json";
import { LogTail, readEmbeddedMetrics } from "./function-logs";
import { AwsError, getMetricData, putMetricData } from "./metric-data";
import { MetricStore, Recorder, type TimeLapse } from "./metric-store";

interface LocalMetricsOptions {
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

/** The target of CloudWatch's JSON protocol, which @aws-sdk/client-cloudwatch speaks. */
const TARGET = "GraniteServiceVersion20100801.";

/** The same two operations in CloudWatch's other protocols: form fields, and CBOR with the operation in its path. */
const OTHER_PROTOCOLS = /(?:^|&)Action=(?:Get|Put)MetricData(?:&|$)|\/operation\/(?:Get|Put)MetricData$/;

const ACCOUNT_SETTINGS = "/2016-08-19/account-settings";

/**
 * AWS on loopback with the metrics of what ran here. The runtime reports to it, and it reads the functions' logs. It
 * answers GetMetricData, PutMetricData and Lambda's GetAccountSettings, and passes everything else on to the emulator.
 */
export class LocalMetrics {
  private port = 0;
  private readonly server: Server;
  private readonly upstream: Upstream;
  private readonly store = new MetricStore();
  /** Records what the runtime reports to it. */
  readonly recorder: Recorder;
  private readonly gauge: QueueGauge;
  private readonly tails = new Map<string, LogTail>();
  private functionCount = 0;

  private constructor(private readonly options: LocalMetricsOptions) {
    const { emulator, sqs, warn, time } = options;
    this.server = createServer((message, reply) => void this.serve(message, reply));
    this.upstream = openUpstream(emulator);
    this.recorder = new Recorder(this.store, time);
    this.gauge = new QueueGauge({
      sqs,
      warn,
      timers: SYSTEM_TIMERS,
      everyMs: time.real(GAUGE_EVERY_MS),
      counted: (...counts) => this.recorder.counted(...counts),
    });
  }

  static async start(options: LocalMetricsOptions): Promise<LocalMetrics> {
    const metrics = new LocalMetrics(options);
    metrics.port = await listenOnLoopback(metrics.server);
    return metrics;
  }

  /** `http://127.0.0.1:<port>`: give it as AWS_ENDPOINT_URL, or for CloudWatch and Lambda alone. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Takes an apply. Call it before any function of the apply runs: logs are read from their present end on. */
  configure(applied: Applied): void {
    this.recorder.configure(applied);
    this.gauge.configure(applied.queues);
    this.functionCount = applied.functions.length;
    for (const { newest } of applied.functions) {
      const file = join(this.options.logDirectory, `${newest.functionName}.log`);
      if (!this.tails.has(file)) this.tails.set(file, new LogTail(file));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([closeServer(this.server), this.gauge.stop()]);
    this.upstream.close();
  }

  private async serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    const request = await readRequest(message).catch(() => undefined);
    if (request === undefined) return void message.destroy();
    try {
      const own = this.answer(request);
      if (own !== undefined) return writeJson(reply, 200, own);
      const { status, headers, body } = await this.upstream.send(request).catch((cause: unknown) => {
        throw new AwsError(502, "BadGateway", `The emulator does not answer: ${messageOf(cause)}`);
      });
      reply.writeHead(status, headers).end(body);
    } catch (error) {
      writeRefusal(
        reply,
        error instanceof AwsError ? error : new AwsError(500, "InternalServiceFault", messageOf(error)),
      );
    }
  }

  /** Undefined where the emulator has to answer. */
  private answer(request: ProxiedRequest): JsonObject | undefined {
    const { method, path, headers } = request;
    const target = headers["x-amz-target"];
    if (target === `${TARGET}GetMetricData`) return this.getMetricData(readBody(request));
    if (target === `${TARGET}PutMetricData`) {
      putMetricData(this.store, readBody(request), this.options.time.at(Date.now()));
      return {};
    }
    const [route = ""] = path.split("?");
    if (method === "GET" && route.replace(/\/$/, "") === ACCOUNT_SETTINGS) return this.getAccountSettings();
    const operation = route.startsWith("/service/") ? route : request.body.toString("latin1");
    if (method === "POST" && OTHER_PROTOCOLS.test(operation))
      throw new AwsError(
        400,
        "InvalidAction",
        "Metrics are answered here in CloudWatch's JSON protocol only; " +
          "ask by a client that speaks it, such as @aws-sdk/client-cloudwatch 3.1162.",
      );
    return undefined;
  }

  /** The functions write their logs themselves, so new lines are read before each answer. */
  private getMetricData(input: JsonObject): JsonObject {
    for (const tail of this.tails.values()) {
      for (const sample of tail.take().flatMap(readEmbeddedMetrics))
        this.store.record({ ...sample, atMs: this.options.time.at(sample.atMs) });
    }
    return getMetricData(this.store, input);
  }

  private getAccountSettings(): JsonObject {
    const unreserved = ACCOUNT_CONCURRENCY - this.recorder.reserved;
    return {
      AccountLimit: { ConcurrentExecutions: ACCOUNT_CONCURRENCY, UnreservedConcurrentExecutions: unreserved },
      AccountUsage: { FunctionCount: this.functionCount },
    };
  }
}

function readBody({ headers, body }: ProxiedRequest): JsonObject {
  const text = (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
  const parsed = parseObject(text);
  if (parsed !== undefined) return parsed;
  const begin = JSON.stringify(text.slice(0, 40));
  throw new AwsError(400, "SerializationException", `The request's body is no JSON object; it begins ${begin}.`);
}

function writeJson(reply: ServerResponse, status: number, body: JsonObject): void {
  reply.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(body));
}

/** The name is also in the headers, where older clients look for it. */
function writeRefusal(reply: ServerResponse, { status, name, message }: AwsError): void {
  reply.setHeader("x-amzn-errortype", name);
  reply.setHeader("x-amzn-query-error", `${name};${status < 500 ? "Sender" : "Receiver"}`);
  writeJson(reply, status, { __type: name, message });
}

interface QueueGaugeOptions {
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
