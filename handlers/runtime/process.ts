import { jsonLines, type Log, openCounters, type Counters, openColdStart, openMemoryUse } from "../telemetry";
import { openConnection, type Connection } from "../aws/connection";
import { once, connectSts, identify } from "../aws/agent-clients";
import { heartbeat, isHeartbeat } from "../heartbeat";
import { type Guards, openGuards } from "../aws/guards";
import type { Variables } from "../settings";

/** Milliseconds since 1970, by the wall clock: others stand still while the environment is frozen. */
export const nowMs = (): number => Date.now();

/** A log on the function's standard output. @param deployment dimension of every metric */
export const openLog = (deployment: string): Log => jsonLines((line) => process.stdout.write(line), nowMs, deployment);

/** What every function of ours has, made once per cold start. */
export interface Process {
  readonly log: Log;
  readonly counters: Counters;
  readonly coldStart: () => number;
  readonly memoryUsedPercent: () => number | undefined;
  /** The function's version, as Lambda tells it. */
  readonly version?: string;
  readonly connection: Connection;
  readonly guards: Guards;
  /** What Lambda tells the process, the credentials among it, which it replaces in place. */
  readonly variables: Variables;
}

/**
 * Makes them.
 * @param deployment see `CommonEnvironment.DEPLOYMENT`
 * @param variables what Lambda itself tells the process
 */
export function openProcess(deployment: string, variables: Variables): Process {
  const log = openLog(deployment);
  const counters = openCounters();
  const { AWS_LAMBDA_FUNCTION_VERSION: version, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMiB } = variables;
  return {
    log,
    counters,
    coldStart: openColdStart(),
    // In KiB on every platform (Node.js documentation, process.resourceUsage).
    memoryUsedPercent: openMemoryUse(memoryMiB, () => process.resourceUsage().maxRSS),
    ...(version !== undefined && { version }),
    connection: openConnection({ counters, nowMs }),
    guards: openGuards({ counters, log }),
    variables,
  };
}

/**
 * A function that answers heartbeats itself and hands everything else on, no stale socket in the pool in either case.
 */
export function withHeartbeat<Event, Context, Answer>(
  name: "api" | "worker",
  { connection, counters, coldStart, log }: Process,
  handle: (event: Event, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer | void> {
  const sts = once(() => connectSts(connection));
  return async (event, context) => {
    connection.dropIdle();
    if (!isHeartbeat(event)) return handle(event, context);
    // Who comes after a heartbeat does not wait for a cold start.
    coldStart();
    await heartbeat({ name, identify: (signal) => identify(sts, signal), counters, log });
  };
}
