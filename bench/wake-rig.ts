import { fork, type ChildProcess } from "node:child_process";
import type { ProbeAnswer, ProbeCommand, Variant } from "./wake-probe";
import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../scripts/emulator/faults/fault";
import { startFaultProxy, type FaultProxy } from "../scripts/emulator/faults/fault-proxy";
import { findNodeBinary } from "../scripts/kit/node-binary";

const live = new Set<ChildProcess>();
let watching = false;

/** A probe in a process of its own, which can be frozen. */
export class WakeProcess {
  private readonly child: ChildProcess;
  private errors = "";

  /** @param file the probe's bundle  @param nodePath the Node to run it */
  constructor(file: string, nodePath: string) {
    this.child = fork(file, [], {
      execPath: nodePath,
      execArgv: [],
      env: {},
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.child.stderr?.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
    live.add(this.child);
    this.child.once("exit", () => live.delete(this.child));
    if (!watching) process.once("exit", killAll);
    watching = true;
  }

  /**
   * Gives a command and waits for its answer: undefined where there is none within `limitMs`. Rejects where the process
   * is gone.
   */
  async perform(command: ProbeCommand, limitMs: number): Promise<ProbeAnswer | undefined> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(limit);
        child.off("message", answered).off("exit", gone);
        end();
      };
      const answered = (answer: unknown) => settle(() => resolve(answer as ProbeAnswer));
      const gone = () =>
        settle(() =>
          reject(
            new Error(`The probe ended early (${child.signalCode ?? child.exitCode}): ${this.errors.slice(-2_000)}`),
          ),
        );
      const limit = setTimeout(() => settle(() => resolve(undefined)), limitMs);
      child.once("message", answered).once("exit", gone);
      if (child.exitCode !== null || child.signalCode !== null) gone();
      else child.send(command);
    });
  }

  /** As Lambda does between invocations: nothing runs, timers and sockets included. */
  freeze(): void {
    this.child.kill("SIGSTOP");
  }

  thaw(): void {
    this.child.kill("SIGCONT");
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

/** A frozen process would outlive us for ever: whichever way we end, it ends first. */
function killAll(): void {
  for (const child of live) child.kill("SIGKILL");
}

/**
 * What happens to the open connections while nobody uses them; new ones always work. `black hole`: what is sent into
 * them vanishes. `freeze`: the same, and the process is stopped meanwhile. `reset`: they answer with RST, as a NAT
 * gateway does after 350 s. `reset in freeze`: they end with RST while the process is stopped.
 */
export const INCIDENTS = ["black hole", "freeze", "reset", "reset in freeze"] as const;
export type Incident = (typeof INCIDENTS)[number];

/** One thing to measure. */
export interface WakeCase {
  readonly variant: Variant;
  readonly incident: Incident;
  /** Open ones, all of them hit. */
  readonly sockets: number;
}

/** What came of it. `cut`: no answer within the bound, and the process was ended. */
export interface WakeSample extends WakeCase {
  readonly outcome: "answered" | "failed" | "cut";
  /** From the start of the invocation to its end; where it was cut, the bound. */
  readonly ms: number;
  /**
   * Of a call before the incident, over an open socket: what the client, the proxy and the server take by themselves.
   */
  readonly warmMs: number;
  readonly attempts?: number;
  readonly error?: string;
}

/** How long things take in a measurement, in milliseconds. */
export interface WakeTimes {
  /** By how much the wall clock jumps: half an hour without an invocation. */
  readonly idleMs: number;
  /** How long a process is stopped for real. */
  readonly frozenMs: number;
  /** Time-out of the variant `time-outs`. */
  readonly requestTimeoutMs: number;
  /** When a call that hangs is given up. */
  readonly cutMs: number;
}

/** For loading and warming a probe on a busy machine. */
const SET_UP_MS = 60_000;
/** Each of the first calls lasts long enough that all of them need a socket of their own. */
const OVERLAP: Fault = { kind: "latency", ms: 20 };
const HITS: Readonly<Record<Incident, Fault["kind"] & ("black-hole" | "reset")>> = {
  "black hole": "black-hole",
  freeze: "black-hole",
  reset: "reset",
  "reset in freeze": "reset",
};

/** A server that answers at once, and probes to be woken in front of it. */
export class WakeRig {
  private constructor(
    private readonly folder: string,
    private readonly probe: string,
    private readonly server: Server,
    /** What runs the probes. */
    readonly nodePath: string,
  ) {}

  static async open(projectDirectory: string): Promise<WakeRig> {
    const folder = mkdtempSync(join(tmpdir(), "quickturn-wake-"));
    const probe = join(folder, "probe.mjs");
    await bundleProbe(projectDirectory, probe).catch((error: unknown) => {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
    const server = createServer((message, reply) => {
      message
        .resume()
        .once("end", () => reply.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new WakeRig(folder, probe, server, findNodeBinary("nodejs22.x").path);
  }

  /** Warms a probe, lets the incident happen, and measures its next call. */
  async measure(subject: WakeCase, times: WakeTimes): Promise<WakeSample> {
    const proxy = await startFaultProxy({
      upstream: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      random: () => 0,
      faults: [OVERLAP],
    });
    const probe = new WakeProcess(this.probe, this.nodePath);
    try {
      const opened = await probe.perform(
        {
          do: "open",
          variant: subject.variant,
          endpoint: proxy.url,
          sockets: subject.sockets,
          requestTimeoutMs: times.requestTimeoutMs,
        },
        SET_UP_MS,
      );
      if (opened === undefined) throw new Error(`The probe was not ready within ${SET_UP_MS} ms`);
      proxy.setFaults([]);
      const warm = await probe.perform({ do: "ask" }, SET_UP_MS);
      if (warm === undefined || !("attempts" in warm))
        throw new Error(`The probe's warm call was not answered: ${JSON.stringify(warm)}`);
      await probe.perform({ do: "jump", ms: times.idleMs }, SET_UP_MS);
      await happen(subject.incident, probe, proxy, times);
      const answer = await probe.perform({ do: "ask" }, times.cutMs);
      const sample = { ...subject, warmMs: warm.ms };
      if (answer === undefined || !("ms" in answer)) return { ...sample, outcome: "cut", ms: times.cutMs };
      return { ...sample, ...answer, outcome: "error" in answer ? "failed" : "answered" };
    } finally {
      probe.kill();
      await proxy.stop();
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function happen(
  incident: Incident,
  probe: WakeProcess,
  proxy: FaultProxy,
  { frozenMs }: WakeTimes,
): Promise<void> {
  const freezes = incident.endsWith("freeze");
  if (freezes) probe.freeze();
  proxy.setFaults([{ kind: HITS[incident], when: ({ connection }) => connection.isOlder }]);
  if (!freezes) return;
  await sleep(frozenMs);
  if (incident === "reset in freeze") proxy.resetConnections();
  probe.thaw();
}

/** The functions' own connection is in it as text: scripts import nothing of the handlers. */
const ENTRY = `
  import { Agent } from "node:http";
  import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
  import { NodeHttpHandler } from "@smithy/node-http-handler";
  import { openConnection } from "./handlers/aws/connection";
  import { openCounters } from "./handlers/telemetry";
  import { runProbe } from "./bench/wake-probe";
  runProbe({
    openConnection: () => openConnection({ counters: openCounters(), nowMs: () => Date.now() }),
    openHandler: (agent, options) => new NodeHttpHandler({ httpAgent: new Agent(agent), ...options }),
    openClient: (configuration) => {
      const client = new DynamoDBClient(configuration);
      return async () => (await client.send(new GetItemCommand({ TableName: "t", Key: { k: { S: "1" } } }))).$metadata.attempts;
    },
  }, {
    onCommand: (listener) => process.on("message", listener),
    answer: (answer) => process.send(answer),
  });
  // Else a call that hangs would keep it alive when nobody listens any more.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));`;

/** Bundled as the functions are (tools/bundle.ts), in one file. */
async function bundleProbe(projectDirectory: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents: ENTRY, resolveDir: projectDirectory, loader: "ts" },
    absWorkingDir: projectDirectory,
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    mainFields: ["module", "main"],
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    logLevel: "silent",
  });
}
