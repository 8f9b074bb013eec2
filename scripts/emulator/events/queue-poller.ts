import {
  type Message,
  type MessageAttributeValue,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { list, record } from "../applied/state";
import { setTimeout } from "node:timers/promises";
import type { AppliedMapping, AppliedQueue } from "../applied/functions";
import type { InvocationResult } from "../functions/function-host";
import type { ObservedMessages, Observer, StatisticsRecorder } from "../statistics";

/** The event that Lambda makes of a batch of messages. */
export function sqsEvent(
  messages: readonly Message[],
  queueArn: string,
  region: string,
): { Records: Record<string, unknown>[] } {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value)]),
      ),
      ...(message.MD5OfMessageAttributes === undefined
        ? {}
        : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

function attribute(value: MessageAttributeValue): Record<string, unknown> {
  return {
    ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
    ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  };
}

/**
 * Ids of the messages that failed, or undefined where the whole batch did. As Lambda has it: nothing, null or an empty
 * list is success; an answer of another shape, an empty or an unknown id fails every message.
 */
export function failedMessages(payload: string, messageIds: readonly string[]): ReadonlySet<string> | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return undefined; // Not JSON: malformed, so all failed.
  }
  const failures = record(answer)?.batchItemFailures;
  if (answer === null || (record(answer) !== undefined && (failures === undefined || failures === null)))
    return new Set();
  if (!Array.isArray(failures)) return undefined;
  const failed = list(failures).map((entry) => record(entry)?.itemIdentifier);
  return failed.every((id) => typeof id === "string" && messageIds.includes(id))
    ? new Set(failed as string[])
    : undefined;
}

export interface PollerOptions {
  readonly sqs: SQSClient;
  readonly region: string;
  readonly statistics: StatisticsRecorder;
  /** Default: nobody is told. */
  readonly observer?: Observer;
  readonly warn: (message: string) => void;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

/** Lambda starts with five batches at once where no maximum is applied (Lambda developer guide, SQS scaling). */
const DEFAULT_CONCURRENCY = 5;

/** A long poll that is short enough to stop, or to see a reload, within a second. */
const WAIT_SECONDS = 1;

/** SQS gives and deletes at most ten messages a call. */
const MAX_CALL_MESSAGES = 10;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/** Polls one queue for one function, as Lambda's event source mapping does. */
export class QueuePoller {
  private readonly inFlight = new Set<Promise<void>>();
  private readonly loop: Promise<void>;
  private readonly stopping = new AbortController();
  /** Whether the last poll failed: an emulator that is gone is told once, not every second. */
  private failing = false;
  /** Ends the wait for a free place. */
  private wake: () => void = () => undefined;

  constructor(
    private mapping: AppliedMapping,
    private queue: AppliedQueue,
    private readonly options: PollerOptions,
  ) {
    this.loop = this.run();
  }

  /** Batches under way end as they began; the next ones follow the new configuration. */
  update(mapping: AppliedMapping, queue: AppliedQueue): void {
    this.mapping = mapping;
    this.queue = queue;
  }

  /** Takes no further message. A poll under way is waited for: dropping it would lose what it has already received. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
  }

  /** Waits for the batches that were under way. */
  async settled(): Promise<void> {
    await Promise.all(this.inFlight);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      if (this.inFlight.size >= (this.mapping.maximumConcurrency ?? DEFAULT_CONCURRENCY)) {
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      const { mapping, queue } = this;
      const receivedAtMs = Date.now();
      const messages = await this.collect(mapping, queue);
      if (messages.length === 0) continue;
      const batch: Promise<void> = this.process(messages, mapping, queue, receivedAtMs)
        .catch((error: unknown) => this.options.warn(`${mapping.address}: a batch failed: ${String(error)}`))
        .finally(() => {
          this.inFlight.delete(batch);
          this.wake();
        });
      this.inFlight.add(batch);
    }
  }

  /** One batch: what a single poll gives, or with a batching window what arrives until it closes. */
  private async collect(mapping: AppliedMapping, queue: AppliedQueue): Promise<Message[]> {
    const messages = await this.receive(queue, mapping.batchSize);
    const closesAtMs = Date.now() + mapping.batchingWindowSeconds * 1_000;
    while (messages.length > 0 && messages.length < mapping.batchSize && !this.stopped && Date.now() < closesAtMs) {
      messages.push(...(await this.receive(queue, mapping.batchSize - messages.length)));
    }
    return messages;
  }

  private async receive(queue: AppliedQueue, wanted: number): Promise<Message[]> {
    try {
      const { Messages: messages = [] } = await this.options.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue.url,
          MaxNumberOfMessages: Math.min(wanted, MAX_CALL_MESSAGES),
          WaitTimeSeconds: WAIT_SECONDS,
          AttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      this.failing = false;
      this.statistics.received += messages.length;
      if (messages.length > 0) this.options.observer?.received(this.observed(messages));
      return messages;
    } catch (error) {
      if (!this.failing) this.options.warn(`${this.mapping.address}: ${queue.url} cannot be polled: ${String(error)}`);
      this.failing = true;
      await this.pause(WAIT_SECONDS * 1_000);
      return [];
    }
  }

  private async process(
    messages: Message[],
    mapping: AppliedMapping,
    queue: AppliedQueue,
    receivedAtMs: number,
  ): Promise<void> {
    const payload = JSON.stringify(sqsEvent(messages, queue.arn, this.options.region));
    const result = await this.invokeUntil(
      mapping.functionArn,
      payload,
      receivedAtMs + queue.visibilityTimeoutSeconds * 1_000,
    );
    const failed =
      result.kind !== "answer"
        ? undefined
        : mapping.reportsBatchItemFailures
          ? failedMessages(
              result.payload,
              messages.map((message) => message.MessageId ?? ""),
            )
          : new Set<string>();
    const done = failed === undefined ? [] : messages.filter((message) => !failed.has(message.MessageId ?? ""));
    // What failed stays hidden until its visibility time-out passes; Lambda does not reset it.
    this.statistics.failed += messages.length - done.length;
    await this.remove(done, queue);
  }

  /**
   * A throttled batch is tried again, further and further apart, until its messages are visible again: Lambda does so
   * too.
   */
  private async invokeUntil(functionArn: string, payload: string, untilMs: number): Promise<InvocationResult> {
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const result = await this.options.invoke(functionArn, payload);
      if (result.kind !== "throttled" || this.stopped || Date.now() + backoffMs >= untilMs) return result;
      await this.pause(backoffMs);
    }
  }

  private async remove(messages: readonly Message[], queue: AppliedQueue): Promise<void> {
    for (let start = 0; start < messages.length; start += MAX_CALL_MESSAGES) {
      const entries = messages
        .slice(start, start + MAX_CALL_MESSAGES)
        .map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle ?? "" }));
      const { Successful: deleted = [] } = await this.options.sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries: entries }),
      );
      this.statistics.deleted += deleted.length;
      const gone = deleted.map(({ Id: id }) => messages[start + Number(id)]!);
      if (gone.length > 0) this.options.observer?.deleted(this.observed(gone));
    }
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Ends early when the poller stops. */
  private async pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private observed(messages: readonly Message[]): ObservedMessages {
    const sentAtMs = messages
      .map(({ Attributes: attributes }) => Number(attributes?.SentTimestamp))
      .filter(Number.isFinite);
    const oldestAgeMs = sentAtMs.length === 0 ? undefined : Math.max(0, Date.now() - Math.min(...sentAtMs));
    return { queueName: this.queueName, count: messages.length, oldestAgeMs };
  }

  private get statistics() {
    return this.options.statistics.queue(this.queueName);
  }

  private get queueName(): string {
    return this.queue.arn.split(":").at(-1)!;
  }
}
