import type { AppliedApiKey, QuotaPeriod } from "../applied/api";
import type { GatewayFailure } from "./gateway-responses";
import type { Route } from "./route";

interface Bucket {
  readonly rate: number;
  readonly burst: number;
  tokens: number;
  filledAtMs: number;
}

interface Quota {
  period: string;
  used: number;
}

/** Token buckets of methods and usage plans, and quotas of keys. They survive a reload; changed limits start full. */
export class Throttle {
  private readonly buckets = new Map<string, Bucket>();
  private readonly quotas = new Map<string, Quota>();

  constructor(private readonly now: () => number) {}

  /**
   * Counts a request against its key's usage plan and its method.
   * @returns why it must not pass; undefined where it may
   */
  check(route: Route, key: AppliedApiKey | undefined): GatewayFailure | undefined {
    const plan = key?.plan;
    if (plan?.throttle !== undefined && !this.takeToken(`key ${key?.id}`, plan.throttle.rate, plan.throttle.burst))
      return { type: "THROTTLED" };
    const { throttleRate: rate, throttleBurst: burst } = route.settings;
    if (rate !== undefined && !this.takeToken(`method ${route.name}`, rate, burst ?? rate))
      return { type: "THROTTLED" };
    if (plan?.quota !== undefined && !this.useQuota(`${plan.id} ${key?.id}`, plan.quota.limit, plan.quota.period))
      return { type: "QUOTA_EXCEEDED" };
    return undefined;
  }

  private takeToken(name: string, rate: number, burst: number): boolean {
    const now = this.now();
    let bucket = this.buckets.get(name);
    if (bucket === undefined || bucket.rate !== rate || bucket.burst !== burst)
      bucket = { rate, burst, tokens: burst, filledAtMs: now };
    this.buckets.set(name, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAtMs) / 1000) * rate);
    bucket.filledAtMs = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  private useQuota(name: string, limit: number, periodLength: QuotaPeriod): boolean {
    const period = nameOfPeriod(this.now(), periodLength);
    const quota = this.quotas.get(name);
    const used = quota?.period === period ? quota.used : 0;
    if (used >= limit) return false;
    this.quotas.set(name, { period, used: used + 1 });
    return true;
  }
}

/** A name for the day, week or month (UTC) of a moment. */
export function nameOfPeriod(nowMs: number, period: QuotaPeriod): string {
  const date = new Date(nowMs).toISOString();
  if (period === "MONTH") return date.slice(0, 7);
  if (period === "DAY") return date.slice(0, 10);
  const days = Math.floor(nowMs / 86_400_000);
  return `week ${Math.floor((days + 4) / 7)}`; // Day 0 was a Thursday: weeks begin on Sunday.
}
