import { connectSts, identifyAccount, memoizePromise } from "../aws/agent-clients";
import { openConnection, type Connection } from "../aws/connection";
import { openGuards, type Guards } from "../aws/guards";
import { connectDynamoDb, connectSqs, type DynamoDb } from "../aws/json-service";
import { heartbeat, isHeartbeat } from "../heartbeat";
import { sqsWorkQueue, type WorkQueue } from "../requests/work-queue";
import type { Variables } from "../settings";
import { jsonLines, openColdStart, openCounters, openMemoryUse, type FunctionCounts, type Log } from "../telemetry";

/** Milliseconds since 1970 by the wall clock. Other clocks stand still while the environment is frozen. */
export const nowMs = (): number => Date.now();

/** Opens a log on the function's standard output. @param deployment dimension of every metric */
export const openLog = (deployment: string): Log => jsonLines((line) => process.stdout.write(line), nowMs, deployment);

/** What every function has, made once per cold start. */
export interface Process extends FunctionCounts {
  readonly log: Log;
  /** The function's version, as Lambda reports it. */
  readonly version?: string;
  readonly connection: Connection;
  readonly guards: Guards;
  readonly connectDynamoDb: () => DynamoDb;
  /** Connects to the queue of work at its URL. */
  readonly connectQueue: (url: string) => WorkQueue;
}

/**
 * Makes what every function has.
 * @param deployment see `CommonEnvironment.DEPLOYMENT`
 * @param variables what Lambda tells the process; Lambda replaces the credentials in place
 */
export function openProcess(deployment: string, variables: Variables): Process {
  const log = openLog(deployment);
  const counters = openCounters();
  const { AWS_LAMBDA_FUNCTION_VERSION: version, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMiB } = variables;
  const connection = openConnection({ counters, nowMs });
  const guards = openGuards({ counters, log });
  return {
    log,
    counters,
    countColdStart: openColdStart(),
    // In KiB on every platform (Node.js documentation, process.resourceUsage).
    memoryUsedPercent: openMemoryUse(memoryMiB, () => process.resourceUsage().maxRSS),
    ...(version !== undefined && { version }),
    connection,
    guards,
    connectDynamoDb: () => connectDynamoDb({ connection, guard: guards("dynamodb"), variables }),
    connectQueue: (url) => sqsWorkQueue(connectSqs({ connection, guard: guards("sqs"), variables }, url), url),
  };
}

/** Wraps a function so that it answers heartbeats, and drops stale sockets before any event. */
export function withHeartbeat<Event, Context, Answer>(
  name: "api" | "worker",
  { connection, counters, countColdStart, log }: Process,
  handle: (event: Event, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer | void> {
  const connect = memoizePromise(() => connectSts(connection));
  return async (event, context) => {
    connection.dropIdle();
    if (!isHeartbeat(event)) return handle(event, context);
    // The request after a heartbeat does not wait for a cold start.
    countColdStart();
    await heartbeat({ name, identify: (signal) => identifyAccount(connect, signal), counters, log });
  };
}
