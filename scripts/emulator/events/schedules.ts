import { randomUUID } from "node:crypto";
import type { Applied, AppliedSchedule } from "../applied/applied";
import type { RuntimeContext } from "../functions/function-host";
import { mayInvoke } from "../applied/functions";

/** Repeated callbacks; a test gives its own, so that it does not have to wait. */
export interface Timers {
  /** Calls back at an interval until the function that it returns is called. */
  every(ms: number, callback: () => void): () => void;
}

export const SYSTEM_TIMERS: Timers = {
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};

interface SchedulesOptions extends Omit<RuntimeContext, "statistics"> {
  readonly now: () => number;
  readonly timers: Timers;
}

/** Invokes the targets of applied rules at their rates, for the first time one interval after the apply. */
export class Schedules {
  private readonly running = new Map<string, () => void>();

  constructor(private readonly options: SchedulesOptions) {}

  /** Takes another apply. A schedule that did not change keeps its timer. */
  configure(applied: Applied): void {
    const wanted = new Map(
      applied.schedules
        .filter((schedule) => this.permits(schedule, applied))
        .map((schedule) => [JSON.stringify(schedule), schedule]),
    );
    for (const [key, stop] of this.running) {
      if (wanted.has(key)) continue;
      stop();
      this.running.delete(key);
    }
    for (const [key, schedule] of wanted) {
      if (!this.running.has(key))
        this.running.set(
          key,
          this.options.timers.every(schedule.everyMs, () => void this.fire(schedule)),
        );
    }
  }

  stop(): void {
    for (const stop of this.running.values()) stop();
    this.running.clear();
  }

  private permits(schedule: AppliedSchedule, { permissions }: Applied): boolean {
    const { address, targetArn: functionArn, ruleArn: sourceArn } = schedule;
    const principal = "events.amazonaws.com";
    if (mayInvoke(permissions, { principal, functionArn, sourceArn })) return true;
    this.options.warn(
      `${address} is not fired: no aws_lambda_permission lets ${principal} invoke ${functionArn} for ${sourceArn}.`,
    );
    return false;
  }

  private async fire(schedule: AppliedSchedule): Promise<void> {
    this.options.observer?.fired(schedule.ruleArn);
    try {
      const result = await this.options.invoke(
        schedule.targetArn,
        schedule.input ?? JSON.stringify(this.scheduledEvent(schedule)),
      );
      if (result.kind !== "answer")
        this.options.warn(`${schedule.address} fired, and ${schedule.targetArn} ended with "${result.kind}".`);
    } catch (error) {
      this.options.warn(`${schedule.address} fired, and ${schedule.targetArn} could not be invoked: ${String(error)}`);
    }
  }

  /** The event that EventBridge sends to a target without an input. */
  private scheduledEvent(schedule: AppliedSchedule): Record<string, unknown> {
    return {
      version: "0",
      id: randomUUID(),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: schedule.ruleArn.split(":")[4],
      time: new Date(this.options.now()).toISOString().replace(/\.\d{3}Z$/, "Z"),
      region: this.options.region,
      resources: [schedule.ruleArn],
      detail: {},
    };
  }
}
