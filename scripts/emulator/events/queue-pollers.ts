import { UpdateEventSourceMappingCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { Applied } from "../applied/applied";
import type { AppliedMapping } from "../applied/functions";
import { QueuePoller, type PollerOptions } from "./queue-poller";

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
    const wanted = new Map(
      applied.mappings.filter((mapping) => mapping.enabled).map((mapping) => [mapping.uuid, mapping]),
    );
    const surplus = [...this.pollers].filter(([uuid]) => !wanted.has(uuid));
    for (const [uuid] of surplus) this.pollers.delete(uuid);
    await Promise.all(surplus.map(([, poller]) => poller.stop()));
    for (const mapping of wanted.values()) this.start(mapping, applied);
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

  async stop(): Promise<void> {
    await Promise.all([...this.pollers.values()].map((poller) => poller.stop()));
  }

  /** Waits for the batches under way. Call it after `stop`. */
  async settled(): Promise<void> {
    await Promise.all([...this.pollers.values()].map((poller) => poller.settled()));
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
