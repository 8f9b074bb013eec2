import { jsonLines, type Log } from "../telemetry";

/** Milliseconds since 1970, by the wall clock: others stand still while the environment is frozen. */
export const nowMs = (): number => Date.now();

/** A log on the function's standard output. @param deployment dimension of every metric */
export const openLog = (deployment: string): Log => jsonLines((line) => process.stdout.write(line), nowMs, deployment);
