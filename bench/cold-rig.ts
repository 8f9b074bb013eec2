import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type OwnCertificate, LocalIssuer, makeOwnCertificate } from "../__tests__/support/local-issuer";
import { ENDED_ID, REQUEST_ID, authorizerCall, coldCalls, type ColdCall } from "./cold-calls";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNodeBinary } from "../scripts/kit/node-binary";
import type { CommandContext } from "../scripts/kit/context";
import { measureColdStart, type ColdSample, type ColdStart } from "./cold-process";
import { COLD_VARIANTS, makeColdCode, type ColdCode, type ColdVariant } from "./cold-variants";

/**
 * DynamoDB and SQS on loopback, which know a request, and one that has ended, and answer at once: an emulator's own
 * time would drown a cold start.
 */
export interface ColdServices {
  readonly url: string;
  /** Calls that were answered, by their target. */
  readonly calls: Map<string, number>;
  stop(): Promise<void>;
}

/** Starts them. @param certificate with it they speak TLS; without it plain HTTP */
export async function startColdServices(certificate?: OwnCertificate): Promise<ColdServices> {
  const calls = new Map<string, number>();
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .once("end", () => {
        const target = String(request.headers["x-amz-target"]);
        calls.set(target, (calls.get(target) ?? 0) + 1);
        const answer = answerTo(target, Buffer.concat(chunks).toString());
        response
          .writeHead(answer === undefined ? 400 : 200, { "content-type": "application/x-amz-json-1.0" })
          .end(JSON.stringify(answer ?? { __type: "UnknownOperationException" }));
      });
  };
  const server = certificate
    ? createTlsServer({ key: certificate.key, cert: certificate.cert }, serve)
    : createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${certificate ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(target: string, body: string): object | undefined {
  switch (target) {
    case "DynamoDB_20120810.GetItem":
      return { Item: body.includes(ENDED_ID) ? ENDED : ITEM };
    case "DynamoDB_20120810.PutItem":
      return {};
    case "DynamoDB_20120810.UpdateItem":
      return { Attributes: ITEM };
    case "DynamoDB_20120810.Query":
      return { Items: [], Count: 0, ScannedCount: 0 };
    case "AmazonSQS.SendMessage":
      return {
        MessageId: REQUEST_ID,
        MD5OfMessageBody: createHash("md5")
          .update((JSON.parse(body) as { MessageBody: string }).MessageBody)
          .digest("hex"),
      };
    case "AmazonSQS.GetQueueAttributes":
      return { Attributes: { ApproximateNumberOfMessages: "0", QueueArn: "arn:aws:sqs:us-east-1:123456789012:work" } };
    default:
      return undefined;
  }
}

/** The request, being worked on, as the functions wrote it. */
const ITEM = {
  request_id: { S: REQUEST_ID },
  owner: { S: "anonymous" },
  status: { S: "processing" },
  prompt: { S: "Flight EY123 delayed 3 hours" },
  created_at: { S: "2026-03-01T12:00:00.000Z" },
  updated_at: { S: "2026-03-01T12:00:01.000Z" },
  deadline_at: { N: "4102444800000" },
  expires_at: { N: "4102444800" },
  sent: { BOOL: true },
  attempt: { N: "1" },
  requeues: { N: "0" },
  lease_until: { N: "4102444800000" },
};

/** One that has ended. */
const ENDED = { ...ITEM, request_id: { S: ENDED_ID }, status: { S: "completed" }, result: { S: '{"answer":"done"}' } };

export type Protocol = "HTTP" | "TLS";

/** One thing to measure: how long it takes from before the process to its first answer. */
export interface ColdCase {
  readonly protocol: Protocol;
  readonly call: string;
  readonly variant: ColdVariant;
  readonly start: ColdStart;
  measure(): Promise<ColdSample>;
}

/** Everything that cold starts need, on loopback. */
export interface ColdRig {
  readonly cases: readonly ColdCase[];
  /** What runs the functions. */
  readonly nodePath: string;
  /** Of the variants' code; gone with the rig. */
  readonly folder: string;
  close(): Promise<void>;
}

interface Opened {
  readonly code: ColdCode;
  readonly nodePath: string;
}

/** Opens it. The zips must have been made. */
export async function openColdRig({
  projectDirectory,
  environment,
}: Pick<CommandContext, "projectDirectory" | "environment">): Promise<ColdRig> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-cold-"));
  const closers: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const opened = { code: await makeColdCode(projectDirectory, folder), nodePath: findNodeBinary("nodejs22.x").path };
    const keys = join(folder, "keys");
    mkdirSync(keys);
    const certificate = await makeOwnCertificate({ directory: keys, env: environment, name: "services" });
    const cases: ColdCase[] = [];
    for (const protocol of ["HTTP", "TLS"] as const) {
      const services = await startColdServices(protocol === "TLS" ? certificate : undefined);
      closers.push(() => services.stop());
      cases.push(
        ...coldCalls(services.url).flatMap((call) => casesOf(opened, protocol, call, services.url, certificate.path)),
      );
    }
    const issuer = await LocalIssuer.start({ directory: keys, env: environment });
    closers.push(() => issuer.stop());
    cases.push(
      ...casesOf(
        opened,
        "TLS",
        authorizerCall(issuer.url, issuer.token("caller", "bench")),
        issuer.url,
        issuer.certificate,
      ),
    );
    return { cases, nodePath: opened.nodePath, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function casesOf(
  { code, nodePath }: Opened,
  protocol: Protocol,
  call: ColdCall,
  endpoint: string,
  certificate: string,
): ColdCase[] {
  return COLD_VARIANTS.flatMap((variant) => {
    const folder = code(variant, call);
    if (folder === undefined) return [];
    const start: ColdStart = { code: folder, call, nodePath, endpoint, certificate, expectsAnswer: variant === "ours" };
    return [{ protocol, call: call.name, variant, start, measure: () => measureColdStart(start) }];
  });
}
