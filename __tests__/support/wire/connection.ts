import { openConnection, type TimeOuts } from "../../../handlers/aws/connection";
import { openCounters } from "../../../handlers/telemetry";

/** A busy machine takes its time, and a test has its own limit: none of these is met. */
export const PATIENT: TimeOuts = { connectMs: 3_600_000, requestMs: 3_600_000, silenceMs: 3_600_000 };

/** Credentials and region that loopback servers do not look at. */
const SOMEBODY = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

/** The worker's connection to its agents. With a server's URL as `endpoint`, SDK clients call that. */
export function wireConnection(endpoint?: string) {
  return {
    ...openConnection({ counters: openCounters(), nowMs: () => Date.now(), timeOuts: PATIENT }).patient,
    ...SOMEBODY,
    ...(endpoint !== undefined && { endpoint }),
  };
}
