import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { findNodeBinary } from "../../kit/node-binary";
import type { VersionConfiguration } from "../applied/functions";
import { addSample, increment, type Observer, type StatisticsRecorder } from "../statistics";
import { FunctionInstance, FunctionLog, type InvocationOutcome } from "./function-instance";
import type { CodeStore, FunctionVersions, InvocationTarget } from "./function-versions";

/** How an invocation ended for its caller. */
export type InvocationResult =
  | { readonly kind: "answer"; readonly payload: string }
  | { readonly kind: "error"; readonly payload: string }
  | { readonly kind: "throttled" }
  | { readonly kind: "too-large" }
  | { readonly kind: "unknown-function" };

/** What the parts of the runtime share. */
export interface RuntimeContext {
  readonly region: string;
  readonly statistics: StatisticsRecorder;
  /** Default: none. */
  readonly observer?: Observer;
  readonly warn: (message: string) => void;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

interface HostOptions extends Omit<RuntimeContext, "invoke"> {
  readonly endpoint: string;
  /** The user's: a Node.js of the applied version is looked for with it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Variables of the processes beyond the applied ones and Lambda's own. Default: none. */
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly workDirectory: string;
  readonly code: CodeStore;
  readonly random: () => number;
}

/** One environment of a function: a process. */
export interface FunctionEnvironment {
  readonly pid: number;
  readonly functionName: string;
  /** Whether an invocation runs in it now. Otherwise it is frozen. */
  readonly busy: boolean;
}

/**
 * Most environments of a function without a limit of its own. An account allows 1,000 (Lambda quotas); a machine does
 * not.
 */
const UNRESERVED_CONCURRENCY = 100;

/** Lambda's limit for a synchronous event and for its answer: 6 MB. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** Runs functions in as many environments as are needed, up to the reserved concurrency. Idle ones are used first. */
export class FunctionHost {
  private readonly idle = new Map<string, FunctionInstance[]>();
  private readonly instances = new Set<FunctionInstance>();
  private readonly running = new Map<string, number>();
  private readonly logs = new Map<string, FunctionLog>();
  private fingerprints: ReadonlySet<string>;
  private stopped = false;

  constructor(
    private readonly options: HostOptions,
    private versions: FunctionVersions,
  ) {
    this.fingerprints = this.checkVersions(versions);
  }

  /** Takes another apply. Environments of versions that changed end now, or after the invocation under way. */
  async reconfigure(versions: FunctionVersions): Promise<void> {
    this.fingerprints = this.checkVersions(versions);
    this.versions = versions;
    const outdated = [...this.idle].filter(([fingerprint]) => !this.fingerprints.has(fingerprint));
    for (const [fingerprint] of outdated) this.idle.delete(fingerprint);
    await Promise.all(outdated.flatMap(([, instances]) => instances.map((instance) => this.end(instance))));
  }

  /** Invokes the function that an ARN names. That it is missing or busy is a result, not an exception. */
  async invoke(arn: string, payload: string): Promise<InvocationResult> {
    const target = this.stopped ? undefined : this.versions.resolve(arn, this.options.random);
    if (target === undefined) return { kind: "unknown-function" };
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) return { kind: "too-large" };
    const { functionName } = target.version;
    const statistics = this.options.statistics.function(functionName);
    const running = (this.running.get(functionName) ?? 0) + 1;
    if (running > (target.function.reservedConcurrency ?? UNRESERVED_CONCURRENCY)) {
      statistics.throttles += 1;
      this.options.observer?.throttled({ functionName, qualifier: target.qualifier });
      return { kind: "throttled" };
    }
    this.running.set(functionName, running);
    statistics.maxConcurrency = Math.max(statistics.maxConcurrency, running);
    try {
      return limitAnswer(await this.run(target, arn, payload));
    } finally {
      this.running.set(functionName, this.running.get(functionName)! - 1);
    }
  }

  get environments(): readonly FunctionEnvironment[] {
    const idle = new Set([...this.idle.values()].flat());
    return [...this.instances].flatMap((instance) => {
      const { pid, functionName } = instance;
      return pid === undefined || !instance.alive ? [] : [{ pid, functionName, busy: !idle.has(instance) }];
    });
  }

  /** Ends every environment, busy or not, and waits until they are gone. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.instances].map((instance) => this.end(instance)));
    for (const log of this.logs.values()) log.close();
    this.logs.clear();
  }

  private async run(
    { version, qualifier }: InvocationTarget,
    functionArn: string,
    payload: string,
  ): Promise<InvocationOutcome> {
    const fingerprint = fingerprintOf(version);
    const requestId = randomUUID();
    const [startedAtMs, running] = [Date.now(), new Map(this.running)];
    const log = this.logOf(version.functionName);
    const instance = (await this.takeIdle(fingerprint)) ?? (await this.start(version, log));
    log.start(requestId, version.version);
    const outcome = await instance.invoke({ requestId, functionArn, payload, traceId: createTraceId() });
    const maxMemoryUsedMiB = instance.peakMemoryMiB;
    log.report({ ...outcome, requestId, maxMemoryUsedMiB }, version);
    this.record(version, outcome, maxMemoryUsedMiB);
    this.options.observer?.invoked({
      functionName: version.functionName,
      qualifier,
      version: version.version,
      startedAtMs,
      running,
      durationMs: outcome.durationMs,
      failed: outcome.failed,
    });
    if (instance.alive && !this.stopped && this.fingerprints.has(fingerprint)) {
      this.idle.set(fingerprint, [...(this.idle.get(fingerprint) ?? []), instance]);
    } else {
      await this.end(instance);
    }
    return outcome;
  }

  /** Takes an idle environment, and ends those that died while they were idle. */
  private async takeIdle(fingerprint: string): Promise<FunctionInstance | undefined> {
    for (;;) {
      const instance = this.idle.get(fingerprint)?.pop();
      if (instance === undefined || instance.alive) return instance;
      await this.end(instance);
    }
  }

  private async start(version: VersionConfiguration, log: FunctionLog): Promise<FunctionInstance> {
    const { region, endpoint, processVariables, code } = this.options;
    const instance = await FunctionInstance.start({
      version,
      nodePath: findNodeBinary(version.runtime, this.options.environment).path,
      taskRoot: code.directoryOf(version),
      region,
      endpoint,
      processVariables,
      log,
      logStream: `local/[${version.version}]${randomUUID().replaceAll("-", "")}`,
    });
    this.instances.add(instance);
    if (this.stopped) await this.end(instance);
    return instance;
  }

  private async end(instance: FunctionInstance): Promise<void> {
    this.instances.delete(instance);
    await instance.kill();
  }

  private record(version: VersionConfiguration, outcome: InvocationOutcome, maxMemoryUsedMiB = 0): void {
    const statistics = this.options.statistics.function(version.functionName);
    statistics.invocations += 1;
    if (outcome.failed) statistics.errors += 1;
    if (outcome.initMs !== undefined) {
      statistics.coldStarts += 1;
      addSample(statistics.initMs, outcome.initMs);
    }
    addSample(statistics.durationMs, outcome.durationMs);
    statistics.maxMemoryUsedMiB = Math.max(statistics.maxMemoryUsedMiB, maxMemoryUsedMiB);
    increment(statistics.versions, version.version);
  }

  private logOf(functionName: string): FunctionLog {
    const log = this.logs.get(functionName) ?? new FunctionLog(join(this.options.workDirectory, "logs"), functionName);
    this.logs.set(functionName, log);
    return log;
  }

  /**
   * Checks that each version has its code and its Node.js, so that a missing one fails before anything is served.
   * @returns fingerprints of the versions whose environments may stay warm
   */
  private checkVersions(versions: FunctionVersions): ReadonlySet<string> {
    const all = versions.all();
    for (const version of all) this.options.code.directoryOf(version);
    const warnings = all.flatMap((version) => findNodeBinary(version.runtime, this.options.environment).warning ?? []);
    for (const warning of new Set(warnings)) this.options.warn(warning);
    return new Set(all.map(fingerprintOf));
  }
}

/** Versions with the same fingerprint can share an environment. The emulator may use a version's number again. */
function fingerprintOf(version: VersionConfiguration): string {
  return JSON.stringify(version);
}

function limitAnswer({ failed, payload }: InvocationOutcome): InvocationResult {
  const bytes = Buffer.byteLength(payload);
  if (bytes <= MAX_PAYLOAD_BYTES) return { kind: failed ? "error" : "answer", payload };
  const errorMessage =
    `Response payload size (${bytes} bytes) exceeded maximum allowed payload size ` + `(${MAX_PAYLOAD_BYTES} bytes).`;
  return { kind: "error", payload: JSON.stringify({ errorType: "Function.ResponseSizeTooLarge", errorMessage }) };
}

function createTraceId(): string {
  const id = randomUUID().replaceAll("-", "");
  return `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${id.slice(0, 24)};Parent=${id.slice(0, 16)};Sampled=0`;
}
