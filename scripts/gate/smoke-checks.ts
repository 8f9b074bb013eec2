import type { ProbeAnswer } from "../kit/api-client";
import type { KpiOutcome } from "./judge";

/** One line of the checklist after a deployment. */
export interface SmokeCheck {
  readonly name: string;
  readonly verdict: KpiOutcome;
  /** What was seen, for a person. */
  readonly seen: string;
  /** Milliseconds that its calls took. */
  readonly ms: number;
}

/** Makes a check from its answers. @param problem says what is wrong, undefined = nothing */
function check(name: string, answers: readonly ProbeAnswer[], problem: () => string | undefined): SmokeCheck {
  const ms = answers.reduce((sum, each) => sum + each.ms, 0);
  const silent = answers.find(({ status }) => status === 0);
  if (silent) return { name, verdict: "error", seen: `no answer: ${silent.failure ?? "the connection ended"}`, ms };
  const wrong = problem();
  return { name, verdict: wrong === undefined ? "pass" : "fail", seen: wrong ?? answers.map(describe).join(", "), ms };
}

/** Makes a check that could not be asked. */
export const unchecked = (
  name: string,
  verdict: "inconclusive" | "not applicable" | "error",
  why: string,
): SmokeCheck => ({ name, verdict, seen: why, ms: 0 });

/** `GET /api/v1/health`. */
export const checkHealth = (answer: ProbeAnswer): SmokeCheck =>
  check("health", [answer], () =>
    answer.status === 200 && field(answer, "status") === "ok" && field(answer, "ready") === true
      ? undefined
      : `${describe(answer)}; expected 200 with status ok and ready true`,
  );

/** `POST /api/v1/invoke` of a good prompt. */
export const checkInvoke = (answer: ProbeAnswer): SmokeCheck =>
  check("invoke", [answer], () => {
    if (answer.status !== 202 || typeof field(answer, "request_id") !== "string")
      return `${describe(answer)}; expected 202 with a request_id`;
    const [location = "", requestId] = [answer.headers["location"], String(field(answer, "request_id"))];
    return location.endsWith(`/api/v1/status/${requestId}`)
      ? undefined
      : `202, but Location is ${JSON.stringify(location)}; expected it to end with /api/v1/status/${requestId}`;
  });

const TERMINAL = ["completed", "failed", "expired"];

/** Whether a status answer is the last word. */
export const hasEnded = (answer: ProbeAnswer): boolean => TERMINAL.includes(String(field(answer, "status")));

/** Checks the last status answer of the request: a request that failed is no success, though it was answered. */
export const checkEnd = (answer: ProbeAnswer, waitedMs: number): SmokeCheck => ({
  ...check("result", [answer], () => {
    const status = field(answer, "status");
    if (answer.status === 200 && status === "completed") return undefined;
    if (answer.status === 200 && hasEnded(answer)) return `the request ended ${String(status)}: ${codeOf(answer)}`;
    return (
      `${describe(answer)} after ${(waitedMs / 1_000).toFixed(1)} s; expected a terminal state within the time ` +
      "limit"
    );
  }),
  ms: waitedMs,
});

/**
 * Checks pairs of answers about ids that nobody has. API Gateway does not mark answers of its cache, but the front door
 * writes the gateway's id of the call into an error's body: a second answer with the first one's id was kept. A cache
 * keeps answers at its best effort, so that a miss proves nothing.
 */
export function checkCache(pairs: readonly (readonly [ProbeAnswer, ProbeAnswer])[]): SmokeCheck {
  const name = "cache";
  const answers = pairs.flat();
  const result = check(name, answers, () => undefined);
  if (result.verdict === "error") return result;
  const hit = pairs.findIndex(([first, second]) => cacheHit(first, second) !== undefined);
  if (hit === -1)
    return {
      ...result,
      verdict: "inconclusive",
      seen: `no hit in ${pairs.length} ${pairs.length === 1 ? "try" : "tries"}; see the KPI cache_hit_rate over time`,
    };
  return { ...result, seen: `hit at try ${hit + 1}: ${cacheHit(...pairs[hit]!)}` };
}

/** Says how a second answer shows that it was kept: by the id in its body, or by a header. */
function cacheHit(first: ProbeAnswer, second: ProbeAnswer): string | undefined {
  const [kept, own] = [gatewayRequestId(first), second.headers["x-amzn-requestid"]];
  if (kept !== undefined && own !== undefined && kept !== own && gatewayRequestId(second) === kept)
    return "the second answer holds the first call's id";
  const header = ["x-cache", "x-local-cache"].find((name) => /^hit\b/i.test(second.headers[name] ?? ""));
  return header === undefined ? undefined : `${header}: ${second.headers[header]}`;
}

/** Checks another caller's answer about the request, while a cache keeps the owner's. */
export function checkOtherCaller(answer: ProbeAnswer): SmokeCheck {
  const result = check("other caller", [answer], () =>
    answer.status === 404 || answer.status === 403
      ? undefined
      : `${describe(answer)}; expected 404: another caller's request must look like an unknown one`,
  );
  if (answer.status !== 403) return result;
  return {
    ...result,
    verdict: "inconclusive",
    seen: "403: refused before it came to the request; give credentials that may call the API",
  };
}

/**
 * Checks a read and a post without credentials.
 * @param expected 401 where a token is asked for, else 403
 */
export const checkAnonymous = (read: ProbeAnswer, post: ProbeAnswer, expected: 401 | 403 = 403): SmokeCheck =>
  check("anonymous", [read, post], () =>
    [read, post].every(({ status }) => status === expected)
      ? undefined
      : `${describe(read)} and ${describe(post)}; expected ${expected} for both`,
  );

export const checkMalformed = (answer: ProbeAnswer): SmokeCheck =>
  check("malformed body", [answer], () =>
    answer.status === 400 && codeOf(answer) !== "no code"
      ? undefined
      : `${describe(answer)}; expected 400 with an error code`,
  );

export const checkUnknown = (answer: ProbeAnswer): SmokeCheck =>
  check("unknown id", [answer], () =>
    answer.status === 404 && codeOf(answer) === "request_not_found"
      ? undefined
      : `${describe(answer)}; expected 404 request_not_found`,
  );

/** Checks refusals but the 404 of an unknown id, which a cache keeps for some seconds so that a flood reads little. */
export const checkNoStore = (refusals: readonly ProbeAnswer[]): SmokeCheck =>
  check("no-store", refusals, () => {
    const kept = refusals.filter(({ headers }) => !/\bno-store\b/.test(headers["cache-control"] ?? ""));
    return kept.length === 0 ? undefined : `${kept.map(describeCaching).join(", ")}; expected no-store`;
  });

const describeCaching = (answer: ProbeAnswer): string =>
  `${describe(answer)} with Cache-Control ${JSON.stringify(answer.headers["cache-control"] ?? "")}`;

/** Seconds until the next poll makes sense. Default: 2. */
export function retryAfterSeconds({ headers }: ProbeAnswer): number {
  const seconds = Number(headers["retry-after"]);
  return headers["retry-after"] !== undefined && seconds >= 0 && seconds <= 60 ? seconds : 2;
}

function describe(answer: ProbeAnswer): string {
  const status = field(answer, "status");
  if (answer.status >= 300 && answer.status < 400)
    return `${answer.status} to ${answer.headers["location"] ?? "nowhere"}`;
  return [
    String(answer.status),
    ...(answer.status >= 400 ? [codeOf(answer)] : typeof status === "string" ? [status] : []),
    ...(answer.body === undefined ? ["(no JSON)"] : []),
  ].join(" ");
}

function codeOf(answer: ProbeAnswer): string {
  const error = field(answer, "error") as { code?: unknown } | undefined;
  return typeof error?.code === "string" ? error.code : "no code";
}

function gatewayRequestId(answer: ProbeAnswer): string | undefined {
  const error = field(answer, "error") as { gateway_request_id?: unknown } | undefined;
  return typeof error?.gateway_request_id === "string" ? error.gateway_request_id : undefined;
}

function field({ body }: ProbeAnswer, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
