import { HOME_REGION, PriceBook, type CacheSize } from "./prices";
import { gb } from "./compute";
import type { Architecture } from "./deployment";
import { tokenCost } from "./bill";

/** What was measured of one function in a window. */
export interface MeasuredFunction {
  /** AWS/Lambda Invocations, Sum. */
  readonly invocations: number;
  /** AWS/Lambda Duration, Sum: INIT is not in it. */
  readonly durationMsSum: number;
  /** INIT of the cold starts, from REPORT lines; billed since 2025-08-01. */
  readonly initMsSum: number;
  readonly memoryMiB: number;
  /** Default: arm64. */
  readonly architecture?: Architecture;
  /** GB-s for which provisioned concurrency was kept. Default: 0. */
  readonly provisionedGbSeconds?: number;
}

/** What was measured of a deployment in a window; counts and sums of that window. */
export interface Measured {
  /** Requests that were accepted in it. */
  readonly requests: number;
  readonly functions: readonly MeasuredFunction[];
  /** AWS/ApiGateway Count, those answered by the cache too. */
  readonly apiCalls: number;
  readonly cacheHours: number;
  /** Default: 0.5. */
  readonly cacheClusterGB?: CacheSize;
  /** AWS/DynamoDB ConsumedReadCapacityUnits and ConsumedWriteCapacityUnits, Sum; tables and index. */
  readonly reads: number;
  readonly writes: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usdPer1000InputTokens: number;
  readonly usdPer1000OutputTokens: number;
  /** Default: us-east-1. */
  readonly region?: string;
}

/** Dollars a request, by part; the parts' sum is `totalUsd`. */
export interface RequestCost {
  readonly totalUsd: number;
  readonly parts: Readonly<
    Record<
      "tokens" | "duration" | "init" | "provisioned" | "lambdaRequests" | "apiCalls" | "cache" | "database",
      number
    >
  >;
  readonly substitutes: readonly string[];
}

/**
 * What a request cost in a window, from measurements, at the prices of the first tier. Time on provisioned concurrency
 * is counted at the on-demand price, which is higher: metrics do not tell the two apart. Throws where there was no
 * request.
 */
export function costPerRequest(measured: Measured): RequestCost {
  const { requests } = measured;
  if (!(requests > 0))
    throw new Error(
      `There were ${requests} requests in the window; allowed: at least one. Without any there is no cost of ` +
        "one; measure a longer window",
    );
  const book = new PriceBook(measured.region ?? HOME_REGION);
  const overFunctions = (cost: (each: MeasuredFunction) => number) =>
    measured.functions.reduce((usd, each) => usd + cost(each), 0);
  const gbSeconds = (each: MeasuredFunction, ms: number) =>
    book.cost(`lambdaGbSecond_${each.architecture ?? "arm64"}`, (ms / 1_000) * gb(each.memoryMiB));
  const window: RequestCost["parts"] = {
    tokens: tokenCost(measured.inputTokens, measured.outputTokens, {
      usd_per_1000_input_tokens: measured.usdPer1000InputTokens,
      usd_per_1000_output_tokens: measured.usdPer1000OutputTokens,
    }),
    duration: overFunctions((each) => gbSeconds(each, each.durationMsSum)),
    init: overFunctions((each) => gbSeconds(each, each.initMsSum)),
    provisioned: overFunctions((each) =>
      book.cost(`provisionedIdle_${each.architecture ?? "arm64"}`, each.provisionedGbSeconds ?? 0),
    ),
    lambdaRequests: book.cost(
      "lambdaRequest",
      overFunctions(({ invocations }) => invocations),
    ),
    apiCalls: book.cost("apiCall", measured.apiCalls),
    cache: book.cost(`cacheHour_${measured.cacheClusterGB ?? "0.5"}`, measured.cacheHours),
    database: book.cost("dynamoRead", measured.reads) + book.cost("dynamoWrite", measured.writes),
  };
  const parts = Object.fromEntries(
    Object.entries(window).map(([part, usd]) => [part, usd / requests]),
  ) as RequestCost["parts"];
  return { totalUsd: Object.values(parts).reduce((sum, usd) => sum + usd, 0), parts, substitutes: book.substitutes() };
}
