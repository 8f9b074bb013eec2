import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { newRequest, REQUEST_ID } from "../handlers/fixtures";
import type { OwnCertificate } from "./local-issuer";
import { toItem } from "../../handlers/requests/request-items";
import { closeServer, listenOnLoopback, readBytes } from "../../scripts/emulator/http";
import { ENDED_ID } from "./function-calls";

/**
 * DynamoDB and SQS on loopback that know one request under way and one that has ended. They answer at once, because an
 * emulator's own time is longer than a cold start.
 */
interface FunctionServices {
  readonly url: string;
  /** Number of calls, by their target. */
  readonly calls: Map<string, number>;
  stop(): Promise<void>;
}

/** Starts the services. @param certificate for TLS; default: plain HTTP */
export async function startFunctionServices(certificate?: OwnCertificate): Promise<FunctionServices> {
  const calls = new Map<string, number>();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const target = String(request.headers["x-amz-target"]);
    const body = (await readBytes(request)).toString();
    calls.set(target, (calls.get(target) ?? 0) + 1);
    const answer = ANSWERS[target]?.(body);
    response
      .writeHead(answer === undefined ? 400 : 200, { "content-type": "application/x-amz-json-1.0" })
      .end(JSON.stringify(answer ?? { __type: "UnknownOperationException" }));
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => void serve(request, response);
  const server = certificate
    ? createTlsServer({ key: certificate.key, cert: certificate.cert }, listener)
    : createServer(listener);
  const port = await listenOnLoopback(server);
  return {
    url: `${certificate ? "https" : "http"}://127.0.0.1:${port}`,
    calls,
    stop: () => closeServer(server),
  };
}

const FAR_MS = Date.parse("2100-01-01T00:00:00.000Z");

/** The request under way, as the functions write it. */
const ITEM = {
  ...toItem(newRequest({ deadlineMs: FAR_MS, expiresAt: FAR_MS / 1_000 }), FAR_MS),
  status: { S: "processing" },
  sent: { BOOL: true },
  attempt: { N: "1" },
  lease_until: { N: String(FAR_MS) },
};
const ENDED = { ...ITEM, request_id: { S: ENDED_ID }, status: { S: "completed" }, result: { S: '{"answer":"done"}' } };

/** By the target of the call. */
const ANSWERS: Readonly<Record<string, (body: string) => object>> = {
  "DynamoDB_20120810.GetItem": (body) => ({ Item: body.includes(ENDED_ID) ? ENDED : ITEM }),
  "DynamoDB_20120810.PutItem": () => ({}),
  "DynamoDB_20120810.UpdateItem": () => ({ Attributes: ITEM }),
  "DynamoDB_20120810.Query": () => ({ Items: [], Count: 0, ScannedCount: 0 }),
  "AmazonSQS.SendMessage": (body) => {
    const { MessageBody } = JSON.parse(body) as { MessageBody: string };
    return { MessageId: REQUEST_ID, MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex") };
  },
  "AmazonSQS.GetQueueAttributes": () => ({
    Attributes: { ApproximateNumberOfMessages: "0", QueueArn: "arn:aws:sqs:us-east-1:123456789012:work" },
  }),
};
