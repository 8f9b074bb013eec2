import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { OwnCertificate } from "../__tests__/support/local-issuer";
import { ENDED_ID, REQUEST_ID } from "./function-calls";

/**
 * DynamoDB and SQS on loopback that know one request under way and one that has ended. They answer at once, because an
 * emulator's own time is longer than a cold start.
 */
export interface FunctionServices {
  readonly url: string;
  /** Number of calls, by their target. */
  readonly calls: Map<string, number>;
  stop(): Promise<void>;
}

/** Starts the services. @param certificate for TLS; default: plain HTTP */
export async function startFunctionServices(certificate?: OwnCertificate): Promise<FunctionServices> {
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

/** The request under way, as the functions wrote it. */
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

const ENDED = { ...ITEM, request_id: { S: ENDED_ID }, status: { S: "completed" }, result: { S: '{"answer":"done"}' } };
