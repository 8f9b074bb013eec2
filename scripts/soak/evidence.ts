import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";

/** How often a function's log records an end of each request. @param file log of a function */
export function endingsIn(file: string): Map<string, number> {
  const endings = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.includes('"event":"finished"')) continue;
    const { request_id: id } = JSON.parse(line) as { request_id: string };
    endings.set(id, (endings.get(id) ?? 0) + 1);
  }
  return endings;
}

/** Requests in the table by status, as soon as none is open any more or the time is up. */
export async function settledStatuses(
  endpoint: string,
  region: string,
  table: string,
  patienceMs: number,
): Promise<Record<string, number>> {
  const client = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const giveUpAt = performance.now() + patienceMs;
  try {
    for (;;) {
      const statuses = await countStatuses(client, table);
      const open = (statuses["queued"] ?? 0) + (statuses["processing"] ?? 0);
      if (open === 0 || performance.now() > giveUpAt) return statuses;
      await sleep(2_000);
    }
  } finally {
    client.destroy();
  }
}

async function countStatuses(client: DynamoDBClient, table: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let from: Record<string, never> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: "#status",
        ExpressionAttributeNames: { "#status": "status" },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    for (const item of page.Items ?? [])
      counts[item["status"]?.S ?? "none"] = (counts[item["status"]?.S ?? "none"] ?? 0) + 1;
    from = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (from);
  return counts;
}
