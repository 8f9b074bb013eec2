import type { PriceBook } from "../prices";
import type { Deployment } from "./deployment";
import type { Traffic } from "./traffic";
import { SECONDS_A_MONTH } from "./usage";

/**
 * Lambda asks an idle queue with five pollers, each waiting 20 s for a message (Lambda developer guide, "Using Lambda
 * with Amazon SQS"; the wait is SQS's longest). Every empty answer is a request.
 */
const POLLERS = 5;
const LONG_POLL_SECONDS = 20;

/** Requests of a month to SQS. */
export function queueRequests(deployment: Deployment, traffic: Traffic): number {
  const idlePolls = (POLLERS * SECONDS_A_MONTH) / LONG_POLL_SECONDS;
  // A reservation of 0 stops the polling of the work; that of the dead letters goes on.
  const polledQueues = deployment.workerReserved === 0 ? 1 : 2;
  // A message is sent, received and deleted; batches hold one message, and a readiness check asks for an attribute.
  const messages = Math.max(traffic.requests, traffic.runs) + 2 * traffic.runs;
  return polledQueues * idlePolls + messages + traffic.healthChecks;
}

/** Dollars a month of the queues. */
export const queueCost = (deployment: Deployment, traffic: Traffic, book: PriceBook): number =>
  book.cost("queueRequest", queueRequests(deployment, traffic));
