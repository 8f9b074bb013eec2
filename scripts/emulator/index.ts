export type { FunctionEnvironment } from "./functions/function-host";
export type { Caller } from "./gateway/authorization";
export { CACHE_HEADER } from "./gateway/rest-api";
export { startLocalRuntime, type LocalRuntime, type LocalRuntimeOptions } from "./local-runtime";
export { timeLapse, type TimeLapse } from "./metrics/metric-store";
