import type { Architecture, Deployment } from "./deployment";
import type { PriceBook } from "./prices";
import { ceilMs, type Month, type Traffic } from "./traffic";
import { SECONDS_A_MONTH, type Usage } from "./usage";

/** What the functions cost in a month, in dollars. */
interface ComputeCost {
  /** On-demand duration, INIT of the cold share in it. */
  readonly worker: number;
  readonly frontDoor: number;
  /** Tokens that it was asked about. */
  readonly authorizer: number;
  /** Sweeper and heartbeats. */
  readonly upkeep: number;
  /** Requests of all functions, provisioned ones too. */
  readonly requests: number;
  /** Kept environments, and what ran on them. */
  readonly provisioned: number;
}

/** One function's month. */
interface Load {
  readonly invocations: number;
  /** Of one, without INIT. */
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly provisioned: number;
  readonly coldShare: number;
  readonly initSeconds: number;
}

/** All functions of an account share the tiers of the GB-s price: each pays the blended price for its own. */
export function computeCost({ deployment, usage, traffic, book }: Month): ComputeCost {
  const worker = splitGbSeconds({
    invocations: traffic.runs,
    seconds: traffic.workerSeconds,
    memoryMiB: deployment.workerMemoryMiB,
    provisioned: deployment.workerProvisioned,
    coldShare: usage.worker_cold_start_share,
    initSeconds: usage.worker_init_ms / 1_000,
  });
  const frontDoor = splitGbSeconds({
    invocations: traffic.frontDoorCalls,
    seconds: ceilMs(usage.front_door_ms) / 1_000,
    memoryMiB: deployment.frontDoorMemoryMiB,
    provisioned: deployment.frontDoorProvisioned,
    coldShare: usage.front_door_cold_start_share,
    initSeconds: usage.front_door_init_ms / 1_000,
  });
  const kept =
    gb(deployment.workerMemoryMiB) * deployment.workerProvisioned +
    gb(deployment.frontDoorMemoryMiB) * deployment.frontDoorProvisioned;
  const upkeepGbs = upkeepGbSeconds(deployment, usage, traffic);
  const authorizerGbs =
    traffic.authorizerCalls * (ceilMs(usage.authorizer_ms) / 1_000) * gb(deployment.authorizerMemoryMiB);
  const total = worker.onDemand + frontDoor.onDemand + authorizerGbs + upkeepGbs;
  const usd = book.cost(`lambdaGbSecond_${deployment.architecture}`, total);
  const shareOf = (gbs: number) => (total === 0 ? 0 : usd * (gbs / total));
  return {
    worker: shareOf(worker.onDemand),
    frontDoor: shareOf(frontDoor.onDemand),
    authorizer: shareOf(authorizerGbs),
    upkeep: shareOf(upkeepGbs),
    requests: book.cost(
      "lambdaRequest",
      traffic.runs + traffic.frontDoorCalls + traffic.authorizerCalls + traffic.sweeps + 2 * traffic.heartbeats,
    ),
    provisioned:
      book.cost(`provisionedIdle_${deployment.architecture}`, kept * SECONDS_A_MONTH) +
      book.cost(`provisionedRunning_${deployment.architecture}`, worker.onProvisioned + frontDoor.onProvisioned),
  };
}

/**
 * GB-s of a month, by what they run on. Only on-demand environments start cold: the others' INIT is in the price for
 * keeping them.
 */
function splitGbSeconds(load: Load): { readonly onDemand: number; readonly onProvisioned: number } {
  const spilled =
    load.provisioned === 0 ? 1 : spillover(load.provisioned, (load.invocations * load.seconds) / SECONDS_A_MONTH);
  return {
    onDemand: load.invocations * spilled * (load.seconds + load.coldShare * load.initSeconds) * gb(load.memoryMiB),
    onProvisioned: load.invocations * (1 - spilled) * load.seconds * gb(load.memoryMiB),
  };
}

/**
 * Share of invocations that find all of `environments` (from 1) busy, at a mean concurrency of `load`: Erlang's B
 * formula, for independent arrivals. A bursty month spills more.
 */
export function spillover(environments: number, load: number): number {
  if (load <= 0) return 0;
  let inverse = 1;
  for (let each = 1; each <= environments; each++) inverse = 1 + (inverse * each) / load;
  return 1 / inverse;
}

/** Sweeps, and a heartbeat for each of two functions. */
function upkeepGbSeconds(deployment: Deployment, usage: Usage, { sweeps, heartbeats }: Traffic): number {
  const beat =
    (ceilMs(usage.heartbeat_ms) / 1_000) * (gb(deployment.workerMemoryMiB) + gb(deployment.frontDoorMemoryMiB));
  return sweeps * (ceilMs(usage.sweeper_ms) / 1_000) * gb(deployment.sweeperMemoryMiB) + heartbeats * beat;
}

/** Lambda's GB is 1,024 of its MB. */
export const gb = (memoryMiB: number): number => memoryMiB / 1_024;

/** One run of one function. */
export interface Run {
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly architecture: Architecture;
}

/** Dollars of a run: its GB-s and its request. */
export const runCost = ({ seconds, memoryMiB, architecture }: Run, book: PriceBook): number =>
  book.cost(`lambdaGbSecond_${architecture}`, seconds * gb(memoryMiB)) + book.cost("lambdaRequest", 1);
