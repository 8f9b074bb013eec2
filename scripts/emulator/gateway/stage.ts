import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AppliedApiKey, Limit, MethodSettings, QuotaPeriod } from "../applied/api";
import type { GatewayRequest } from "./gateway";
import {
  evaluateExpression,
  fillTemplate,
  type GatewayAnswer,
  type GatewayFailure,
  type MappingSource,
} from "./gateway-responses";
import type { Route, ServedRoute } from "./route";

/** API Gateway caches no larger answer. */
export const MAX_ENTRY_BYTES = 1_048_576;

/** Bounds of this process, not of the applied cluster, whose smallest size is 0.5 GB. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

interface Entry<T> {
  readonly value: T;
  readonly expiresAtMs: number;
}

/** Values by key, each until its time is over. A full cache drops the least recently used one. */
export class ExpiringCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private bytes = 0;

  /** @param bytesOf the size of a value. Default: 0, so that only the number of values is limited */
  constructor(
    private readonly now: () => number,
    private readonly bytesOf: (value: T) => number = () => 0,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.remove(key);
    if (entry.expiresAtMs <= this.now()) return undefined;
    this.add(key, entry);
    return entry.value;
  }

  put(key: string, value: T, ttlSeconds: number): void {
    this.remove(key);
    if (this.bytesOf(value) > MAX_ENTRY_BYTES) return;
    this.add(key, { value, expiresAtMs: this.now() + ttlSeconds * 1_000 });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MAX_ENTRIES && this.bytes <= MAX_BYTES) return;
      this.remove(oldest);
    }
  }

  private add(key: string, entry: Entry<T>): void {
    this.entries.set(key, entry);
    this.bytes += this.bytesOf(entry.value);
  }

  private remove(key: string): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.bytes -= this.bytesOf(entry.value);
    this.entries.delete(key);
  }
}

/** The stage's cache of answers. */
export class ResponseCache extends ExpiringCache<GatewayAnswer> {
  constructor(now: () => number) {
    super(now, ({ body }) => body.length);
  }
}

/**
 * The key of a request: method, resource and the parameters that the integration names. The path is not part of it, so
 * an integration that forgets a parameter shows callers each other's answers, here as on AWS.
 */
export function makeCacheKey({ method, resourcePath, integration }: ServedRoute, source: MappingSource): string {
  const values = integration.cacheKeyParameters.map(
    (name) => evaluateExpression(integration.requestParameters[name] ?? name, source) ?? null,
  );
  return JSON.stringify([method, resourcePath, integration.cacheNamespace, ...values]);
}

/** The effect of a caller's `Cache-Control`. */
interface CacheControl {
  /** Whether the function is called and replaces the entry. */
  readonly refresh: boolean;
  readonly headers: GatewayAnswer["headers"];
}

/** No caller has execute-api:InvalidateCache here; where the stage requires it, the applied strategy decides. */
export function readCacheControl(request: GatewayRequest, settings: MethodSettings): CacheControl | GatewayFailure {
  const asks = request
    .headerValues("cache-control")
    .some((value) => /(^|[\s,])(max-age=0|no-cache)($|[\s,])/i.test(value));
  if (!asks) return { refresh: false, headers: [] };
  if (!settings.requiresAuthorizationForCacheControl) return { refresh: true, headers: [] };
  if (settings.cacheControlStrategy === "FAIL_WITH_403") return { type: "ACCESS_DENIED" };
  const warning = "199 Cache-control headers were ignored because the caller was unauthorized.";
  return {
    refresh: false,
    headers: settings.cacheControlStrategy === "SUCCEED_WITH_RESPONSE_HEADER" ? [["Warning", warning]] : [],
  };
}

interface Bucket extends Limit {
  tokens: number;
  filledAtMs: number;
}

/** Token buckets of methods and usage plans, and quotas of keys. They survive a reload; changed limits start full. */
export class Throttle {
  private readonly buckets = new Map<string, Bucket>();
  private readonly quotas = new Map<string, { readonly period: string; readonly used: number }>();

  constructor(private readonly now: () => number) {}

  /**
   * Counts a request against its key's usage plan and its method.
   * @returns why it must not pass; undefined where it may
   */
  check(route: Route, key: AppliedApiKey | undefined): GatewayFailure | undefined {
    const plan = key?.plan;
    const { throttle } = route.settings;
    if (plan?.throttle !== undefined && !this.takeToken(`key ${key?.id}`, plan.throttle)) return { type: "THROTTLED" };
    if (throttle !== undefined && !this.takeToken(`method ${route.name}`, throttle)) return { type: "THROTTLED" };
    if (plan?.quota !== undefined && !this.useQuota(`${plan.id} ${key?.id}`, plan.quota))
      return { type: "QUOTA_EXCEEDED" };
    return undefined;
  }

  private takeToken(name: string, { rate, burst }: Limit): boolean {
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

  private useQuota(name: string, { limit, period: length }: { limit: number; period: QuotaPeriod }): boolean {
    const period = namePeriod(this.now(), length);
    const quota = this.quotas.get(name);
    const used = quota?.period === period ? quota.used : 0;
    if (used >= limit) return false;
    this.quotas.set(name, { period, used: used + 1 });
    return true;
  }
}

/** A name for the day, week or month (UTC) of a moment. */
export function namePeriod(nowMs: number, period: QuotaPeriod): string {
  const date = new Date(nowMs).toISOString();
  if (period === "MONTH") return date.slice(0, 7);
  if (period === "DAY") return date.slice(0, 10);
  const days = Math.floor(nowMs / 86_400_000);
  return `week ${Math.floor((days + 4) / 7)}`; // Day 0 was a Thursday: weeks begin on Sunday.
}

/** `<directory>/access.log`: one line for each request, in the applied format. */
export class AccessLog {
  private readonly file: string;
  private lastWrite: Promise<unknown>;

  constructor(directory: string) {
    this.file = join(directory, "access.log");
    this.lastWrite = mkdir(directory, { recursive: true });
    this.lastWrite.catch(() => undefined); // `close` rejects with it.
  }

  /** Writes in the order of the calls. */
  write(format: string, context: ReadonlyMap<string, string>): void {
    const line = `${formatLine(format, context)}\n`;
    this.lastWrite = this.lastWrite.then(() => appendFile(this.file, line));
    this.lastWrite.catch(() => undefined); // `close` rejects with it.
  }

  /** Waits until all lines are on disk. Rejects where one could not be written. */
  async close(): Promise<void> {
    await this.lastWrite;
  }
}

/**
 * Escapes values, so that a caller's text cannot end the line or a JSON string of the format. `error.messageString` has
 * quotes of its own.
 */
export function formatLine(format: string, context: ReadonlyMap<string, string>): string {
  const escape = (name: string, value: string) =>
    name === "error.messageString" ? value : JSON.stringify(value).slice(1, -1);
  return fillTemplate(format, context, { fallback: "-", escape }).replace(/[\r\n]+/g, " ");
}
