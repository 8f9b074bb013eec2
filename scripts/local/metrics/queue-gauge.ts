import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { AppliedQueue } from "../applied/applied-functions";
import type { Timers } from "../events/schedules";

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
