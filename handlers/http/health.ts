import { withDeadline } from "../deadline";
import { describeError, type Log } from "../telemetry";
import type { Route } from "./gateway";

/** Milliseconds that the outcome of the checks is used again, because callers may be anonymous and many. */
export const CHECKS_KEPT_MS = 5_000;
/** Milliseconds that one check may take. */
const CHECK_TIMEOUT_MS = 2_000;

type Outcome = "ok" | "unavailable";
type Check = (signal: AbortSignal) => Promise<void>;

/** What reporting the health needs. */
export interface HealthParts {
  /** Checks by the name shown. A check resolves if its dependency answers. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly nowMs: () => number;
  readonly log: Log;
  /** Default: {@link CHECK_TIMEOUT_MS}. */
  readonly checkTimeoutMs?: number;
}

/**
 * `GET /api/v1/health`: `{status: "ok", ready, checks: {<name>: "ok" | "unavailable"}}`. It is 200 while the function
 * runs; with `?probe=readiness` it is 503 if a check fails.
 */
export function healthRoute(parts: HealthParts): Route {
  let last: { readonly atMs: number; readonly outcomes: Promise<Record<string, Outcome>> } | undefined;
  return async ({ event }) => {
    const now = parts.nowMs();
    if (!last || now - last.atMs >= CHECKS_KEPT_MS) last = { atMs: now, outcomes: runChecks(parts) };
    const checks = await last.outcomes;
    const ready = Object.values(checks).every((outcome) => outcome === "ok");
    const isProbe = event.queryStringParameters?.["probe"] === "readiness";
    return { status: isProbe && !ready ? 503 : 200, body: { status: "ok", ready, checks } };
  };
}

async function runChecks(parts: HealthParts): Promise<Record<string, Outcome>> {
  const { checks, log, checkTimeoutMs = CHECK_TIMEOUT_MS } = parts;
  const run = async ([name, check]: [string, Check]): Promise<[string, Outcome]> => {
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
