import { setTimeout as sleep } from "node:timers/promises";
import { CACHE_HEADER } from "../scripts/emulator";
import type { ProbeAnswer } from "../scripts/kit/api-client";

/** Somebody who calls the API as one of its access modes asks for. */
export interface IsolationCaller {
  readonly name: string;
  /** @param body JSON; none = no body */
  send(method: "GET" | "POST", route: string, body?: string): Promise<ProbeAnswer>;
}

/** A request that has completed, and the text that only its owner may see. */
export interface OwnedRequest {
  readonly id: string;
  readonly owner: IsolationCaller;
  readonly secret: string;
}

/** What the polls of one access mode got. */
export interface IsolationCounts {
  readonly polls: number;
  /** Answered from the gateway's cache. */
  readonly hits: number;
  /** Answers that showed one caller something of the other's: a 200, or a part of a result. */
  readonly leaks: number;
  /** Answers that were neither the owner's own nor the other's 404. */
  readonly wrong: number;
  /** Polls that got no answer, or a 5xx, both times: they show nothing. */
  readonly unanswered: number;
  /** The first few that were not good, in words. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 5;
/** Milliseconds for all requests together. */
const COMPLETION_MS = 60_000;
const STATUS = "/api/v1/status";

/** Has each caller make requests, whose prompt is the secret that the agent answers, and waits for their ends. */
export async function makeRequests(callers: readonly IsolationCaller[], each: number): Promise<OwnedRequest[]> {
  const made = await Promise.all(
    callers.flatMap((owner) =>
      Array.from({ length: each }, async (_, index): Promise<OwnedRequest> => {
        const secret = `secret-${index}-of-${owner.name}.`;
        const answer = await owner.send("POST", "/api/v1/invoke", JSON.stringify({ prompt: secret }));
        const { request_id: id } = (answer.body ?? {}) as { request_id?: string };
        if (id === undefined)
          throw new Error(`${owner.name}'s invocation was answered ${answer.status}; expected 202 with a request_id`);
        return { id, owner, secret };
      }),
    ),
  );
  await Promise.all(made.map(hasCompleted));
  return made;
}

async function hasCompleted({ id, owner, secret }: OwnedRequest): Promise<void> {
  const deadline = performance.now() + COMPLETION_MS;
  while (performance.now() < deadline) {
    if (textOf(await owner.send("GET", `${STATUS}/${id}`)).includes(secret)) return;
    await sleep(500);
  }
  throw new Error(`Request ${id} of ${owner.name} has no result after ${COMPLETION_MS / 1_000} s`);
}

export interface PollOptions {
  readonly callers: readonly IsolationCaller[];
  readonly requests: readonly OwnedRequest[];
  readonly polls: number;
  /** Polls at once. */
  readonly lanes: number;
  /** 0 to below 1: who polls what. */
  readonly random: () => number;
  /** Ends the polls early. */
  readonly signal: AbortSignal;
  /** Told how many polls are done. Default: nobody. */
  readonly onPoll?: (done: number) => void;
}

/** Has every caller poll every request, its own and the others', in random order. */
export async function pollEverything({
  callers,
  requests,
  polls,
  lanes,
  random,
  signal,
  onPoll,
}: PollOptions): Promise<IsolationCounts> {
  const counts = { polls: 0, hits: 0, leaks: 0, wrong: 0, unanswered: 0, examples: [] as string[] };
  const draw = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  let left = polls;
  const lane = async () => {
    while (left-- > 0) {
      signal.throwIfAborted();
      const [caller, request] = [draw(callers), draw(requests)];
      const answer = await pollOnce(caller, request);
      const verdict = judgePoll(caller, request, requests, answer);
      const cached = answer.headers[CACHE_HEADER] === "hit";
      counts.polls += 1;
      if (cached) counts.hits += 1;
      if (verdict !== "good") {
        counts[verdict === "leak" ? "leaks" : verdict] += 1;
        if (counts.examples.length < MAX_EXAMPLES)
          counts.examples.push(
            `${verdict}: ${caller.name} polled a request of ${request.owner.name} and got ${answer.failure ?? answer.status}${cached ? " from the cache" : ""}`,
          );
      }
      onPoll?.(counts.polls);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return counts;
}

/**
 * On a busy machine a function may not be done in its time, or the emulator answer it 500, and the API then answers
 * 503: such a poll shows nothing, and is sent again once.
 */
async function pollOnce(caller: IsolationCaller, { id }: OwnedRequest): Promise<ProbeAnswer> {
  const answer = await caller.send("GET", `${STATUS}/${id}`);
  return hasNoAnswer(answer) ? caller.send("GET", `${STATUS}/${id}`) : answer;
}

const hasNoAnswer = ({ status }: Pick<ProbeAnswer, "status">): boolean => status === 0 || status >= 500;

/**
 * What an answer shows: the caller's own result or a 404 is good, anything of another's a leak, whatever its status.
 */
export function judgePoll(
  caller: IsolationCaller,
  request: OwnedRequest,
  all: readonly OwnedRequest[],
  answer: Pick<ProbeAnswer, "status" | "headers" | "body">,
): "good" | "leak" | "wrong" | "unanswered" {
  const [{ status }, body] = [answer, textOf(answer)];
  const owns = request.owner === caller;
  if (all.some(({ owner, secret }) => owner !== caller && body.includes(secret)) || (!owns && status === 200))
    return "leak";
  if (hasNoAnswer(answer)) return "unanswered";
  return (owns ? status === 200 && body.includes(request.secret) : status === 404) ? "good" : "wrong";
}

/** All that a caller sees, headers too. */
function textOf({ headers, body }: Pick<ProbeAnswer, "headers" | "body">): string {
  return JSON.stringify([headers, body]);
}
