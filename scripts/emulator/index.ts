export type { Caller } from "./gateway/authorization";
export { startLocalRuntime, type LocalRuntime, type LocalRuntimeOptions } from "./local-runtime";
export type { FunctionEnvironment } from "./functions/function-host";
export { timeLapse, type TimeLapse } from "./metrics/metric-store";
export { CACHE_HEADER } from "./gateway/rest-api";
export type { Timers } from "./events/schedules";
export type { FunctionStatistics, QueueStatistics, RouteStatistics, Statistics } from "./statistics";
