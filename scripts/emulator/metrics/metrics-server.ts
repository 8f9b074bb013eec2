import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { readRequest, type ProxiedRequest, openUpstream, type Upstream } from "../faults/proxied-request";
import { record, type Values } from "../applied/state";

/** A refusal, as AWS words one: status, name and message reach the caller. */
export class AwsError extends Error {
  constructor(
    readonly status: number,
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** What the server answers by itself. */
export interface MetricsService {
  getMetricData(input: Values): Values;
  putMetricData(input: Values): void;
  getAccountSettings(): Values;
}

/** The target of CloudWatch's JSON protocol: what @aws-sdk/client-cloudwatch speaks. */
const TARGET = "GraniteServiceVersion20100801.";

/** The same two operations in CloudWatch's other protocols: form fields, and CBOR with the operation in its path. */
const OTHER_PROTOCOLS = /(?:^|&)Action=(?:Get|Put)MetricData(?:&|$)|\/operation\/(?:Get|Put)MetricData$/;

const ACCOUNT_SETTINGS = "/2016-08-19/account-settings";

/**
 * AWS on loopback with the metrics of what ran here: GetMetricData, PutMetricData and Lambda's GetAccountSettings.
 * Everything else the emulator answers.
 */
export class MetricsServer {
  private readonly upstream: Upstream;
  /** `http://127.0.0.1:<port>`. */
  url = "";

  private constructor(
    private readonly server: Server,
    emulator: string,
    private readonly service: MetricsService,
  ) {
    this.upstream = openUpstream(emulator);
  }

  /** @param emulator `http://127.0.0.1:<port>` */
  static async listen(emulator: string, service: MetricsService): Promise<MetricsServer> {
    const server = createServer();
    const metrics = new MetricsServer(server, emulator, service);
    server.on(
      "request",
      (message, reply) =>
        void readRequest(message, { number: 0, isOlder: false }).then(
          (request) => metrics.serve(request, reply),
          () => message.destroy(),
        ),
    );
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    metrics.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return metrics;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
    this.upstream.close();
  }

  private async serve(request: ProxiedRequest, reply: ServerResponse): Promise<void> {
    try {
      const own = this.answer(request);
      if (own !== undefined) return json(reply, 200, own);
    } catch (error) {
      return refuse(
        reply,
        error instanceof AwsError
          ? error
          : new AwsError(500, "InternalServiceFault", error instanceof Error ? error.message : String(error)),
      );
    }
    try {
      const { status, headers, body } = await this.upstream.send(request);
      reply.writeHead(status, headers).end(body);
    } catch (error) {
      refuse(
        reply,
        new AwsError(
          502,
          "BadGateway",
          `The emulator does not answer: ${error instanceof Error ? error.message : String(error)}`,
        ),
      );
    }
  }

  /** Undefined where the emulator answers. */
  private answer(request: ProxiedRequest): Values | undefined {
    const { method, path, headers } = request;
    const target = String(headers["x-amz-target"] ?? "");
    if (target === `${TARGET}GetMetricData`) return this.service.getMetricData(bodyOf(request));
    if (target === `${TARGET}PutMetricData`) {
      this.service.putMetricData(bodyOf(request));
      return {};
    }
    const [route = ""] = path.split("?");
    if (method === "GET" && route.replace(/\/$/, "") === ACCOUNT_SETTINGS) return this.service.getAccountSettings();
    if (
      method === "POST" &&
      OTHER_PROTOCOLS.test(route.startsWith("/service/") ? route : request.body.toString("latin1"))
    ) {
      throw new AwsError(
        400,
        "InvalidAction",
        "Metrics are answered here in CloudWatch's JSON protocol only; ask by a client that speaks it, such as @aws-sdk/client-cloudwatch 3.1162.",
      );
    }
    return undefined;
  }
}

function bodyOf({ headers, body }: ProxiedRequest): Values {
  const text = (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
  try {
    const parsed = record(JSON.parse(text));
    if (parsed !== undefined) return parsed;
  } catch {
    // Told below: it is no object either way.
  }
  throw new AwsError(
    400,
    "SerializationException",
    `The request's body is no JSON object; it begins ${JSON.stringify(text.slice(0, 40))}.`,
  );
}

function json(
  reply: ServerResponse,
  status: number,
  body: Values,
  headers: Readonly<Record<string, string>> = {},
): void {
  reply.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers }).end(JSON.stringify(body));
}

/** The name is in the header that an older client reads, too. */
function refuse(reply: ServerResponse, { status, name, message }: AwsError): void {
  json(
    reply,
    status,
    { __type: name, message },
    { "x-amzn-errortype": name, "x-amzn-query-error": `${name};${status < 500 ? "Sender" : "Receiver"}` },
  );
}
