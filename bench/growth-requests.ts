import { build } from "esbuild";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RequestsSize } from "./growth-figures";
import { findNodeBinary } from "../scripts/kit/node-binary";
import { run } from "../scripts/kit/process";
import type { CommandContext } from "../scripts/kit/context";

/**
 * Measures the functions' own store over tables of so many requests, on a database in memory whose lookups cost the
 * logarithm of the table (dynalite), in a process of its own.
 * @returns undefined where dynalite, which only a clone has, is not installed
 */
export async function measureRequests(
  { projectDirectory, progress, signal, environment }: CommandContext,
  sizes: readonly number[],
): Promise<RequestsSize[] | undefined> {
  if (!existsSync(join(projectDirectory, "node_modules", "dynalite"))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "quickturn-growth-"));
  const { path: node } = findNodeBinary("nodejs22.x");
  try {
    const probe = join(folder, "probe.mjs");
    await bundle(projectDirectory, probe);
    const measured: RequestsSize[] = [];
    for (const requests of sizes) {
      const answer = join(folder, `${requests}.json`);
      const measure = () =>
        run(node, [probe, join(projectDirectory, "package.json"), String(requests), answer], {
          cwd: projectDirectory,
          env: { PATH: environment["PATH"] },
          signal,
        });
      await progress.step(`${requests} requests in the table`, measure);
      measured.push(JSON.parse(readFileSync(answer, "utf8")) as RequestsSize);
    }
    return measured;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The functions' own store is in it as text: scripts import nothing of the handlers. */
const ENTRY = `
  import { fork } from "node:child_process";
  import { randomUUID } from "node:crypto";
  import { writeFileSync } from "node:fs";
  import { createRequire } from "node:module";
  import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
  import { openConnection } from "./handlers/aws/connection";
  import { connectDynamoDb } from "./handlers/aws/json-service";
  import { openCounters } from "./handlers/telemetry";
  import { dynamodbRequests } from "./handlers/requests/dynamodb-requests";
  import { toItem } from "./handlers/requests/request-items";
  import { measureTable } from "./bench/growth-probe";
  const [project, requests, answer] = process.argv.slice(2);
  // The database has a process of its own, beside the one that is measured.
  if (requests === "serve") {
    const server = createRequire(project)("dynalite")({ createTableMs: 0 });
    server.listen(0, "127.0.0.1", () => process.send(server.address().port));
    process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
    await new Promise(() => undefined);
  }
  const database = fork(process.argv[1], [project, "serve"]);
  const port = await new Promise((resolve, reject) => database.once("message", resolve).once("exit", (code) => reject(new Error("dynalite ended with code " + code))));
  const endpoint = "http://127.0.0.1:" + port;
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
  const variables = { AWS_ENDPOINT_URL: endpoint, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const dynamodb = connectDynamoDb({ connection: openConnection({ counters: openCounters(), nowMs: Date.now }), guard: { run: (work) => work() }, variables });
  let [calls, items] = [0, 0];
  const counted = async (operation, input, signal) => {
    const output = await dynamodb(operation, input, signal);
    calls += 1;
    items += output.ScannedCount ?? 1;
    return output;
  };
  const now = Date.now();
  const hash = (name) => ({ AttributeName: name, KeyType: "HASH" });
  const type = (name, kind) => ({ AttributeName: name, AttributeType: kind });
  await client.send(new CreateTableCommand({
    TableName: "requests", BillingMode: "PAY_PER_REQUEST", KeySchema: [hash("request_id")],
    AttributeDefinitions: [type("request_id", "S"), type("open", "S"), type("due_at", "N")],
    GlobalSecondaryIndexes: [{ IndexName: "open-due", KeySchema: [hash("open"), { AttributeName: "due_at", KeyType: "RANGE" }], Projection: { ProjectionType: "KEYS_ONLY" } }],
  }));
  const itemOf = ({ id, standing }) => {
    const item = toItem({ requestId: id, owner: "caller", prompt: "p".repeat(200), createdAt: new Date(now).toISOString(), deadlineMs: now + 3600000, expiresAt: Math.floor(now / 1000) + 604800 }, standing === "due" ? now - 1000 : now + 60000);
    if (standing !== "ended") return item;
    const { open, due_at, ...ended } = item;
    return { ...ended, status: { S: "completed" }, result: { S: '"done"' } };
  };
  const store = dynamodbRequests(counted, { requests: "requests" });
  const parts = {
    newId: randomUUID,
    nowMs: () => performance.now(),
    used: () => { const used = { calls, items }; [calls, items] = [0, 0]; return used; },
    async fill(all) {
      let next = 0;
      const lane = async () => {
        while (next < all.length) {
          const page = all.slice(next, (next += 25));
          const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { requests: page.map((each) => ({ PutRequest: { Item: itemOf(each) } })) } }));
          if (Object.keys(UnprocessedItems ?? {}).length > 0) throw new Error("The database did not take all items");
        }
      };
      await Promise.all(Array.from({ length: 4 }, lane));
    },
    async status(id) { if (!(await store.find(id))) throw new Error("There is no request " + id); },
    async claim(id) {
      const { outcome } = await store.claim(id, { token: randomUUID(), nowMs: now, leaseUntilMs: now + 30000 });
      if (outcome !== "won") throw new Error("The claim of " + id + " was " + outcome + "; expected won");
    },
    async search() {
      let found = 0;
      for await (const page of store.due(now)) found += page.length;
      return found;
    },
  };
  try {
    writeFileSync(answer, JSON.stringify(await measureTable(parts, Number(requests))));
  } finally {
    client.destroy();
    database.disconnect();
  }`;

/** Bundled as the functions are (tools/bundle.ts), in one file. */
async function bundle(projectDirectory: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents: ENTRY, resolveDir: projectDirectory, loader: "ts" },
    absWorkingDir: projectDirectory,
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    mainFields: ["module", "main"],
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    logLevel: "silent",
  });
}
