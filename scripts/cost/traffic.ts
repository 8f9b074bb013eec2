import { ONE_VCPU_MIB, EDGE_STATUS_TTL_SECONDS, HEARTBEAT_MINUTES, SWEEP_MINUTES } from "../../stacks/contract/fixed";
import type { Deployment } from "./deployment";
import { PriceBook } from "./prices";
import { SECONDS_A_MONTH, type Usage } from "./usage";

/** What a month's requests make the system do: counts of a month, seconds of one. */
export interface Traffic {
  /** Accepted by the API. */
  readonly requests: number;
  /** Of the worker; with the agents asked anew in each. */
  readonly runs: number;
  /** Time that one run of the worker is billed. */
  readonly workerSeconds: number;
  /** True where the worker's time-out cuts a run short: the request then fails. */
  readonly timedOut: boolean;
  readonly waitSeconds: number;
  /** Of all callers, and where they are answered: edgeHits + gatewayHits + pollMisses = polls. */
  readonly polls: number;
  readonly edgeHits: number;
  readonly gatewayHits: number;
  readonly pollMisses: number;
  /** Share of the polls that reach the gateway and its cache answers; 0 where there are none. */
  readonly gatewayHitRate: number;
  readonly healthChecks: number;
  /** Calls from callers: through the distribution where there is one. */
  readonly calls: number;
  /** Calls that the API is billed for: a poll that its cache answers costs as much as any. */
  readonly apiCalls: number;
  readonly frontDoorCalls: number;
  /** Tokens that the authorizer is asked about; the gateway remembers its answers for a while. */
  readonly authorizerCalls: number;
  /** Of each of the two functions. */
  readonly heartbeats: number;
  readonly sweeps: number;
}

/** Everything that the cost of a month follows from. */
export interface Month {
  readonly deployment: Deployment;
  readonly usage: Usage;
  readonly traffic: Traffic;
  readonly book: PriceBook;
}

/** A month with `requests` (any number from 0), at the prices of the deployment's region. */
export function monthOf(deployment: Deployment, usage: Usage, requests: number): Month {
  return {
    deployment,
    usage,
    traffic: trafficOf(deployment, usage, requests),
    book: new PriceBook(deployment.region),
  };
}

/** What `requests` a month (any number from 0) come to. */
export function trafficOf(deployment: Deployment, usage: Usage, requests: number): Traffic {
  const { seconds, timedOut } = workerTime(deployment, usage);
  const waitSeconds = usage.mean_wait_seconds ?? usage.queue_wait_seconds + seconds * usage.worker_runs_per_request;
  const polls = pollTraffic(deployment, usage, { requests, waitSeconds });
  const healthChecks = (usage.health_checks_per_minute * SECONDS_A_MONTH) / 60;
  const passed = requests + healthChecks + polls.pollMisses;
  return {
    requests,
    runs: deployment.workerReserved === 0 ? 0 : requests * usage.worker_runs_per_request,
    workerSeconds: seconds,
    timedOut,
    waitSeconds,
    ...polls,
    healthChecks,
    calls: requests + healthChecks + polls.polls,
    apiCalls: passed + polls.gatewayHits,
    frontDoorCalls: passed,
    authorizerCalls: authorizerCalls(deployment, usage, {
      requests,
      waitSeconds,
      atGateway: polls.gatewayHits + polls.pollMisses,
    }),
    heartbeats: deployment.heartbeatEnabled
      ? (SECONDS_A_MONTH / (60 * HEARTBEAT_MINUTES)) * deployment.heartbeatEnvironments
      : 0,
    sweeps: SECONDS_A_MONTH / (60 * SWEEP_MINUTES),
  };
}

/**
 * Calls that the authorizer's cache does not answer, which stands before the API's own. Its answer is kept by token for
 * so long, from when it was given: a request's calls last from the first to the last poll, and ask again each time it
 * is over.
 */
function authorizerCalls(
  { authorization, authorizerTtlSeconds: ttlSeconds }: Deployment,
  usage: Usage,
  {
    requests,
    waitSeconds,
    atGateway,
  }: { readonly requests: number; readonly waitSeconds: number; readonly atGateway: number },
): number {
  if (authorization !== "jwt") return 0;
  const all = requests + atGateway;
  if (ttlSeconds === 0) return all;
  const asked = Math.max(1, Math.ceil(waitSeconds / ttlSeconds - 1e-9));
  return Math.min(all, (requests * asked) / usage.requests_per_token);
}

/**
 * How long one run takes. Agents wait for models, so more memory shortens only what the worker computes itself. A phase
 * takes its slowest agent where all are asked at once, all of them one after the other where one is, and with k at once
 * not less than a k-th of that. Runs are billed by the millisecond, rounded up.
 */
export function workerTime(
  deployment: Pick<Deployment, "maxParallelAgents" | "workerMemoryMiB" | "workerTimeoutSeconds">,
  usage: Usage,
): { readonly seconds: number; readonly timedOut: boolean } {
  const agents = usage.agents_per_phase;
  const atOnce = deployment.maxParallelAgents === 0 ? agents : Math.min(agents, deployment.maxParallelAgents);
  const slowest = Math.max(usage.agent_seconds, usage.slowest_agent_seconds);
  // Of one agent after the other the slowest is in the mean already.
  const phase =
    atOnce === 1 ? agents * usage.agent_seconds : Math.max(slowest, (agents * usage.agent_seconds) / atOnce);
  const computing = (usage.worker_cpu_seconds * ONE_VCPU_MIB) / Math.min(ONE_VCPU_MIB, deployment.workerMemoryMiB);
  const needed = usage.phases * phase + computing;
  return {
    seconds: Math.min(ceilMs(needed * 1_000) / 1_000, deployment.workerTimeoutSeconds),
    timedOut: needed > deployment.workerTimeoutSeconds,
  };
}

/** Whole milliseconds, as Lambda bills them; a binary fraction's last digit is no millisecond. */
export const ceilMs = (ms: number): number => Math.max(0, Math.ceil(ms - 1e-6));

/**
 * Share of polls that a cache answers, where they come evenly, one every `spacingSeconds`: the first one misses, those
 * within the TTL hit, and the next one misses again. One caller that asks less often than the TTL never hits.
 */
export function hitRate(ttlSeconds: number, spacingSeconds: number): number {
  const pollsAMiss = Math.max(1, Math.ceil(ttlSeconds / spacingSeconds - 1e-9));
  return 1 - 1 / pollsAMiss;
}

type PollTraffic = Pick<Traffic, "polls" | "edgeHits" | "gatewayHits" | "pollMisses" | "gatewayHitRate">;

function pollTraffic(
  deployment: Deployment,
  usage: Usage,
  { requests, waitSeconds }: Pick<Traffic, "requests" | "waitSeconds">,
): PollTraffic {
  if (usage.pollers === 0 || requests === 0)
    return { polls: 0, edgeHits: 0, gatewayHits: 0, pollMisses: 0, gatewayHitRate: 0 };
  // The last poll is the one that finds the end.
  const pollsARequest = usage.pollers * Math.max(1, Math.ceil(waitSeconds / usage.poll_interval_seconds - 1e-9));
  const spacing = usage.poll_interval_seconds / usage.pollers;
  const edge =
    deployment.cloudfrontEnabled && deployment.authorization !== "iam" ? hitRate(EDGE_STATUS_TTL_SECONDS, spacing) : 0;
  const atGateway = missesOf(pollsARequest, edge);
  // What the edge lets through comes further apart.
  const gateway =
    deployment.cacheEnabled && deployment.cacheClusterGB !== null
      ? (usage.cache_hit_rate ?? hitRate(deployment.cacheTtlSeconds, spacing / (1 - edge)))
      : 0;
  const misses = usage.cache_hit_rate === null ? missesOf(atGateway, gateway) : atGateway * (1 - gateway);
  return {
    polls: requests * pollsARequest,
    edgeHits: requests * (pollsARequest - atGateway),
    gatewayHits: requests * (atGateway - misses),
    pollMisses: requests * misses,
    gatewayHitRate: (atGateway - misses) / atGateway,
  };
}

/** A request's polls begin with a miss, and its last group may be a part of one. */
const missesOf = (polls: number, rate: number): number => Math.ceil(polls * (1 - rate) - 1e-9);
