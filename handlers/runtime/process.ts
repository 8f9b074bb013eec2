import { openConnection, type Connection } from "../clients/connection";
import { once } from "../clients/once";
import { connectSts, identify } from "../clients/sts";
import { openCounters, type Counters } from "../counters";
import { openColdStart } from "../function-metrics";
import { heartbeat, isHeartbeat } from "../heartbeat";
import type { Guards } from "../resilience/guard";
import { openGuards } from "../resilience/guards";
import { jsonLines, type Log } from "../telemetry";

/** Milliseconds since 1970, by the wall clock: others stand still while the environment is frozen. */
export const nowMs = (): number => Date.now();

/** What every function of ours has, made once per cold start. */
export interface Process {
  readonly log: Log;
  readonly counters: Counters;
  readonly coldStart: () => number;
  readonly connection: Connection;
  readonly guards: Guards;
}

/** Makes them. @param deployment see `CommonEnvironment.DEPLOYMENT` */
export function openProcess(deployment: string): Process {
  const log = jsonLines((line) => process.stdout.write(line), nowMs, deployment);
  const counters = openCounters();
  return { log, counters, coldStart: openColdStart(), connection: openConnection({ counters, nowMs }), guards: openGuards({ counters, log }) };
}

/** A function that answers heartbeats itself and hands everything else on, no stale socket in the pool in either case. */
export function withHeartbeat<Event, Context, Answer>(name: "api" | "worker", { connection, counters, coldStart, log }: Process, handle: (event: Event, context: Context) => Promise<Answer>): (event: Event, context: Context) => Promise<Answer | void> {
  const sts = once(() => connectSts(connection));
  return async (event, context) => {
    connection.dropIdle();
    if (!isHeartbeat(event)) return handle(event, context);
    // Who comes after a heartbeat does not wait for a cold start.
    coldStart();
    await heartbeat({ name, identify: (signal) => identify(sts, signal), counters, log });
  };
}
