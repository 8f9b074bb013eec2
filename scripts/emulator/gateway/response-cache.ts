import type { MethodSettings } from "../applied/api";
import type { GatewayRequest } from "./gateway";
import { evaluateExpression, type GatewayAnswer, type GatewayFailure, type MappingSource } from "./gateway-responses";
import type { Integration, Route } from "./route";

interface Entry {
  readonly answer: GatewayAnswer;
  readonly expiresAtMs: number;
}

/** API Gateway caches no larger answer. */
export const MAX_ENTRY_BYTES = 1_048_576;

/** Bounds of this process, not of the applied cluster, whose smallest size is 0.5 GB. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Answers by key, each until its time is over. A full cache drops the least recently used one. */
export class ResponseCache {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(private readonly now: () => number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): GatewayAnswer | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.remove(key);
    if (entry.expiresAtMs <= this.now()) return undefined;
    this.add(key, entry);
    return entry.answer;
  }

  put(key: string, answer: GatewayAnswer, ttlSeconds: number): void {
    this.remove(key);
    if (answer.body.length > MAX_ENTRY_BYTES) return;
    this.add(key, { answer, expiresAtMs: this.now() + ttlSeconds * 1_000 });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MAX_ENTRIES && this.bytes <= MAX_BYTES) return;
      this.remove(oldest);
    }
  }

  private add(key: string, entry: Entry): void {
    this.entries.set(key, entry);
    this.bytes += entry.answer.body.length;
  }

  private remove(key: string): void {
    this.bytes -= this.entries.get(key)?.answer.body.length ?? 0;
    this.entries.delete(key);
  }
}

/**
 * The key of a request: method, resource and the parameters that the integration names. The path is not part of it, so
 * an integration that forgets a parameter shows callers each other's answers, here as on AWS.
 */
export function cacheKey(route: Route, integration: Integration, source: MappingSource): string {
  const values = integration.cacheKeyParameters.map(
    (name) => evaluateExpression(integration.requestParameters[name] ?? name, source) ?? null,
  );
  return JSON.stringify([route.method, route.resourcePath, integration.cacheNamespace, ...values]);
}

/** The effect of a caller's `Cache-Control`. */
export interface CacheControl {
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
