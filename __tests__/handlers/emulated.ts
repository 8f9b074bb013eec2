import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openConnection } from "../../handlers/aws/connection";
import { connectDynamoDb, type DynamoDb, type JsonServiceParts } from "../../handlers/aws/json-service";
import { openCounters } from "../../handlers/telemetry";
import { startEmulator } from "../../scripts/emulator/moto";
import { PATIENT } from "../support/wire/connection";

export interface Emulated {
  /** For an SDK client of the emulator. */
  readonly configuration: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { accessKeyId: string; secretAccessKey: string };
  };
  stop(): Promise<void>;
}

/** An emulator with an empty log folder of its own. */
export async function emulate(): Promise<Emulated> {
  const directory = mkdtempSync(join(tmpdir(), "handlers-"));
  const emulator = await startEmulator({ directory, env: process.env });
  return {
    configuration: {
      endpoint: emulator.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    async stop() {
      await emulator.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What Lambda would tell a process whose services are at `endpoint`. */
export const awsVariables = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
});

/** What a function has to call services at `endpoint`: its own connection, and a guard that lets all through. */
export const partsFor = (endpoint: string): JsonServiceParts => ({
  connection: openConnection({ counters: openCounters(), nowMs: Date.now, timeOuts: PATIENT }),
  guard: { run: (work) => work() },
  variables: awsVariables(endpoint),
});

/** DynamoDB at `endpoint`, as the functions connect to it. */
export const connectTo = (endpoint: string): DynamoDb => connectDynamoDb(partsFor(endpoint));
