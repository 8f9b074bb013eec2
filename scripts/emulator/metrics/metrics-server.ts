import { createServer, type Server, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { openUpstream, readRequest, type ProxiedRequest, type Upstream, closeServer, listenOnLoopback } from "../http";
import { messageOf, parseObject, type JsonObject } from "../json";

/** A refusal as AWS words it: status, name and message reach the caller. */
export class AwsError extends Error {
  constructor(
    readonly status: number,
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** The calls that the server answers by itself. They throw {@link AwsError} to refuse. */
export interface MetricsService {
  getMetricData(input: JsonObject): JsonObject;
  putMetricData(input: JsonObject): void;
  getAccountSettings(): JsonObject;
}

/** The target of CloudWatch's JSON protocol, which @aws-sdk/client-cloudwatch speaks. */
const TARGET = "GraniteServiceVersion20100801.";

/** The same two operations in CloudWatch's other protocols: form fields, and CBOR with the operation in its path. */
const OTHER_PROTOCOLS = /(?:^|&)Action=(?:Get|Put)MetricData(?:&|$)|\/operation\/(?:Get|Put)MetricData$/;

const ACCOUNT_SETTINGS = "/2016-08-19/account-settings";

/**
 * AWS on loopback with the metrics of what ran here. It answers GetMetricData, PutMetricData and Lambda's
 * GetAccountSettings, and passes everything else on to the emulator.
 */
export class MetricsServer {
  private constructor(
    private readonly server: Server,
    private readonly upstream: Upstream,
    /** `http://127.0.0.1:<port>`. */
    readonly url: string,
  ) {}

  /** @param emulator `http://127.0.0.1:<port>` */
  static async listen(emulator: string, service: MetricsService): Promise<MetricsServer> {
    const upstream = openUpstream(emulator);
    const server = createServer((message, reply) => {
      void readRequest(message).then(
        (request) => answerRequest(request, reply, { service, upstream }),
        () => message.destroy(),
      );
    });
    return new MetricsServer(server, upstream, `http://127.0.0.1:${await listenOnLoopback(server)}`);
  }

  async close(): Promise<void> {
    await closeServer(this.server);
    this.upstream.close();
  }
}

interface Answerers {
  readonly service: MetricsService;
  readonly upstream: Upstream;
}

async function answerRequest(
  request: ProxiedRequest,
  reply: ServerResponse,
  { service, upstream }: Answerers,
): Promise<void> {
  try {
    const own = answerFrom(service, request);
    if (own !== undefined) return writeJson(reply, 200, own);
    const { status, headers, body } = await upstream.send(request).catch((cause: unknown) => {
      throw new AwsError(502, "BadGateway", `The emulator does not answer: ${messageOf(cause)}`);
    });
    reply.writeHead(status, headers).end(body);
  } catch (error) {
    writeRefusal(
      reply,
      error instanceof AwsError ? error : new AwsError(500, "InternalServiceFault", messageOf(error)),
    );
  }
}

/** Undefined where the emulator has to answer. */
function answerFrom(service: MetricsService, request: ProxiedRequest): JsonObject | undefined {
  const { method, path, headers } = request;
  const target = headers["x-amz-target"];
  if (target === `${TARGET}GetMetricData`) return service.getMetricData(readBody(request));
  if (target === `${TARGET}PutMetricData`) {
    service.putMetricData(readBody(request));
    return {};
  }
  const [route = ""] = path.split("?");
  if (method === "GET" && route.replace(/\/$/, "") === ACCOUNT_SETTINGS) return service.getAccountSettings();
  const operation = route.startsWith("/service/") ? route : request.body.toString("latin1");
  if (method === "POST" && OTHER_PROTOCOLS.test(operation))
    throw new AwsError(
      400,
      "InvalidAction",
      "Metrics are answered here in CloudWatch's JSON protocol only; " +
        "ask by a client that speaks it, such as @aws-sdk/client-cloudwatch 3.1162.",
    );
  return undefined;
}

function readBody({ headers, body }: ProxiedRequest): JsonObject {
  const text = (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
  const parsed = parseObject(text);
  if (parsed !== undefined) return parsed;
  const begin = JSON.stringify(text.slice(0, 40));
  throw new AwsError(400, "SerializationException", `The request's body is no JSON object; it begins ${begin}.`);
}

function writeJson(reply: ServerResponse, status: number, body: JsonObject): void {
  reply.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(body));
}

/** The name is also in the headers, where older clients look for it. */
function writeRefusal(reply: ServerResponse, { status, name, message }: AwsError): void {
  reply.setHeader("x-amzn-errortype", name);
  reply.setHeader("x-amzn-query-error", `${name};${status < 500 ? "Sender" : "Receiver"}`);
  writeJson(reply, status, { __type: name, message });
}
