import { openConnection } from "../../../handlers/clients/connection";
import { openCounters } from "../../../handlers/counters";

/** Credentials and region that loopback servers do not look at. */
const SOMEBODY = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

/** The worker's connection to its agents. With a server's URL as `endpoint`, SDK clients call that. */
export function wireConnection(endpoint?: string) {
  return { ...openConnection({ counters: openCounters(), nowMs: () => Date.now() }).patient, ...SOMEBODY, ...(endpoint !== undefined && { endpoint }) };
}
