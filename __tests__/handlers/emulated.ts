import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { startEmulator } from "../../scripts/tools/emulator";

export interface Emulated {
  /** For an SDK client of the emulator. */
  readonly configuration: { readonly endpoint: string; readonly region: string; readonly credentials: { accessKeyId: string; secretAccessKey: string } };
  stop(): Promise<void>;
}

/** An emulator with an empty log folder of its own. */
export async function emulate(): Promise<Emulated> {
  const directory = mkdtempSync(join(tmpdir(), "handlers-"));
  const emulator = await startEmulator({ directory, env: process.env });
  return {
    configuration: { endpoint: emulator.endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } },
    async stop() {
      await emulator.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Makes a table whose keys are texts: the hash key, then the range key if there is one. */
export async function createTable(client: DynamoDBClient, table: string, ...keys: string[]): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map((key) => ({ AttributeName: key, AttributeType: "S" as const })),
      KeySchema: keys.map((key, index) => ({ AttributeName: key, KeyType: index === 0 ? ("HASH" as const) : ("RANGE" as const) })),
    }),
  );
}
