/** An invocation that has ended. */
export interface ObservedInvocation {
  readonly functionName: string;
  /** Alias or version that the caller named; undefined = the function alone. */
  readonly qualifier: string | undefined;
  /** Version that ran. */
  readonly version: string;
  /** Real milliseconds since 1970: when it was invoked. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  /** Invocations that ran when it was invoked, itself included, by function name. */
  readonly running: ReadonlyMap<string, number>;
}

/** An invocation that was turned away. */
export type ObservedThrottle = Pick<ObservedInvocation, "functionName" | "qualifier">;

/** A request to the stage that has been answered. */
export interface ObservedRequest {
  readonly apiName: string;
  readonly stage: string;
  /** Real milliseconds since 1970: when it arrived. */
  readonly startedAtMs: number;
  readonly status: number;
  readonly latencyMs: number;
  /** Undefined where no function was called. */
  readonly integrationLatencyMs: number | undefined;
  /** `off`: the stage has no cache; `none`: this request was not looked up in it. */
  readonly cache: "hit" | "miss" | "none" | "off";
}

/** Messages that were received from a queue, or deleted from it. */
export interface ObservedMessages {
  readonly queueName: string;
  readonly count: number;
  /** Since the oldest of them was sent; undefined where the queue does not tell. */
  readonly oldestAgeMs: number | undefined;
}

/** Told what happens, when it has happened. It must not throw. */
export interface Observer {
  invoked(invocation: ObservedInvocation): void;
  throttled(throttle: ObservedThrottle): void;
  answered(request: ObservedRequest): void;
  /** A rule invoked one of its targets. */
  fired(ruleArn: string): void;
  received(messages: ObservedMessages): void;
  deleted(messages: ObservedMessages): void;
}
