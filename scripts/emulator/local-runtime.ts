import { join } from "node:path";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { isLoopback } from "../kit/loopback";
import { provideNodeBinary } from "../kit/node-binary";
import { readApplied, type Applied } from "./applied/applied";
import { QueuePollers } from "./events/queue-poller";
import { Schedules, SYSTEM_TIMERS, type Timers } from "./events/schedules";
import { FunctionHost, type FunctionEnvironment, type RuntimeContext } from "./functions/function-host";
import { CodeStore, FunctionVersions } from "./functions/function-versions";
import { assertDistinct, type Caller } from "./gateway/authorization";
import { Gateway } from "./gateway/gateway";
import type { AuthorizerAnswer } from "./gateway/policy";
import { RestApi } from "./gateway/rest-api";
import { AccessLog, ExpiringCache, ResponseCache, Throttle } from "./gateway/stage";
import { LocalMetrics } from "./metrics/local-metrics";
import { REAL_TIME, type TimeLapse } from "./metrics/metric-store";
import { StatisticsRecorder, type Statistics } from "./statistics";

export interface LocalRuntimeOptions {
  /** The user's: a Node.js of the applied version is looked for, or fetched, with it. */
  readonly environment: NodeJS.ProcessEnv;
  /** The parsed output of `terraform show -json`, after an apply. */
  readonly state: unknown;
  /** Folder in which terraform ran. The names of the applied zip files are relative to it. */
  readonly moduleDirectory: string;
  /** `http://127.0.0.1:<port>` of the emulator that the stack was applied to. */
  readonly endpoint: string;
  /** The address that the functions call, such as a fault proxy's. Default: the emulator's. */
  readonly functionEndpoint?: string;
  /**
   * Variables of the functions' processes beyond the applied ones and Lambda's own, such as NODE_EXTRA_CA_CERTS for a
   * test's own server. Default: none.
   */
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly region: string;
  /** Who may sign requests. */
  readonly callers: readonly Caller[];
  /** Name of the header by which a call says through which VPC endpoint it comes. Default: X-Local-Vpc-Endpoint. */
  readonly endpointHeader?: string;
  /** Folder for unpacked code (`code/`) and logs (`logs/`). Code in it from before serves older versions. */
  readonly workDirectory: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Draws the version of a weighted alias, 0 to 1. Default: Math.random. */
  readonly random?: () => number;
  /** Milliseconds since 1970, for cache, throttling, quotas and signatures. Default: Date.now. */
  readonly now?: () => number;
  /** Timers of the schedules. Default: the system's. */
  readonly timers?: Timers;
  /** Whether metrics are recorded and answered at {@link LocalRuntime.metricsUrl}. Default: no. */
  readonly metrics?: boolean;
  /** How time passes in metrics. Default: in real time. */
  readonly metricsTime?: TimeLapse;
  /** Is called with what is applied but not emulated, and with errors in the background. Default: ignored. */
  readonly warn?: (message: string) => void;
}

/** Starts serving what terraform applied. @throws Error where something of it cannot be served */
export async function startLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  assertDistinct(options.callers);
  const { endpoint, region, workDirectory, metrics = false, metricsTime = REAL_TIME, warn = () => undefined } = options;
  const clients = createEmulatorClients(endpoint, region);
  const logDirectory = join(workDirectory, LOGS);
  const runtime = new LocalRuntime(
    options,
    clients,
    metrics
      ? await LocalMetrics.start({ emulator: endpoint, sqs: clients.sqs, logDirectory, time: metricsTime, warn })
      : undefined,
  );
  try {
    await runtime.reload(options.state);
    return runtime;
  } catch (error) {
    await runtime.stop().catch(() => undefined); // Why it did not start matters more.
    throw error;
  }
}

/** Folder of the functions' logs and the access log, in the work directory. */
const LOGS = "logs";

/** The applied stack, served on loopback. {@link startLocalRuntime} makes one. */
export class LocalRuntime {
  private readonly recorder = new StatisticsRecorder();
  private readonly now: () => number;
  private readonly warn: (message: string) => void;
  private readonly code: CodeStore;
  private readonly throttle: Throttle;
  private readonly authorizerCache: ExpiringCache<AuthorizerAnswer>;
  private readonly accessLog: AccessLog;
  private readonly pollers: QueuePollers;
  private readonly schedules: Schedules;
  private cache: ResponseCache;
  private applied: Applied | undefined;
  private host: FunctionHost | undefined;
  private gateway: Gateway | undefined;

  constructor(
    private readonly options: LocalRuntimeOptions,
    private readonly clients: EmulatorClients,
    private readonly metrics: LocalMetrics | undefined,
  ) {
    const { workDirectory, moduleDirectory, timers = SYSTEM_TIMERS } = options;
    this.now = options.now ?? Date.now;
    this.warn = options.warn ?? (() => undefined);
    this.code = new CodeStore(join(workDirectory, "code"), moduleDirectory);
    this.throttle = new Throttle(this.now);
    this.authorizerCache = new ExpiringCache(this.now);
    this.cache = new ResponseCache(this.now);
    this.accessLog = new AccessLog(join(workDirectory, LOGS));
    this.pollers = new QueuePollers({ ...this.common, ...clients });
    this.schedules = new Schedules({ ...this.common, now: this.now, timers });
  }

  /** `http://127.0.0.1:<port>/<stage>`. */
  get url(): string {
    return `http://127.0.0.1:${this.gateway?.port ?? 0}/${this.applied?.stage.name ?? ""}`;
  }

  /** `http://127.0.0.1:<port>` of AWS with the metrics of what ran here. Undefined: no metrics are recorded. */
  get metricsUrl(): string | undefined {
    return this.metrics?.url;
  }

  /** The functions' environments. */
  get environments(): readonly FunctionEnvironment[] {
    return this.host?.environments ?? [];
  }

  statistics(): Statistics {
    return this.recorder.snapshot();
  }

  /** Call it before another apply: it switches the emulator's own mappings back, so that terraform sees no change. */
  async beforeApply(): Promise<void> {
    if (this.applied !== undefined) await this.pollers.unsilenceEmulator(this.applied);
  }

  /** Serves another apply, on the same port. Where it fails, the earlier configuration stays. */
  async reload(state: unknown): Promise<void> {
    const applied = readApplied(state, this.warn);
    for (const each of applied.functions) this.code.keep(each);
    const versions = await FunctionVersions.load(applied.functions, applied.aliases, this.clients.lambda);
    // As on AWS, a cluster that is switched or resized is a new one, and empty.
    const keepsCache = this.applied === undefined || clusterOf(this.applied) === clusterOf(applied);
    const cache = keepsCache ? this.cache : new ResponseCache(this.now);
    const api = this.createApi(applied, cache);
    await this.pollers.silenceEmulator(applied);
    if (this.host === undefined) this.host = await this.createHost(versions);
    else await this.host.reconfigure(versions);
    this.applied = applied;
    this.metrics?.configure(applied);
    this.cache = cache;
    if (this.gateway === undefined) this.gateway = await Gateway.listen(this.options.port ?? 0, api, this.warn);
    else this.gateway.use(api);
    await this.pollers.configure(applied);
    this.schedules.configure(applied);
  }

  /** Ends everything that was started, and waits until it is gone. A second call does nothing. */
  async stop(): Promise<void> {
    this.schedules.stop();
    await Promise.all([this.gateway?.close(), this.pollers.stop()]);
    await this.host?.stop();
    await this.pollers.settled();
    await Promise.all([this.accessLog.close(), this.metrics?.stop()]);
    this.gateway = undefined;
    this.clients.destroy();
  }

  /** Options that several parts share. */
  private get common(): RuntimeContext {
    return {
      region: this.options.region,
      warn: this.warn,
      statistics: this.recorder,
      invoke: async (functionArn, payload) =>
        (await this.host?.invoke(functionArn, payload)) ?? { kind: "unknown-function" },
      observer: this.metrics?.recorder,
    };
  }

  private createApi(applied: Applied, cache: ResponseCache): RestApi {
    const { now, throttle, authorizerCache, accessLog } = this;
    const { callers, endpointHeader } = this.options;
    const own = { callers, endpointHeader, now, cache, authorizerCache, throttle, accessLog };
    return new RestApi(applied, { ...this.common, ...own });
  }

  private async createHost(versions: FunctionVersions): Promise<FunctionHost> {
    const { functionEndpoint: endpoint = this.options.endpoint, random = Math.random } = this.options;
    for (const runtime of new Set(versions.all().map((each) => each.runtime)))
      await provideNodeBinary(runtime, this.warn, this.options.environment);
    return new FunctionHost({ ...this.options, ...this.common, endpoint, random, code: this.code }, versions);
  }
}

/** A text that changes when API Gateway would make another cache cluster. */
function clusterOf({ api, stage }: Applied): string {
  return [api.id, stage.name, stage.cacheClusterEnabled, stage.cacheClusterSize].join(" ");
}

/**
 * Creates clients with a complete configuration, so that no variable, profile or metadata service of this machine can
 * lead them elsewhere.
 * @throws Error for an endpoint that is not on loopback, because the runtime deletes messages and changes mappings
 */
export function createEmulatorClients(endpoint: string, region: string) {
  if (!isLoopback(endpoint))
    throw new Error(
      `The emulator's endpoint is "${endpoint}", and the local runtime works on loopback only. ` +
        "Allowed: http://127.0.0.1:<port>, http://[::1]:<port> or http://localhost:<port>.",
    );
  const common = {
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 2,
    retryMode: "standard" as const,
    defaultsMode: "standard" as const,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    userAgentAppId: "local-runtime",
  };
  const lambda = new LambdaClient(common);
  // The queue URLs in the state have the host that terraform saw; only the given endpoint may be called.
  const sqs = new SQSClient({ ...common, useQueueUrlAsEndpoint: false });
  const destroy = () => [lambda, sqs].forEach((client) => client.destroy());
  return { lambda, sqs, destroy };
}

export type EmulatorClients = ReturnType<typeof createEmulatorClients>;
