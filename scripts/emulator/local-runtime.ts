import { join } from "node:path";
import { AccessLog } from "./gateway/access-log";
import { readApplied, type Applied } from "./applied/applied";
import { assertDistinct, type Caller } from "./gateway/authorization";
import { CodeStore, FunctionVersions } from "./functions/function-versions";
import { createEmulatorClients, type EmulatorClients } from "./emulator-clients";
import { FunctionHost, type FunctionEnvironment } from "./functions/function-host";
import { Gateway } from "./gateway/gateway";
import { type Observer, StatisticsRecorder, type Statistics } from "./statistics";
import { QueuePollers } from "./events/queue-pollers";
import { ResponseCache } from "./gateway/response-cache";
import { RestApi } from "./gateway/rest-api";
import { LocalMetrics } from "./metrics/local-metrics";
import { REAL_TIME, type TimeLapse } from "./metrics/recorder";
import { Schedules, SYSTEM_TIMERS, type Timers } from "./events/schedules";
import { AuthorizerDecisions } from "./gateway/token-authorizer";
import { Throttle } from "./gateway/throttle";

export interface LocalRuntimeOptions {
  /** The parsed output of `terraform show -json`, after an apply. */
  readonly state: unknown;
  /** Folder that terraform ran in: the applied zip files are named relative to it. */
  readonly moduleDirectory: string;
  /** `http://127.0.0.1:<port>` of the emulator that the stack was applied to. */
  readonly endpoint: string;
  /** Where the functions' own calls go. Default: to the emulator; give a fault proxy's address to disturb them. */
  readonly functionEndpoint?: string;
  /**
   * Variables of the functions' processes beyond the applied ones and Lambda's own, such as NODE_EXTRA_CA_CERTS for a
   * server of a test. Default: none.
   */
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly region: string;
  /** Who may sign requests. */
  readonly callers: readonly Caller[];
  /** For unpacked code (`code/`) and logs (`logs/`). Give the same one again, and older versions keep their code. */
  readonly workDirectory: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Draws the version of a weighted alias, 0 to 1. Default: Math.random. */
  readonly random?: () => number;
  /** Milliseconds since 1970, for cache, throttling, quotas and signatures. Default: Date.now. */
  readonly now?: () => number;
  /** Fires schedules. Default: the system's timers. */
  readonly timers?: Timers;
  /** Records what CloudWatch would have, and answers GetMetricData at {@link LocalRuntime.metricsUrl}. Default: no. */
  readonly metrics?: boolean;
  /** With `metrics`: how time passes in them. Default: as it is. */
  readonly metricsTime?: TimeLapse;
  /** Told what is applied and not emulated, and what went wrong in the background. Default: nobody. */
  readonly warn?: (message: string) => void;
}

/** The applied stack, served on loopback. */
export interface LocalRuntime {
  /** `http://127.0.0.1:<port>/<stage>`. */
  readonly url: string;
  /** `http://127.0.0.1:<port>` of AWS with the metrics of what ran here; undefined without them. */
  readonly metricsUrl: string | undefined;
  /** Process ids of the functions' environments. */
  readonly pids: readonly number[];
  /** The functions' environments. */
  readonly environments: readonly FunctionEnvironment[];
  /**
   * Call before another apply: gives the emulator back what the runtime took over, so that terraform finds what it
   * applied.
   */
  beforeApply(): Promise<void>;
  /** Takes another apply, on the same port. Where it fails, the earlier configuration stays. */
  reload(state: unknown): Promise<void>;
  statistics(): Statistics;
  /** Ends everything that was started, and waits until it is gone. Calling it twice does no harm. */
  stop(): Promise<void>;
}

/** Starts serving what terraform applied. */
export async function startLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  assertDistinct(options.callers);
  const clients = createEmulatorClients(options.endpoint, options.region);
  const runtime = new Runtime(
    options,
    clients,
    options.metrics === true ? await startMetrics(options, clients) : undefined,
  );
  try {
    await runtime.load(options.state);
    return runtime;
  } catch (error) {
    await runtime.stop().catch(() => undefined); // Why it did not start matters more.
    throw error;
  }
}

function startMetrics(
  { endpoint, workDirectory, metricsTime = REAL_TIME, warn = () => undefined }: LocalRuntimeOptions,
  { sqs }: EmulatorClients,
): Promise<LocalMetrics> {
  return LocalMetrics.start({
    emulator: endpoint,
    sqs,
    logDirectory: join(workDirectory, LOGS),
    time: metricsTime,
    warn,
  });
}

/** Folder of the functions' logs and the access log, in the work directory. */
const LOGS = "logs";

class Runtime implements LocalRuntime {
  private readonly recorder = new StatisticsRecorder();
  private readonly now: () => number;
  private readonly warn: (message: string) => void;
  private readonly code: CodeStore;
  private readonly throttle: Throttle;
  private readonly decisions: AuthorizerDecisions;
  private readonly accessLog: AccessLog;
  private readonly pollers: QueuePollers;
  private readonly schedules: Schedules;
  private readonly told: { readonly observer?: Observer };
  private cache: ResponseCache;
  private applied: Applied | undefined;
  private host: FunctionHost | undefined;
  private gateway: Gateway | undefined;

  constructor(
    private readonly options: LocalRuntimeOptions,
    private readonly clients: EmulatorClients,
    private readonly metrics: LocalMetrics | undefined,
  ) {
    const { workDirectory, moduleDirectory, region } = options;
    this.now = options.now ?? Date.now;
    this.warn = options.warn ?? (() => undefined);
    this.code = new CodeStore(join(workDirectory, "code"), moduleDirectory);
    this.throttle = new Throttle(this.now);
    this.decisions = new AuthorizerDecisions(this.now);
    this.cache = new ResponseCache(this.now);
    this.accessLog = new AccessLog(join(workDirectory, LOGS));
    this.told = metrics === undefined ? {} : { observer: metrics.observer };
    const common = {
      region,
      warn: this.warn,
      invoke: (arn: string, payload: string) => this.host!.invoke(arn, payload),
      ...this.told,
    };
    this.pollers = new QueuePollers({ ...common, ...clients, statistics: this.recorder });
    this.schedules = new Schedules({ ...common, now: this.now, timers: options.timers ?? SYSTEM_TIMERS });
  }

  get url(): string {
    return `http://127.0.0.1:${this.gateway?.port ?? 0}/${this.applied?.stage.name ?? ""}`;
  }

  get metricsUrl(): string | undefined {
    return this.metrics?.url;
  }

  get pids(): readonly number[] {
    return this.host?.pids ?? [];
  }

  get environments(): readonly FunctionEnvironment[] {
    return this.host?.environments ?? [];
  }

  statistics(): Statistics {
    return this.recorder.snapshot();
  }

  async beforeApply(): Promise<void> {
    if (this.applied !== undefined) await this.pollers.unsilenceEmulator(this.applied);
  }

  async reload(state: unknown): Promise<void> {
    await this.load(state);
  }

  async load(shown: unknown): Promise<void> {
    const applied = readApplied(shown, this.warn);
    for (const each of applied.functions) this.code.keep(each);
    const versions = await FunctionVersions.load(applied.functions, applied.aliases, this.clients.lambda);
    // A cluster that is switched or resized is a new one, and empty.
    const cache =
      this.applied === undefined || sameCluster(this.applied, applied) ? this.cache : new ResponseCache(this.now);
    const api = this.createApi(applied, cache);
    await this.pollers.silenceEmulator(applied);
    await this.hostFunctions(versions);
    this.applied = applied;
    this.metrics?.configure(applied);
    this.cache = cache;
    if (this.gateway === undefined) this.gateway = await Gateway.listen(this.options.port ?? 0, api, this.warn);
    else this.gateway.use(api);
    await this.pollers.configure(applied);
    this.schedules.configure(applied);
  }

  async stop(): Promise<void> {
    this.schedules.stop();
    await Promise.all([this.gateway?.close(), this.pollers.stop()]);
    await this.host?.stop();
    await this.pollers.settled();
    await Promise.all([this.accessLog.close(), this.metrics?.stop()]);
    this.gateway = undefined;
    this.clients.destroy();
  }

  private createApi(applied: Applied, cache: ResponseCache): RestApi {
    const { region, callers } = this.options;
    const { now, throttle, decisions, warn, accessLog } = this;
    const invoke = (arn: string, payload: string) => this.host!.invoke(arn, payload);
    return new RestApi(applied, {
      region,
      callers,
      now,
      cache,
      decisions,
      throttle,
      warn,
      accessLog,
      statistics: this.recorder,
      invoke,
      ...this.told,
    });
  }

  private async hostFunctions(versions: FunctionVersions): Promise<void> {
    if (this.host !== undefined) return this.host.reconfigure(versions);
    const {
      region,
      endpoint,
      functionEndpoint = endpoint,
      processVariables = {},
      workDirectory,
      random = Math.random,
    } = this.options;
    this.host = new FunctionHost(
      {
        region,
        endpoint: functionEndpoint,
        processVariables,
        workDirectory,
        random,
        code: this.code,
        statistics: this.recorder,
        warn: this.warn,
        ...this.told,
      },
      versions,
    );
  }
}

function sameCluster(before: Applied, after: Applied): boolean {
  const of = ({ api, stage }: Applied) =>
    [api.id, stage.name, stage.cacheClusterEnabled, stage.cacheClusterSize].join(" ");
  return of(before) === of(after);
}
