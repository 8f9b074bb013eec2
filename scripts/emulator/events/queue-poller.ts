import { UpdateEventSourceMappingCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type MessageAttributeValue,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { setTimeout } from "node:timers/promises";
import type { Applied } from "../applied/applied";
import type { AppliedMapping, AppliedQueue } from "../applied/functions";
import type { InvocationResult, RuntimeContext } from "../functions/function-host";
import { asObject, parseObject } from "../json";

interface PollerOptions extends RuntimeContext {
  readonly sqs: SQSClient;
}

/** One poller for each applied, enabled mapping. */
export class QueuePollers {
  private readonly pollers = new Map<string, QueuePoller>();

  constructor(private readonly options: PollerOptions & { readonly lambda: LambdaClient }) {}

  /**
   * Switches moto's own mappings off. They run inside SendMessage, and would receive each message first, raise its
   * receive count and fail without Docker. Each apply of terraform switches them on again.
   */
  async silenceEmulator({ mappings }: Applied): Promise<void> {
    await Promise.all(mappings.map((mapping) => this.switchEmulator(mapping, false)));
  }

  /** Switches moto's mappings back as they were applied, so that the next apply does not read a change. */
  async unsilenceEmulator({ mappings }: Applied): Promise<void> {
    await Promise.all(mappings.map((mapping) => this.switchEmulator(mapping, mapping.enabled)));
  }

  /** Starts, changes and stops pollers, so that there is one for each enabled mapping. */
  async configure(applied: Applied): Promise<void> {
    const wanted = applied.mappings.filter((mapping) => mapping.enabled);
    const surplus = [...this.pollers].filter(([uuid]) => !wanted.some((mapping) => mapping.uuid === uuid));
    for (const [uuid] of surplus) this.pollers.delete(uuid);
    await Promise.all(surplus.map(([, poller]) => poller.stop()));
    for (const mapping of wanted) this.start(mapping, applied);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pollers.values()].map((poller) => poller.stop()));
  }

  /** Waits for the batches under way. Call it after `stop`. */
  async settled(): Promise<void> {
    await Promise.all([...this.pollers.values()].map((poller) => poller.settled()));
  }

  private async switchEmulator({ uuid, address }: AppliedMapping, enabled: boolean): Promise<void> {
    try {
      await this.options.lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled: enabled }));
    } catch (cause) {
      throw new Error(
        `The emulator's own mapping ${uuid} (${address}) cannot be switched ${enabled ? "on" : "off"}. ` +
          "Is this the emulator that the stack was applied to?",
        { cause },
      );
    }
  }

  private start(mapping: AppliedMapping, applied: Applied): void {
    const queue = applied.queues.find((candidate) => candidate.arn === mapping.eventSourceArn);
    if (queue === undefined) {
      this.options.warn(
        `${mapping.address} is not polled: the applied state holds no aws_sqs_queue ${mapping.eventSourceArn}.`,
      );
      return;
    }
    const poller = this.pollers.get(mapping.uuid);
    if (poller !== undefined) poller.update(mapping, queue);
    else this.pollers.set(mapping.uuid, new QueuePoller(mapping, queue, this.options));
  }
}

/** Lambda starts with five batches at once where no maximum is applied (Lambda developer guide, SQS scaling). */
const DEFAULT_CONCURRENCY = 5;

/** Length of a long poll, short enough to stop or to take another apply within a second. */
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
      const visibleAtMs = Date.now() + queue.visibilityTimeoutSeconds * 1_000;
      const messages = await this.collect(mapping, queue);
      if (messages.length === 0) continue;
      const batch: Promise<void> = this.process({ messages, mapping, queue, visibleAtMs })
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
    while (messages.length > 0 && messages.length < mapping.batchSize && !this.stopped && Date.now() < closesAtMs)
      messages.push(...(await this.receive(queue, mapping.batchSize - messages.length)));
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
      this.observe(messages);
      return messages;
    } catch (error) {
      if (!this.failing) this.options.warn(`${this.mapping.address}: ${queue.url} cannot be polled: ${String(error)}`);
      this.failing = true;
      await this.pause(WAIT_SECONDS * 1_000);
      return [];
    }
  }

  private async process({ messages, mapping, queue, visibleAtMs }: Batch): Promise<void> {
    const payload = JSON.stringify(makeSqsEvent(messages, queue.arn, this.options.region));
    const result = await this.invokeUntil(mapping.functionArn, payload, visibleAtMs);
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
      this.observe(deleted.flatMap(({ Id: id }) => messages[start + Number(id)] ?? []));
    }
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Ends early when the poller stops. */
  private async pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** Reports how old the messages are. A queue may not give the time at which they were sent. */
  private observe(messages: readonly Message[]): void {
    const sentAtMs = messages.map(({ Attributes: given }) => Number(given?.SentTimestamp)).filter(Number.isFinite);
    if (sentAtMs.length > 0)
      this.options.observer?.handled(this.queueName, Math.max(0, Date.now() - Math.min(...sentAtMs)));
  }

  private get statistics() {
    return this.options.statistics.queue(this.queueName);
  }

  private get queueName(): string {
    return this.queue.arn.split(":").at(-1) ?? "";
  }
}

/** Messages that were received together, with the configuration of that time. */
interface Batch {
  readonly messages: readonly Message[];
  readonly mapping: AppliedMapping;
  readonly queue: AppliedQueue;
  /** When the first of them may be received again, in milliseconds since 1970. */
  readonly visibleAtMs: number;
}

/** The event that Lambda makes of a batch of messages (Lambda developer guide, "Using Lambda with Amazon SQS"). */
export function makeSqsEvent(messages: readonly Message[], queueArn: string, region: string) {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, describeAttribute(value)]),
      ),
      md5OfMessageAttributes: message.MD5OfMessageAttributes,
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

function describeAttribute({ StringValue: text, BinaryValue: binary, DataType: dataType }: MessageAttributeValue) {
  const binaryValue = binary && Buffer.from(binary).toString("base64");
  return { stringValue: text, binaryValue, stringListValues: [], binaryListValues: [], dataType };
}

/** The messages that the function is done with. */
function selectDone(messages: readonly Message[], payload: string, mapping: AppliedMapping): readonly Message[] {
  if (!mapping.reportsBatchItemFailures) return messages;
  const failed = readFailedMessages(
    payload,
    messages.map(({ MessageId: id = "" }) => id),
  );
  return messages.filter(({ MessageId: id = "" }) => failed?.has(id) === false);
}

/**
 * Reads which messages of a batch the function reports as failed. As on Lambda, an empty answer, null or an empty list
 * means success, and an answer of another shape or with an unknown id means that all failed.
 * @returns ids of the messages that failed; undefined where the whole batch did
 */
export function readFailedMessages(payload: string, messageIds: readonly string[]): ReadonlySet<string> | undefined {
  const answer = payload.trim() === "null" ? {} : parseObject(payload);
  const failures = answer?.batchItemFailures ?? [];
  if (answer === undefined || !Array.isArray(failures)) return undefined;
  const ids = failures.map((failure) => asObject(failure)?.itemIdentifier).filter((id) => typeof id === "string");
  return ids.length === failures.length && ids.every((id) => messageIds.includes(id)) ? new Set(ids) : undefined;
}
