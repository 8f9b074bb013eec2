import { build, type BuildOptions } from "esbuild";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { FUNCTIONS, type PackagedName } from "../package";
import type { ColdCall } from "./cold-calls";

/**
 * How a function's code may be brought. `bare`: a handler that answers at once and imports nothing, the limit. `by hand`:
 * one that sends the same calls, signed by hand, and nothing else. `unbundled`: our code with the AWS SDK in node_modules,
 * as `npm install` leaves it. `default`: bundled by esbuild as it comes. `ours`: the zip.
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
  for (const [name, entry] of Object.entries(FUNCTIONS)) {
    const outfile = (variant: ColdVariant) => ({ outfile: join(at(variant, name), "index.cjs") });
    const options: BuildOptions = { absWorkingDir: projectDirectory, entryPoints: [entry], bundle: true, platform: "node", target: "node22", logLevel: "silent" };
    write(at("ours", name), unzipSync(readFileSync(join(projectDirectory, "dist", "functions", `${name}.zip`))));
    await build({ ...options, ...outfile("default") });
    await build({ ...options, ...outfile("unbundled"), external: ["@aws-sdk/*", "@smithy/*", "jose"] });
    symlinkSync(join(projectDirectory, "node_modules"), join(at("unbundled", name), "node_modules"));
  }
  return (variant, call) => {
    if (variant === "by hand" && call.calls === undefined) return undefined;
    return at(variant, variant === "bare" || variant === "by hand" ? "any" : (call.function satisfies PackagedName));
  };
}

function write(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

const BARE = 'export const handler = async () => ({ statusCode: 200, body: "{}" });';

/** Signature Version 4 over node:http and node:https alone: no retries, no time-outs, no errors. The calls are in the environment. */
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
