import { PriceBook } from "../prices";
import { computeCost } from "./compute";
import { databaseCost } from "./database";
import type { Deployment } from "./deployment";
import { gatewayCost } from "./gateway";
import { queueCost } from "./queue";
import { resultsCost } from "./results";
import { modelCost } from "./tokens";
import { trafficOf, type Traffic } from "./traffic";
import type { Usage } from "./usage";
import { watchingCost } from "./watching";

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
  const book = new PriceBook(deployment.region);
  const traffic = trafficOf(deployment, usage, requests);
  const parts = partsOf(deployment, usage, traffic, book);
  const totalUsd = sumOf(parts);
  const fixedUsd = requests === 0 ? totalUsd : sumOf(partsOf(deployment, usage, trafficOf(deployment, usage, 0), book));
  const perRequestUsd = requests === 0 ? null : totalUsd / requests;
  return {
    deployment: deployment.name,
    requests,
    parts,
    totalUsd,
    fixedUsd,
    perRequestUsd,
    traffic,
    substitutes: book.substitutes(),
  };
}

const sumOf = (parts: Readonly<Record<PartName, number>>): number =>
  PART_NAMES.reduce((sum, part) => sum + parts[part], 0);

function partsOf(deployment: Deployment, usage: Usage, traffic: Traffic, book: PriceBook): Record<PartName, number> {
  const compute = computeCost(deployment, usage, traffic, book);
  return {
    tokens: modelCost(usage, traffic),
    worker: compute.worker,
    frontDoor: compute.frontDoor,
    authorizer: compute.authorizer,
    upkeep: compute.upkeep,
    lambdaRequests: compute.requests,
    provisioned: compute.provisioned,
    ...gatewayCost(deployment, usage, traffic, book),
    database: databaseCost(deployment, usage, traffic, book),
    queue: queueCost(deployment, traffic, book),
    results: resultsCost(deployment, usage, traffic, book),
    ...watchingCost(deployment, usage, traffic, book),
  };
}
