import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { unzipSync } from "fflate";
import { LocalIssuer, makeOwnCertificate } from "../__tests__/support/local-issuer";
import type { CommandContext } from "../scripts/kit/context";
import { provideNodeBinary } from "../scripts/kit/node-binary";
import { packageFunctions } from "../scripts/kit/package-functions";
import { authorizerCall, functionCalls, type FunctionCall } from "../__tests__/support/function-calls";
import { startFunctionServices } from "../__tests__/support/function-services";
import type { FunctionStart } from "./running-function";

/**
 * Ways to write a function. `bare`: a handler that answers at once and imports nothing, the limit. `by hand`: one that
 * sends the same AWS calls, signed by hand. `default`: one that sends them by clients of the AWS SDK, bundled without
 * options. `ours`: the zip.
 */
const VARIANTS = ["bare", "by hand", "default", "ours"] as const;
export type Variant = (typeof VARIANTS)[number];

/** A function in one variant, ready to be started. */
export interface FunctionVariant {
  /** Such as `invoke, ours`. */
  readonly name: string;
  readonly call: string;
  readonly variant: Variant;
  readonly start: FunctionStart;
}

/** Packages the functions, and gives `use` all variants of all calls with services on loopback, over TLS. */
export async function withFunctionVariants<T>(
  context: CommandContext,
  use: (variants: readonly FunctionVariant[]) => Promise<T>,
): Promise<T> {
  await packageFunctions(context);
  const { projectDirectory, environment: env } = context;
  const directory = mkdtempSync(join(tmpdir(), "quickturn-functions-"));
  const undo: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  try {
    const certificate = await makeOwnCertificate({ directory, env, name: "services" });
    const services = await startFunctionServices(certificate);
    undo.unshift(() => services.stop());
    const issuer = await LocalIssuer.start({ directory, env });
    undo.unshift(() => issuer.stop());
    const { path: nodePath } = await provideNodeBinary(
      "nodejs22.x",
      (text) => context.progress.note(text),
      context.environment,
    );
    const authorizer = authorizerCall(issuer.url, issuer.token("caller", "bench"));
    const calls = [
      ...functionCalls(services.url).map((call) => ({ call, endpoint: services.url, certificate: certificate.path })),
      { call: authorizer, endpoint: issuer.url, certificate: issuer.certificate },
    ];
    const variants: FunctionVariant[] = [];
    for (const { call, ...services } of calls)
      for (const variant of VARIANTS) {
        const files = await filesOf(projectDirectory, variant, call);
        if (files === undefined) continue;
        const code = join(directory, call.name, variant.replace(" ", "-"));
        mkdirSync(code, { recursive: true });
        for (const [name, content] of Object.entries(files)) writeFileSync(join(code, name), content);
        const start = { code, call, nodePath, ...services, checksAnswer: variant === "ours" };
        variants.push({ name: `${call.name}, ${variant}`, call: call.name, variant, start });
      }
    return await use(variants);
  } finally {
    for (const step of undo) await step();
  }
}

/** The code of a variant, by file; undefined where the call does not have that variant. */
async function filesOf(
  projectDirectory: string,
  variant: Variant,
  call: FunctionCall,
): Promise<Readonly<Record<string, Uint8Array | string>> | undefined> {
  if (variant === "bare") return { "index.mjs": BARE };
  if (variant === "ours")
    return unzipSync(readFileSync(join(projectDirectory, "dist", "functions", `${call.function}.zip`)));
  if (call.awsCalls === undefined) return undefined;
  if (variant === "by hand") return { "index.mjs": BY_HAND };
  const { outputFiles } = await build({
    stdin: { contents: codeWithSdk(call.awsCalls), resolveDir: projectDirectory },
    bundle: true,
    platform: "node",
    target: "node22",
    logLevel: "silent",
    write: false,
  });
  return { "index.cjs": outputFiles[0]!.contents };
}

const BARE = 'export const handler = async () => ({ statusCode: 200, body: "{}" });';

/** A handler that sends AWS calls by the clients of the SDK, as most handlers do. */
function codeWithSdk(awsCalls: readonly string[]): string {
  const usesQueue = awsCalls.some((target) => target.startsWith("AmazonSQS"));
  const message = '{ QueueUrl: AWS_ENDPOINT_URL + "/1/work", MessageBody: "{}" }';
  return `
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
${usesQueue ? 'import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";' : ""}
const { env: { CALLS, AWS_ENDPOINT_URL } } = process;
const table = new DynamoDBClient({});
${usesQueue ? "const queue = new SQSClient({});" : ""}
const TableName = "requests", Key = { request_id: { S: "1" } };
const send = {
  "DynamoDB_20120810.GetItem": () => table.send(new GetItemCommand({ TableName, Key })),
  "DynamoDB_20120810.PutItem": () => table.send(new PutItemCommand({ TableName, Item: Key })),
  "DynamoDB_20120810.UpdateItem": () => table.send(new UpdateItemCommand({ TableName, Key })),
  ${usesQueue ? `"AmazonSQS.SendMessage": () => queue.send(new SendMessageCommand(${message})),` : ""}
};
export const handler = async () => {
  for (const target of CALLS.split(",")) await send[target]();
  return { statusCode: 200, body: "{}" };
};`;
}

/** A handler with Signature Version 4 over node:https alone: no retries, no time-outs, no errors. */
const BY_HAND = `
const { env } = process;
const { createHash, createHmac } = process.getBuiltinModule("node:crypto");
const { request, Agent } = process.getBuiltinModule("node:https");
const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, CALLS } = env;
const url = new URL(AWS_ENDPOINT_URL);
const agent = new Agent({ keepAlive: true });
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
function send(target, body) {
  const time = new Date().toISOString().replace(/[:-]|[.]\\d{3}/g, "");
  const service = target.startsWith("AmazonSQS") ? "sqs" : "dynamodb";
  const headers = { "content-type": "application/x-amz-json-1.0", host: url.host, "x-amz-date": time,
    "x-amz-security-token": AWS_SESSION_TOKEN, "x-amz-target": target };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => name + ":" + value);
  const canonical = ["POST", "/", "", ...lines, "", names, sha256(body)].join("\\n");
  const scope = [time.slice(0, 8), AWS_REGION, service, "aws4_request"];
  const key = scope.reduce(hmac, "AWS4" + AWS_SECRET_ACCESS_KEY);
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonical)].join("\\n");
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const authorization = "AWS4-HMAC-SHA256 Credential=" + AWS_ACCESS_KEY_ID + "/" + scope.join("/") +
    ", SignedHeaders=" + names + ", Signature=" + signature;
  const options = { host: url.hostname, port: url.port, method: "POST", path: "/", agent };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, headers: { ...headers, authorization } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk)).once("end", () => resolve(JSON.parse(text)));
    });
    sent.once("error", reject).end(body);
  });
}
const BODY = '{"TableName":"requests","Key":{"request_id":{"S":"1"}},"MessageBody":"{}"}';
export const handler = async () => {
  for (const target of CALLS.split(",")) await send(target, BODY);
  return { statusCode: 200, body: "{}" };
};`;
