import { ApiProbe } from "../scripts/kit/api-client";
import type { LocalIssuer } from "../__tests__/support/local-issuer";
import { callersOf, type AccessMode, settingsOf, withAccessStack } from "../__tests__/support/access-modes";
import { REGION, type LocalStack } from "../scripts/local/local-stack";
import { type IsolationCaller, makeRequests, pollEverything, type IsolationCounts } from "./isolation-polls";
import { seededRandom } from "../scripts/kit/random";
import type { AgentBehaviour, AgentCall } from "../__tests__/support/agent-server";
import type { CommandContext } from "../scripts/kit/context";
import { benchResult, type BenchResult } from "./results";

/** The modes in which callers are told apart; with `none` all callers are one, and there is nothing to isolate. */
export const ISOLATING_MODES = ["iam", "api_key", "jwt"] as const satisfies readonly AccessMode[];
export type IsolatingMode = (typeof ISOLATING_MODES)[number];

/**
 * The two callers of a mode, who ask over HTTP.
 * @param url of the stage, without the route
 * @param shown parsed output of `terraform show -json`, which holds the keys
 */
export function isolationCallers(
  mode: IsolatingMode,
  url: string,
  shown: unknown,
  issuer: LocalIssuer,
  signal: AbortSignal,
): IsolationCaller[] {
  const probe = new ApiProbe({ url, region: REGION, signal });
  return callersOf(mode, shown, issuer).map(({ name, caller }) => ({
    name,
    send: (method, route, body) => probe.call({ method, route, caller, ...(body !== undefined && { body }) }),
  }));
}

/** Of each access mode. */
const POLLS = 10_000;
/** Requests of each of the two callers; both poll all of them. */
const REQUESTS_EACH = 5;
const LANES = 16;
/** Draws who polls what; the same for each mode. */
const SEED = 6;
/** Else polls would be refused with 429 before anything is looked up. */
const UNTHROTTLED = ["throttling_rate_limit=10000", "throttling_burst_limit=5000"];

/** Percent of the polls that a busy machine may leave without an answer; more would show too little. */
const MAX_UNANSWERED_PERCENT = 1;

export interface IsolationOptions {
  /** Of each access mode. Default: 10,000. */
  readonly polls?: number;
}

/**
 * Two callers poll each other's requests through the cache, in every access mode that tells callers apart, on one stack
 * that is flipped from mode to mode. Exit code 1 at any answer that shows one caller something of the other's.
 */
export async function benchIsolation(
  context: CommandContext,
  { polls = POLLS }: IsolationOptions = {},
): Promise<BenchResult> {
  return withAccessStack(context, { agent: echo, vars: UNTHROTTLED }, async (stack, issuer) => {
    const measured: Partial<Record<IsolatingMode, IsolationCounts>> = {};
    for (const mode of ISOLATING_MODES) measured[mode] = await measure(context, stack, mode, issuer, polls);
    return report(measured as Record<IsolatingMode, IsolationCounts>);
  });
}

/** The answer is the prompt: what only its caller knows. */
function echo({ prompt }: AgentCall): AgentBehaviour {
  return { kind: "answer", delayMs: 0, text: prompt };
}

async function measure(
  { progress, signal }: CommandContext,
  stack: LocalStack,
  mode: IsolatingMode,
  issuer: LocalIssuer,
  polls: number,
): Promise<IsolationCounts> {
  await stack.flip(settingsOf(mode, issuer));
  const callers = isolationCallers(mode, stack.runtime.url, await stack.terraformHere.show(), issuer, signal);
  const requests = await progress.step(`${mode}: ${REQUESTS_EACH} requests of each caller`, () =>
    makeRequests(callers, REQUESTS_EACH),
  );
  return progress.step(
    `${mode}: both poll all of them`,
    (detail) =>
      pollEverything({
        callers,
        requests,
        polls,
        lanes: LANES,
        random: seededRandom(SEED),
        signal,
        onPoll: (done) => void (done % 500 === 0 && detail(`${done} of ${polls}`)),
      }),
    ({ leaks }) => `${leaks} leaks`,
  );
}

/** What was counted. Without hits nothing was shown: then it is a failure too. */
export function report(measured: Readonly<Record<IsolatingMode, IsolationCounts>>): BenchResult {
  const rows = ISOLATING_MODES.map((mode) => {
    const { polls, hits, leaks, wrong, unanswered, examples } = measured[mode];
    return {
      mode,
      polls,
      hitRatePercent: polls === 0 ? 0 : (100 * hits) / polls,
      leaks,
      wrong,
      unanswered,
      examples,
      holds: hits > 0 && leaks === 0 && wrong === 0 && unanswered <= (polls * MAX_UNANSWERED_PERCENT) / 100,
    };
  });
  const method =
    "Two callers poll each other's requests through the API's cache; a leak is another's 200, or any part of another's result";
  const text = [
    method,
    ...rows.map(
      ({ mode, polls, hitRatePercent, leaks, wrong, unanswered, holds: good }) =>
        `  ${good ? "ok  " : "MISS"} ${mode.padEnd(8)} ${String(polls).padStart(6)} polls   ${hitRatePercent.toFixed(1).padStart(5)} % from the cache   ${leaks} leaks   ${wrong} wrong answers   ${unanswered} unanswered`,
    ),
    "       none     all callers are one: there is nobody to be shown another's answer",
    ...rows.flatMap(({ mode, examples }) => examples.map((example) => `  ${mode}: ${example}`)),
  ].join("\n");
  const figures = rows.map(({ mode, polls, hitRatePercent, leaks, wrong, unanswered, holds }) => ({
    compares: `${polls} polls under ${mode}, ${hitRatePercent.toFixed(1)} % from the cache`,
    measured: `${leaks} leaks, ${wrong} wrong, ${unanswered} unanswered`,
    mustReach: `0 leaks, 0 wrong, <= ${MAX_UNANSWERED_PERCENT} % unanswered`,
    holds,
  }));
  return benchResult("isolation", { method, figures, charts: [], text, data: { modes: rows } });
}
