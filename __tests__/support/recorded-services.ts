import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { deniedAnswer } from "../../scripts/emulator/faults/fault";
import { readRequest, type ProxiedRequest, openUpstream, type Upstream } from "../../scripts/emulator/http";
import { awsCalls, type AwsCall } from "./aws-call";

/** Who asks: terraform, the local runtime, or a function by its name. */
export type Asker = "terraform" | "runtime" | (string & {});

/** A request to an AWS API, and what IAM decides about in it. */
export interface RecordedRequest {
  readonly by: Asker;
  readonly service: string;
  readonly operation: string;
  readonly calls: readonly AwsCall[];
}

/**
 * AWS's API on loopback: an emulator, servers for the services that it lacks, and a record of who asked for what.
 * Whatever was applied through it names it, as queues' addresses do, so everybody comes by here.
 */
export class RecordedServices {
  readonly requests: RecordedRequest[] = [];
  /** Requests whose permissions nobody looked up. */
  readonly unknown: Error[] = [];
  private refusal: ((request: RecordedRequest) => boolean) | undefined;
  private readonly server: Server;

  private constructor(
    private readonly upstreamOf: (request: RecordedRequest) => Upstream,
    private readonly close: () => void,
  ) {
    this.server = createServer(
      (message, reply) => void this.serve(message, reply).catch(() => message.socket.destroy()),
    );
    // A connection is kept for as long as the caller keeps it: ended in the moment of its next request, that one would
    // fail.
    Object.assign(this.server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  }

  /**
   * @param others addresses of what the functions' calls of a service go to, by its name in signatures. All else goes
   * to the emulator
   */
  static async start(emulator: string, others: Readonly<Record<string, string>>): Promise<RecordedServices> {
    const upstream = openUpstream(emulator);
    const known = new Map(Object.entries(others).map(([service, url]) => [service, openUpstream(url)]));
    const upstreamOf = ({ by, service }: RecordedRequest) =>
      ["terraform", "runtime"].includes(by) ? upstream : (known.get(service) ?? upstream);
    const services = new RecordedServices(upstreamOf, () =>
      [upstream, ...known.values()].forEach((each) => each.close()),
    );
    await new Promise<void>((resolve) => services.server.listen(0, "127.0.0.1", resolve));
    return services;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next request of this kind is answered as where IAM refuses it. */
  refuseOnce(when: (request: RecordedRequest) => boolean): void {
    this.refusal = when;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.close();
  }

  private async serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    const request = await readRequest(message);
    const recorded = this.record(request);
    const isRefused = this.refusal?.(recorded) === true;
    if (isRefused) this.refusal = undefined;
    const { status, headers, body } = isRefused
      ? deniedAnswer(request.service)
      : await this.upstreamOf(recorded).send(request);
    reply.writeHead(status, headers).end(body);
  }

  private record(request: ProxiedRequest): RecordedRequest {
    const by = askerOf(request);
    const { service, operation } = request;
    // The runtime asks SQS in the functions' names, as Lambda's poller does. Lambda it asks for itself.
    const recorded = {
      by,
      service,
      operation,
      calls: by === "runtime" && service !== "sqs" ? [] : this.callsOf(request),
    };
    this.requests.push(recorded);
    return recorded;
  }

  private callsOf(request: ProxiedRequest): AwsCall[] {
    try {
      return awsCalls(request);
    } catch (error) {
      this.unknown.push(error as Error);
      return [];
    }
  }
}

/**
 * A function signs with a key of its own (`scripts/emulator/functions/function-process.ts`); the runtime tells its
 * name (`scripts/emulator/local-runtime.ts`).
 */
function askerOf({ headers }: ProxiedRequest): Asker {
  const [, functionName] = /Credential=local-([^/]+)\//.exec(headers.authorization ?? "") ?? [];
  return (
    functionName ??
    (/local-runtime/.test(`${headers["user-agent"]} ${headers["x-amz-user-agent"]}`) ? "runtime" : "terraform")
  );
}
