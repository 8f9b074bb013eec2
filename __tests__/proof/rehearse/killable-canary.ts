import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CanaryPhase, KillPoint } from "../kills/kill-points";
import { killTree } from "../../support/process-tree";
import type { RunPlace } from "./local-canary";

/** What the process of a canary is given. */
export interface CanaryProcessInput {
  readonly place: RunPlace;
  /** `name=value`, of the new version and of each plan. */
  readonly vars: readonly string[];
  /** The whole environment of terraform and its provider. */
  readonly terraformEnvironment: NodeJS.ProcessEnv;
}

/**
 * Steps and times of a canary that is killed, in minutes of the metrics. Only KPIs that a few dozen requests decide are
 * judged, because latency depends on what else the machine does.
 */
export const KILLED_CANARY = {
  steps: "50,100",
  interval: "5m",
  deadline: "10h",
  only: ["error_rate", "failed_requests"],
} as const;

/** What it tells. */
export type FromCanary =
  | { readonly at: CanaryPhase }
  | { readonly applied: true }
  | { readonly exitCode: number; readonly text: string }
  | { readonly failed: string };

/** What it is told: what it has applied is served. */
export interface ToCanary {
  readonly served: true;
}

/** What became of a canary that was to be killed. */
export interface Killing {
  /** Milliseconds since it was started. */
  readonly atMs: number;
  /** What it was at. */
  readonly during: CanaryPhase;
  /** How it ended by itself, before the kill; undefined = it was killed. */
  readonly ended: string | undefined;
}

/** Milliseconds that each phase takes on a quiet machine, until one was seen. */
const FIRST_GUESSES: Readonly<Record<CanaryPhase, number>> = {
  publish: 12_000,
  share: 6_000,
  "watch share": 10_000,
  promotion: 6_000,
  "watch all": 10_000,
  end: 5_000,
};

const live = new Set<ChildProcess>();
let watching = false;

/** Starts canaries in processes of their own, and kills each with all that it has started. */
export class KillableCanaries {
  private readonly usualMs: Record<CanaryPhase, number> = { ...FIRST_GUESSES };

  /** @param serve serves what a canary has applied */
  constructor(private readonly serve: () => Promise<void>) {}

  /** Runs one until the point, or to its end where that comes first. Rejects where it fails by itself. */
  async killAt(point: KillPoint, input: CanaryProcessInput, signal: AbortSignal): Promise<Killing> {
    const child = start(input);
    const started = performance.now();
    let [during, sinceMs]: [CanaryPhase, number] = ["publish", started];
    let timer: NodeJS.Timeout | undefined;
    // Once it has ended its id may be another's.
    const kill = () =>
      void (child.pid !== undefined && child.exitCode === null && child.signalCode === null && killTree(child.pid));
    const enter = (phase: CanaryPhase) => {
      if (phase !== during) this.usualMs[during] = performance.now() - sinceMs;
      [during, sinceMs] = [phase, performance.now()];
      if (phase === point.phase) timer ??= setTimeout(kill, point.fraction * this.usualMs[phase]);
    };
    signal.addEventListener("abort", kill, { once: true });
    try {
      const ended = await this.followed(child, enter);
      signal.throwIfAborted();
      return { atMs: Math.round(performance.now() - started), during, ended };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      kill();
    }
  }

  /** Follows a canary to its end. @returns what it said where it was not killed */
  private followed(child: ChildProcess, enter: (phase: CanaryPhase) => void): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      let [ended, errors]: [string | undefined, string] = [undefined, ""];
      const fail = (what: string) => reject(new Error(`The canary that was to be killed ${what}`));
      const tellServed = () => child.connected && child.send({ served: true } satisfies ToCanary, () => undefined);
      child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
      child.on("message", (message: FromCanary) => {
        if ("at" in message) enter(message.at);
        else if ("applied" in message) this.serve().then(tellServed, reject);
        else if ("failed" in message) fail(`failed by itself: ${message.failed}`);
        else if (message.exitCode === 0) ended = message.text;
        else fail(`ended by itself with exit code ${message.exitCode}:\n${message.text}`);
      });
      child.once("error", reject);
      child.once("close", (code, killedBy) => {
        if (ended !== undefined || killedBy === "SIGKILL") resolve(ended);
        else fail(`ended with code ${code ?? killedBy}: ${errors.slice(-2_000)}`);
      });
    });
  }
}

function start(input: CanaryProcessInput): ChildProcess {
  const entry = join(__dirname, "canary-process.ts");
  const { PATH, HOME } = input.terraformEnvironment;
  const child = fork(entry, [JSON.stringify(input)], {
    env: { PATH, HOME },
    execArgv: ["--import", pathToFileURL(require.resolve("tsx")).href],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  live.add(child);
  child.once("exit", () => live.delete(child));
  if (!watching) process.once("exit", () => [...live].forEach(({ pid }) => pid !== undefined && killTree(pid)));
  watching = true;
  return child;
}
