import { ARCHITECTURE } from "../../stacks/contract/fixed";
import type { Deployment } from "./deployment";
import { PriceBook } from "./prices";
import { monthOf, trafficOf, type Month, type Traffic } from "./traffic";
import { HOURS_A_MONTH, KB_A_GB, type Usage, SECONDS_A_MONTH, DAYS_A_MONTH } from "./usage";
import { finalReads, INLINE_RESULT_KB, databaseCost } from "./database";
import { computeCost, gb } from "./compute";
import { watchingCost } from "./watching";

/** Dollars a month of what stands between callers and the front door. */
interface GatewayCost {
  /** Every call, those that the cache answers too. */
  readonly apiCalls: number;
  /** The cluster's hours, whether anything is cached or not. */
  readonly cache: number;
  /** CloudFront's requests, what it sends to viewers, and what it sends to the API. */
  readonly distribution: number;
  /** Data from the API to callers; CloudFront fetches it free of charge and bills its own. */
  readonly transfer: number;
}

/** Headers and the JSON around prompt and answer of one call. */
const ENVELOPE_KB = 1;

export function gatewayCost({ deployment, usage, traffic, book }: Month): GatewayCost {
  const outGB = outKB(usage, traffic) / KB_A_GB;
  return {
    apiCalls: book.cost("apiCall", traffic.apiCalls),
    cache: deployment.cacheClusterGB === null ? 0 : book.cost(`cacheHour_${deployment.cacheClusterGB}`, HOURS_A_MONTH),
    distribution: deployment.cloudfrontEnabled ? distributionCost({ usage, traffic, book }, outGB) : 0,
    transfer: deployment.cloudfrontEnabled ? 0 : book.cost("internetOut", outGB),
  };
}

function distributionCost({ usage, traffic, book }: Omit<Month, "deployment">, outGB: number): number {
  const toOriginGB = (traffic.apiCalls * ENVELOPE_KB + traffic.requests * usage.prompt_kb) / KB_A_GB;
  return (
    book.cost("distributionRequest", traffic.calls) +
    book.cost("distributionOut", outGB) +
    book.cost("distributionToOrigin", toOriginGB)
  );
}

/** What callers are sent: every call its envelope, each caller's last poll the answer. */
const outKB = (usage: Usage, traffic: Traffic): number =>
  traffic.calls * ENVELOPE_KB + Math.min(traffic.polls, traffic.requests * usage.pollers) * usage.answer_kb;

/**
 * Lambda asks an idle queue with five pollers, each waiting 20 s for a message (Lambda developer guide, "Using Lambda
 * with Amazon SQS"; the wait is SQS's longest). Every empty answer is a request.
 */
const POLLERS = 5;
const LONG_POLL_SECONDS = 20;

/** Requests of a month to SQS. */
export function queueRequests({ deployment, traffic }: Pick<Month, "deployment" | "traffic">): number {
  const idlePolls = (POLLERS * SECONDS_A_MONTH) / LONG_POLL_SECONDS;
  // A reservation of 0 stops the polling of the work; that of the dead letters goes on.
  const polledQueues = deployment.workerReserved === 0 ? 1 : 2;
  // A message is sent, received and deleted; batches hold one message, and a readiness check asks for an attribute.
  const messages = Math.max(traffic.requests, traffic.runs) + 2 * traffic.runs;
  return polledQueues * idlePolls + messages + traffic.healthChecks;
}

/** Dollars a month of the queues. */
export const queueCost = (month: Month): number => month.book.cost("queueRequest", queueRequests(month));

/**
 * Dollars a month of results that are too large for a record: one PUT a run, one GET a poll that finds the end, and
 * their storage until they expire.
 */
export function resultsCost({ deployment, usage, traffic, book }: Month): number {
  if (usage.answer_kb <= INLINE_RESULT_KB) return 0;
  const stored = ((traffic.runs * deployment.requestRetentionDays) / DAYS_A_MONTH) * (usage.answer_kb / KB_A_GB);
  return (
    book.cost("objectPut", traffic.runs) +
    book.cost("objectGet", finalReads(usage, traffic)) +
    book.cost("objectStorage", stored)
  );
}

/** US dollars of 1,000 tokens. */
export interface TokenPrices {
  readonly usdPer1000Input: number;
  readonly usdPer1000Output: number;
}

const tokenCost = (input: number, output: number, { usdPer1000Input, usdPer1000Output }: TokenPrices): number =>
  (input / 1_000) * usdPer1000Input + (output / 1_000) * usdPer1000Output;

/** Dollars of the tokens of runs: every agent of every phase, however many are asked at once. Polls ask no model. */
export function runTokensCost(usage: Usage, runs = 1): number {
  const agentCalls = runs * usage.agents_per_phase * usage.phases;
  return tokenCost(agentCalls * usage.input_tokens, agentCalls * usage.output_tokens, {
    usdPer1000Input: usage.usd_per_1000_input_tokens,
    usdPer1000Output: usage.usd_per_1000_output_tokens,
  });
}

/** What is paid for, in the order in which it is shown, each with how it is called. */
export const PARTS = {
  tokens: "model tokens (downstream)",
  worker: "worker",
  frontDoor: "front door",
  authorizer: "token authorizer",
  upkeep: "sweeper and heartbeats",
  lambdaRequests: "Lambda requests",
  provisioned: "provisioned concurrency",
  apiCalls: "API calls",
  cache: "API cache cluster",
  database: "DynamoDB",
  queue: "SQS",
  results: "S3, large answers",
  distribution: "CloudFront",
  transfer: "data to callers",
  logs: "logs",
  traces: "traces (X-Ray)",
  metrics: "custom metrics",
  alarms: "alarms",
  dashboard: "dashboard",
} as const;
export type PartName = keyof typeof PARTS;
export const PART_NAMES = Object.keys(PARTS) as readonly PartName[];

/** A month's bill, in dollars, without free tiers, taxes and discounts. */
export interface Bill {
  readonly deployment: string;
  readonly requests: number;
  readonly parts: Readonly<Record<PartName, number>>;
  /** The parts' sum. */
  readonly totalUsd: number;
  /** What is paid in a month without any request; health checks go on. */
  readonly fixedUsd: number;
  /** The total by request, with its share of what is fixed; null without requests. */
  readonly perRequestUsd: number | null;
  readonly traffic: Traffic;
  /** Where a price of us-east-1 stood in for the region's own. */
  readonly substitutes: readonly string[];
}

/** The bill of a month with `requests` (any number from 0). */
export function monthlyBill(deployment: Deployment, usage: Usage, requests: number): Bill {
  const month = monthOf(deployment, usage, requests);
  const parts = costParts(month);
  const totalUsd = sumParts(parts);
  const fixedUsd =
    requests === 0 ? totalUsd : sumParts(costParts({ ...month, traffic: trafficOf(deployment, usage, 0) }));
  const perRequestUsd = requests === 0 ? null : totalUsd / requests;
  return {
    deployment: deployment.name,
    requests,
    parts,
    totalUsd,
    fixedUsd,
    perRequestUsd,
    traffic: month.traffic,
    substitutes: month.book.substitutes(),
  };
}

const sumParts = (parts: Readonly<Record<PartName, number>>): number =>
  PART_NAMES.reduce((sum, part) => sum + parts[part], 0);

function costParts(month: Month): Record<PartName, number> {
  const compute = computeCost(month);
  return {
    tokens: runTokensCost(month.usage, month.traffic.runs),
    worker: compute.worker,
    frontDoor: compute.frontDoor,
    authorizer: compute.authorizer,
    upkeep: compute.upkeep,
    lambdaRequests: compute.requests,
    provisioned: compute.provisioned,
    ...gatewayCost(month),
    database: databaseCost(month),
    queue: queueCost(month),
    results: resultsCost(month),
    ...watchingCost(month),
  };
}

/** What was measured of a function in a window. */
interface MeasuredFunction {
  /** AWS/Lambda Invocations, Sum. */
  readonly invocations: number;
  /** AWS/Lambda Duration, Sum: INIT is not in it. */
  readonly durationMsSum: number;
  readonly memoryMiB: number;
}

/** What was measured of a deployment in a window; counts and sums of that window. */
export interface Measured {
  readonly region: string;
  /** Requests that ended in it, at least one. */
  readonly requests: number;
  readonly functions: readonly MeasuredFunction[];
  /** AWS/ApiGateway Count, those answered by the cache too. */
  readonly apiCalls: number;
  /** GB of the cache cluster; null = there is none. */
  readonly cacheClusterGB: Deployment["cacheClusterGB"];
  /** Length of the window. */
  readonly hours: number;
  /** AWS/DynamoDB ConsumedReadCapacityUnits and ConsumedWriteCapacityUnits, Sum. */
  readonly reads: number;
  readonly writes: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly tokenPrices: TokenPrices;
}

/**
 * What a request cost in a window, in dollars, from measurements, at the prices of the first tier. Time on provisioned
 * concurrency is counted at the on-demand price, which is higher: metrics do not tell the two apart.
 */
export function costPerRequest(measured: Measured): {
  readonly totalUsd: number;
  readonly tokensUsd: number;
  readonly substitutes: readonly string[];
} {
  const { requests, functions, cacheClusterGB } = measured;
  const book = new PriceBook(measured.region);
  const sum = (read: (each: MeasuredFunction) => number) => functions.reduce((total, each) => total + read(each), 0);
  const tokensUsd = tokenCost(measured.inputTokens, measured.outputTokens, measured.tokenPrices);
  const gbSeconds = sum(({ durationMsSum, memoryMiB }) => (durationMsSum / 1_000) * gb(memoryMiB));
  const totalUsd =
    tokensUsd +
    book.cost(`lambdaGbSecond_${ARCHITECTURE}`, gbSeconds) +
    book.cost(
      "lambdaRequest",
      sum(({ invocations }) => invocations),
    ) +
    book.cost("apiCall", measured.apiCalls) +
    (cacheClusterGB === null ? 0 : book.cost(`cacheHour_${cacheClusterGB}`, measured.hours)) +
    book.cost("dynamoRead", measured.reads) +
    book.cost("dynamoWrite", measured.writes);
  return { totalUsd: totalUsd / requests, tokensUsd: tokensUsd / requests, substitutes: book.substitutes() };
}
