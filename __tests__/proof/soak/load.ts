import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../../../scripts/emulator/faults/fault";
import type { FunctionEnvironment } from "../../../scripts/emulator";
import { isTerminal, type Observation, type RequestHistory } from "./history";
import type { AgentApiClient, ApiResponse } from "../../../scripts/kit/api-client";

/**
 * Longer than a worker's lease of 30 s, so that another takes the request over while the frozen one still thinks it is
 * its own.
 */
const FREEZE_PAST_LEASE_MS = 36_000;

/**
 * What the chaos does to processes, and how long it waits between two, in milliseconds on average. It kills what it
 * does not freeze.
 */
const PLAN: readonly { what: string; everyMs: number; functionName: RegExp; freezeMs?: number }[] = [
  { what: "kill a worker at work", everyMs: 4_000, functionName: /worker$/ },
  { what: "kill a front door at work", everyMs: 6_000, functionName: /api$/ },
  {
    what: "freeze a worker past its lease",
    everyMs: 15_000,
    functionName: /worker$/,
    freezeMs: FREEZE_PAST_LEASE_MS,
  },
  { what: "freeze a front door for a moment", everyMs: 8_000, functionName: /api$/, freezeMs: 1_500 },
  { what: "kill the sweeper at work", everyMs: 20_000, functionName: /sweeper$/ },
];

/** What networks and services do between the functions and AWS, each to a small share of the calls. */
export const NETWORK_FAULTS: readonly Fault[] = [
  { kind: "latency", ms: 700, share: 0.02 },
  { kind: "reset", share: 0.01 },
  { kind: "drop-reply", share: 0.01 },
  { kind: "throttle", share: 0.02 },
  { kind: "error", share: 0.01 },
  { kind: "truncate", bytes: 20, share: 0.005 },
  { kind: "duplicate", share: 0.01, when: ({ operation }) => operation === "SendMessage" },
  { kind: "slow", bytes: 64, everyMs: 50, share: 0.005 },
];

interface ChaosOptions {
  /** The environments as they are at this moment. */
  readonly environments: () => readonly FunctionEnvironment[];
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Ends the chaos. */
  readonly signal: AbortSignal;
}

/**
 * Kills and freezes processes of functions until the signal; every frozen one is thawed.
 * @returns how often it did what
 */
export async function runChaos({ environments, random, signal }: ChaosOptions): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const frozen: Promise<void>[] = [];
  const lanes = PLAN.map(async ({ what, everyMs, functionName, freezeMs }) => {
    while (await waited(everyMs * (0.5 + random()), signal)) {
      const busy = environments().filter((each) => each.busy && functionName.test(each.functionName));
      const victim = busy[Math.floor(random() * busy.length)];
      if (victim === undefined) continue;
      counts[what] = (counts[what] ?? 0) + 1;
      if (freezeMs === undefined) send(victim.pid, "SIGKILL");
      else frozen.push(freeze(victim.pid, freezeMs, signal));
    }
  });
  await Promise.all(lanes);
  await Promise.all(frozen);
  return counts;
}

async function freeze(pid: number, ms: number, signal: AbortSignal): Promise<void> {
  send(pid, "SIGSTOP");
  await waited(ms, signal);
  send(pid, "SIGCONT");
}

/** A process that has ended meanwhile needs nothing. */
function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}

async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

/** How the callers behave. */
interface LoadOptions {
  readonly clients: readonly AgentApiClient[];
  readonly requests: number;
  /** How many callers ask at once. */
  readonly concurrency: number;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Milliseconds after which a caller gives up on a request: it is stuck. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** Told how many requests have ended. */
  readonly onEnded: (ended: number) => void;
}

/** Share of requests that belong to one of {@link SESSIONS} conversations. */
const SESSION_SHARE = 0.1;
const SESSIONS = 20;
/** Share of requests that are sent twice at the same time, as an impatient caller does. */
const TWICE_SHARE = 0.05;

const POST_TRIES = 20;
const POLL_MS = 1_000;
/** Polls after the end: it must stay what it is. */
const POLLS_AFTER_END = 1;

/** A history that grows, and the conversation that the request belongs to. */
interface Recorded extends RequestHistory {
  readonly sessionId: string | undefined;
  readonly ids: string[];
  readonly seen: Observation[];
  readonly refusals: string[];
}

/**
 * Sends requests as careful callers do: each with a key, again where the answer is lost or says so, and polls until the
 * end.
 */
export async function runLoad(options: LoadOptions): Promise<RequestHistory[]> {
  const histories: RequestHistory[] = [];
  let next = 0;
  let ended = 0;
  const caller = async (client: AgentApiClient) => {
    while (next < options.requests && !options.signal.aborted) {
      histories.push(await sendRequest(client, (next += 1), options));
      options.onEnded((ended += 1));
    }
  };
  await Promise.all(
    Array.from({ length: options.concurrency }, (_, index) => caller(options.clients[index % options.clients.length]!)),
  );
  return histories;
}

async function sendRequest(client: AgentApiClient, number: number, options: LoadOptions): Promise<RequestHistory> {
  const { random } = options;
  const recorded: Recorded = {
    nonce: `nonce-${number}-${Math.floor(random() * 1e9).toString(36)}`,
    sessionId: random() < SESSION_SHARE ? `talk-${Math.floor(random() * SESSIONS)}` : undefined,
    ids: [],
    seen: [],
    refusals: [],
  };
  const post = () => postUntilAccepted(client, recorded, options);
  await (random() < TWICE_SHARE ? Promise.all([post(), post()]) : post());
  if (recorded.ids.length > 0) await poll(client, recorded, options);
  return recorded;
}

async function postUntilAccepted(
  client: AgentApiClient,
  { nonce, sessionId, ids, refusals }: Recorded,
  { random, signal }: LoadOptions,
): Promise<void> {
  for (let tried = 1; tried <= POST_TRIES && !signal.aborted; tried++) {
    const answer = await client
      .invoke(`Say ${nonce}`, { idempotencyKey: nonce, ...(sessionId !== undefined && { sessionId }) })
      .catch(() => undefined);
    const id = (answer?.body as { request_id?: string } | undefined)?.request_id;
    if (answer?.status === 202 && id !== undefined) {
      ids.push(id);
      return;
    }
    refusals.push(String(answer?.status ?? "no answer"));
    await sleep((0.5 + random()) * Number(answer?.headers.get("retry-after") ?? 1) * 1_000);
  }
}

async function poll(
  client: AgentApiClient,
  { nonce, ids, seen }: Recorded,
  { random, patienceMs, signal }: LoadOptions,
): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  let afterEnd = 0;
  while (afterEnd <= POLLS_AFTER_END && performance.now() < giveUpAt && !signal.aborted) {
    await sleep((0.5 + random()) * POLL_MS);
    const answer = await client.status(ids[0]!).catch(() => undefined);
    // 429 and 5xx say nothing about the request.
    if (answer === undefined || answer.status === 429 || answer.status >= 500) continue;
    const observation = observe(answer, nonce);
    seen.push(observation);
    if (isTerminal(observation.status)) afterEnd += 1;
  }
}

function observe({ status, body }: ApiResponse, nonce: string): Observation {
  if (status !== 200) return { status: String(status) };
  const {
    status: state,
    result,
    error,
  } = body as {
    status: string;
    result?: { answer?: string; agents?: readonly { status: string; answer?: string }[] };
    error?: { code: string };
  };
  const answers = (result?.agents ?? []).flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  const own = result?.answer?.includes(nonce) === true && answers.every((answer) => answer.includes(nonce));
  return { status: state, ...(error && { errorCode: error.code }), ...(state === "completed" && { holdsNonce: own }) };
}
