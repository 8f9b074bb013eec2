import { DeleteMessageBatchCommand, ReceiveMessageCommand, type Message, type SQSClient } from "@aws-sdk/client-sqs";
import { setTimeout } from "node:timers/promises";
import type { AppliedMapping, AppliedQueue } from "../applied/functions";
import type { InvocationResult } from "../functions/function-host";
import type { ObservedMessages, Observer, StatisticsRecorder } from "../statistics";
import { readFailedMessages, sqsEvent } from "./sqs-event";

export interface PollerOptions {
  readonly sqs: SQSClient;
  readonly region: string;
  readonly statistics: StatisticsRecorder;
  /** Default: none. */
  readonly observer?: Observer;
  readonly warn: (message: string) => void;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

/** Lambda starts with five batches at once where no maximum is applied (Lambda developer guide, SQS scaling). */
const DEFAULT_CONCURRENCY = 5;

/** Length of a long poll, short enough to stop or to take another apply within a second. */
const WAIT_SECONDS = 1;

/** SQS gives and deletes at most ten messages a call. */
const MAX_CALL_MESSAGES = 10;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/** Messages that were received together, with the configuration of that time. */
interface Batch {
  readonly messages: readonly Message[];
  readonly mapping: AppliedMapping;
  readonly queue: AppliedQueue;
  /** Milliseconds since 1970. */
  readonly receivedAtMs: number;
}

/** Polls one queue for one function, as Lambda's event source mapping does. */
export class QueuePoller {
  private readonly inFlight = new Set<Promise<void>>();
  private readonly loop: Promise<void>;
  private readonly stopping = new AbortController();
  /** Whether the last poll failed; an emulator that is gone is one warning, not one a second. */
  private failing = false;
  /** Ends the wait until fewer batches are under way. */
  private wake: () => void = () => undefined;

  constructor(
    private mapping: AppliedMapping,
    private queue: AppliedQueue,
    private readonly options: PollerOptions,
  ) {
    this.loop = this.run();
  }

  /** Takes another configuration for the next batches. Those under way end with their own. */
  update(mapping: AppliedMapping, queue: AppliedQueue): void {
    this.mapping = mapping;
    this.queue = queue;
  }

  /** Takes no further messages. It waits for the poll under way, whose messages would otherwise be lost. */
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
      const batch: Promise<void> = this.process({ messages, mapping, queue, receivedAtMs })
        .catch((error: unknown) => this.options.warn(`${mapping.address}: a batch failed: ${String(error)}`))
        .finally(() => {
          this.inFlight.delete(batch);
          this.wake();
        });
      this.inFlight.add(batch);
    }
  }

  /** Receives one batch: the messages of a single poll, or those that arrive until the batching window closes. */
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
      if (messages.length > 0) this.options.observer?.received(this.observe(messages));
      return messages;
    } catch (error) {
      if (!this.failing) this.options.warn(`${this.mapping.address}: ${queue.url} cannot be polled: ${String(error)}`);
      this.failing = true;
      await this.pause(WAIT_SECONDS * 1_000);
      return [];
    }
  }

  private async process({ messages, mapping, queue, receivedAtMs }: Batch): Promise<void> {
    const payload = JSON.stringify(sqsEvent(messages, queue.arn, this.options.region));
    const result = await this.invokeUntil(
      mapping.functionArn,
      payload,
      receivedAtMs + queue.visibilityTimeoutSeconds * 1_000,
    );
    const done = result.kind === "answer" ? selectDone(messages, result.payload, mapping) : [];
    // Messages that failed stay hidden until their visibility time-out passes; Lambda does not reset it.
    this.statistics.failed += messages.length - done.length;
    await this.deleteMessages(done, queue);
  }

  /** Tries a throttled batch again, at growing intervals, until its messages are visible again. So does Lambda. */
  private async invokeUntil(functionArn: string, payload: string, untilMs: number): Promise<InvocationResult> {
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const result = await this.options.invoke(functionArn, payload);
      if (result.kind !== "throttled" || this.stopped || Date.now() + backoffMs >= untilMs) return result;
      await this.pause(backoffMs);
    }
  }

  private async deleteMessages(messages: readonly Message[], queue: AppliedQueue): Promise<void> {
    for (let start = 0; start < messages.length; start += MAX_CALL_MESSAGES) {
      const entries = messages
        .slice(start, start + MAX_CALL_MESSAGES)
        .map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle ?? "" }));
      const { Successful: deleted = [] } = await this.options.sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries: entries }),
      );
      this.statistics.deleted += deleted.length;
      const gone = deleted.flatMap(({ Id: id }) => messages[start + Number(id)] ?? []);
      if (gone.length > 0) this.options.observer?.deleted(this.observe(gone));
    }
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Ends early when the poller stops. */
  private async pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private observe(messages: readonly Message[]): ObservedMessages {
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
    return this.queue.arn.slice(this.queue.arn.lastIndexOf(":") + 1);
  }
}

/** The messages that the function is done with. */
function selectDone(messages: readonly Message[], payload: string, mapping: AppliedMapping): readonly Message[] {
  if (!mapping.reportsBatchItemFailures) return messages;
  const ids = messages.map(({ MessageId: id = "" }) => id);
  const failed = readFailedMessages(payload, ids);
  return failed === undefined ? [] : messages.filter(({ MessageId: id = "" }) => !failed.has(id));
}
