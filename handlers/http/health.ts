import { withDeadline } from "../deadline";
import { describeError, type Log } from "../telemetry";
import type { Route } from "./http";

/** Milliseconds that the outcome of the checks is used again: callers may be anonymous, and many. */
export const CHECKS_KEPT_MS = 5_000;
/** Milliseconds that one check may take. */
export const CHECK_TIMEOUT_MS = 2_000;

type Outcome = "ok" | "unavailable";

/** What telling the health needs. */
export interface HealthParts {
  /** By the name shown: resolves where the dependency answers. */
  readonly checks: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
  readonly nowMs: () => number;
  readonly log: Log;
  /** Default: {@link CHECK_TIMEOUT_MS}. */
  readonly checkTimeoutMs?: number;
}

/**
 * `GET /api/v1/health`: `{status: "ok", ready, checks: {<name>: "ok" | "unavailable"}}`. It is 200 while the function
 * runs; with `?probe=readiness` it is 503 where a check fails.
 */
export function healthRoute(parts: HealthParts): Route {
  const outcomes = kept(() => runChecks(parts), parts.nowMs);
  return async ({ event }) => {
    const checks = await outcomes();
    const ready = Object.values(checks).every((outcome) => outcome === "ok");
    const asked = event.queryStringParameters?.["probe"] === "readiness";
    return { status: asked && !ready ? 503 : 200, body: { status: "ok", ready, checks } };
  };
}

async function runChecks({
  checks,
  log,
  checkTimeoutMs = CHECK_TIMEOUT_MS,
}: HealthParts): Promise<Record<string, Outcome>> {
  const run = async ([name, check]: [string, (signal: AbortSignal) => Promise<void>]): Promise<[string, Outcome]> => {
    const signal = AbortSignal.timeout(checkTimeoutMs);
    try {
      await withDeadline(signal, check(signal));
      return [name, "ok"];
    } catch (error) {
      log("warn", "check_failed", { check: name, error: describeError(error) });
      return [name, "unavailable"];
    }
  };
  return Object.fromEntries(await Promise.all(Object.entries(checks).map(run)));
}

/** Runs `make` at most once in {@link CHECKS_KEPT_MS}, and once for callers at the same time. */
function kept<T>(make: () => Promise<T>, nowMs: () => number): () => Promise<T> {
  let last: { readonly atMs: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = nowMs();
    if (!last || now - last.atMs >= CHECKS_KEPT_MS) last = { atMs: now, value: make() };
    return last.value;
  };
}
