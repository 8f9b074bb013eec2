import { build, type BuildOptions } from "esbuild";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { FUNCTIONS, type PackagedName } from "../scripts/kit/package-functions";
import type { ColdCall } from "./cold-calls";

/**
 * How a function may be brought. `bare`: a handler that answers at once and imports nothing, the limit. `by hand`: one
 * that sends the same calls of AWS, signed by hand, and nothing else. `unbundled`: one that sends them by the clients
 * of the AWS SDK, in node_modules as `npm install` leaves it. `default`: the same, bundled by esbuild as it comes.
 * `ours`: the zip, which checks, logs and counts besides.
 */
export const COLD_VARIANTS = ["bare", "by hand", "unbundled", "default", "ours"] as const;
export type ColdVariant = (typeof COLD_VARIANTS)[number];

/** The folder of a function's code. Where there is none the variant is not measured. */
export type ColdCode = (variant: ColdVariant, call: ColdCall) => string | undefined;

/** Writes the code of all variants below `folder`. The zips must have been made. */
export async function makeColdCode(projectDirectory: string, folder: string): Promise<ColdCode> {
  const at = (variant: ColdVariant, name: string) => join(folder, variant.replace(" ", "-"), name);
  write(at("bare", "any"), { "index.mjs": Buffer.from(BARE) });
  write(at("by hand", "any"), { "index.mjs": Buffer.from(BY_HAND) });
  for (const name of Object.keys(FUNCTIONS))
    write(at("ours", name), unzipSync(readFileSync(join(projectDirectory, "dist", "functions", `${name}.zip`))));
  for (const [name, source] of Object.entries({ table: withSdk(false), "table-and-queue": withSdk(true) })) {
    const options: BuildOptions = {
      stdin: { contents: source, resolveDir: projectDirectory },
      bundle: true,
      platform: "node",
      target: "node22",
      logLevel: "silent",
    };
    await build({ ...options, outfile: join(at("default", name), "index.cjs") });
    await build({ ...options, outfile: join(at("unbundled", name), "index.cjs"), external: ["@aws-sdk/*"] });
    symlinkSync(join(projectDirectory, "node_modules"), join(at("unbundled", name), "node_modules"));
  }
  return (variant, { function: of, calls }) => {
    if (variant === "ours") return at(variant, of satisfies PackagedName);
    if (variant === "bare") return at(variant, "any");
    if (calls === undefined) return undefined;
    return at(
      variant,
      variant === "by hand" ? "any" : calls.some((call) => call.startsWith("AmazonSQS")) ? "table-and-queue" : "table",
    );
  };
}

/**
 * Bundles a handler that makes a client of the SDK for every `GetItem`, as one that is made inside the handler does.
 * @returns its folder
 */
export async function makePerCallCode(projectDirectory: string, folder: string): Promise<string> {
  await build({
    stdin: { contents: PER_CALL, resolveDir: projectDirectory },
    bundle: true,
    platform: "node",
    target: "node22",
    logLevel: "silent",
    outfile: join(folder, "index.cjs"),
  });
  return folder;
}

const PER_CALL = `
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
export const handler = async () => {
  const client = new DynamoDBClient({});
  await client.send(new GetItemCommand({ TableName: "requests", Key: { request_id: { S: "1" } } }));
  client.destroy();
  return { statusCode: 200, body: "{}" };
};`;

function write(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

/** The same calls as the SDK's clients send them, from one connection, as most handlers do. */
const withSdk = (queue: boolean): string => `
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
${queue ? 'import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";' : ""}
const { env: { CALLS, AWS_ENDPOINT_URL } } = process;
const table = new DynamoDBClient({});
${queue ? "const queue = new SQSClient({});" : ""}
const TableName = "requests", Key = { request_id: { S: "1" } };
const send = {
  "DynamoDB_20120810.GetItem": () => table.send(new GetItemCommand({ TableName, Key })),
  "DynamoDB_20120810.PutItem": () => table.send(new PutItemCommand({ TableName, Item: Key })),
  "DynamoDB_20120810.UpdateItem": () => table.send(new UpdateItemCommand({ TableName, Key })),
  ${queue ? '"AmazonSQS.SendMessage": () => queue.send(new SendMessageCommand({ QueueUrl: AWS_ENDPOINT_URL + "/1/work", MessageBody: "{}" })),' : ""}
};
export const handler = async () => {
  for (const target of CALLS.split(",")) await send[target]();
  return { statusCode: 200, body: "{}" };
};`;

const BARE = 'export const handler = async () => ({ statusCode: 200, body: "{}" });';

/**
 * Signature Version 4 over node:http and node:https alone: no retries, no time-outs, no errors. The calls are in the
 * environment.
 */
const BY_HAND = `
const { env } = process;
const { createHash, createHmac } = process.getBuiltinModule("node:crypto");
const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, CALLS } = env;
const url = new URL(AWS_ENDPOINT_URL);
const { request, Agent } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
const agent = new Agent({ keepAlive: true });
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
function send(target, body) {
  const time = new Date().toISOString().replace(/[:-]|[.]\\d{3}/g, "");
  const service = target.startsWith("AmazonSQS") ? "sqs" : "dynamodb";
  const headers = { "content-type": "application/x-amz-json-1.0", host: url.host, "x-amz-date": time, "x-amz-security-token": AWS_SESSION_TOKEN, "x-amz-target": target };
  const names = Object.keys(headers).join(";");
  const canonical = ["POST", "/", "", ...Object.entries(headers).map(([name, value]) => name + ":" + value), "", names, sha256(body)].join("\\n");
  const scope = [time.slice(0, 8), AWS_REGION, service, "aws4_request"];
  const key = scope.reduce(hmac, "AWS4" + AWS_SECRET_ACCESS_KEY);
  const signature = createHmac("sha256", key).update(["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonical)].join("\\n")).digest("hex");
  const authorization = "AWS4-HMAC-SHA256 Credential=" + AWS_ACCESS_KEY_ID + "/" + scope.join("/") + ", SignedHeaders=" + names + ", Signature=" + signature;
  return new Promise((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, method: "POST", path: "/", agent, headers: { ...headers, authorization } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk)).once("end", () => resolve(JSON.parse(text)));
    });
    sent.once("error", reject).end(body);
  });
}
export const handler = async () => {
  for (const target of CALLS.split(",")) await send(target, '{"TableName":"requests","Key":{"request_id":{"S":"1"}},"MessageBody":"{}"}');
  return { statusCode: 200, body: "{}" };
};`;
