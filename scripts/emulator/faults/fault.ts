import type { ProxiedRequest } from "./proxied-request";
import type { Answer } from "./reply";

/** Runs work with the same key one after the other, in the order given, and all other at once. */
export type InTurn = <T>(key: string | undefined, work: () => Promise<T>) => Promise<T>;

/** Work without a key is never held back; work that rejects holds nobody back. */
export function inTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    if (key === undefined) return work();
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}

/** Names of operations that change nothing. */
const READS = /^(Get|List|Describe|Head|Lookup|BatchGet|Query|Scan)/;

/**
 * What a call to AWS changes, such as `iam CreateRole` or `apigateway POST /restapis`; undefined where it only reads.
 * The name of the operation stands in a header, in the body, or is the method and the path, by the service's protocol.
 */
export function changingCall({ method, path, service, operation, body }: ProxiedRequest): string | undefined {
  const named = operation || /(?:^|&)Action=(\w+)/.exec(body.toString())?.[1];
  if (named !== undefined) return READS.test(named) ? undefined : `${service} ${named}`;
  return method === "GET" || method === "HEAD" ? undefined : `${service} ${method} ${path}`;
}

/** Which requests a fault hits. */
interface Choice {
  /** Default: every request. */
  readonly when?: (request: ProxiedRequest) => boolean;
  /** How many of those, from 0 to 1, by the proxy's random numbers. Default: 1, all. */
  readonly share?: number;
}

/** What is done to a request on its way to the upstream. */
type RequestFault =
  /** It waits, and goes on to the next fault. */
  | { readonly kind: "latency"; readonly ms: number }
  /** Its connection ends with RST; the upstream never sees it. */
  | { readonly kind: "reset" }
  /** It is swallowed: acknowledged, never answered, its connection left open. */
  | { readonly kind: "black-hole" }
  /** It is answered as AWS does where there were too many requests; the upstream never sees it. */
  | { readonly kind: "throttle" }
  /** It is answered as AWS does where something broke, with status 500; the upstream never sees it. */
  | { readonly kind: "error" }
  /** It is answered as AWS does where the caller may not do it, with status 403; the upstream never sees it. */
  | { readonly kind: "deny" }
  /** It is answered with this; the upstream never sees it. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The upstream does it, and its connection ends with RST instead of an answer. */
  | { readonly kind: "drop-reply" }
  /**
   * The upstream does it, and its answer is kept back for good, its connection left open; `held` is told that it is
   * done.
   */
  | { readonly kind: "hold-reply"; readonly held: (request: ProxiedRequest) => void }
  /** The upstream does it twice, one after the other; the first answer is given. */
  | { readonly kind: "duplicate" }
  /** The connection is closed after so many bytes of the answer's body. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The answer's body comes so many bytes at a time. */
  | { readonly kind: "slow"; readonly bytes: number; readonly everyMs: number };

/** New connections end with RST as soon as they are made; open ones stay. */
type ConnectionFault = Pick<Choice, "share"> & { readonly kind: "refuse" };

export type Fault = (Choice & RequestFault) | ConnectionFault;
export type FaultKind = Fault["kind"];
/** A fault that decides about a request by itself. */
export type Decision = Exclude<Fault, { readonly kind: "latency" | "refuse" }>;

/** What becomes of a request. */
export interface Fate {
  readonly delayMs: number;
  /** Undefined: it is passed on as it is. */
  readonly decision?: Decision;
  /** All that hit it, in their order. */
  readonly hit: readonly Fault[];
}

/** Tries the faults in their order: each `latency` that hits adds up, and the first other one that hits decides. */
export function fateOf(request: ProxiedRequest, faults: readonly Fault[], random: () => number): Fate {
  const hit: Fault[] = [];
  let delayMs = 0;
  for (const fault of faults) {
    if (fault.kind === "refuse" || fault.when?.(request) === false || !isDrawn(fault, random)) continue;
    hit.push(fault);
    if (fault.kind !== "latency") return { delayMs, decision: fault, hit };
    delayMs += fault.ms;
  }
  return { delayMs, hit };
}

/** Whether chance picks it; a fault that always hits draws no number. */
export function isDrawn({ share = 1 }: Fault, random: () => number): boolean {
  return share >= 1 || random() < share;
}
