import pc from "picocolors";
import { brokenLine, countByName, countsText, mark } from "../text";
import {
  PROMISES,
  judgeHistory,
  type HistoryVerdict,
  endsInLog,
  type Promised,
  settledStatuses,
  watchMemory,
  type MemoryTrend,
} from "./history";
import { median } from "../../../scripts/kit/quantiles";
import { join } from "node:path";
import { FaultProxy } from "../../../scripts/emulator/faults/fault-proxy";
import { seededRandom } from "../../../scripts/kit/random";
import { NETWORK_FAULTS, runChaos, runLoad } from "./load";
import { AgentApiClient } from "../../../scripts/kit/api-client";
import { startAgentServer, type AgentBehaviour, type AgentServer } from "../../support/agent-server";
import type { CommandContext, CommandResult } from "../../../scripts/kit/context";
import { CALLERS, LocalStack, REGION } from "../../../scripts/local/local-stack";

const NOTHING = "nothing was done";

/** A soak's findings for a person. */
function describeSoak(report: SoakReport): string {
  const { verdict, records, options, seconds, memory } = report;
  const open = (records["queued"] ?? 0) + (records["processing"] ?? 0);
  const reasons = Object.keys(verdict.reasons).length > 0 ? `   because: ${countsText(verdict.reasons, NOTHING)}` : "";
  return [
    pc.bold(
      `${verdict.requests} of ${options.requests} requests by ${options.concurrency} callers ` +
        `in ${seconds.toFixed(0)} s (seed ${options.seed})`,
    ),
    `  endings    ${countsText(verdict.endings, NOTHING)}${reasons}`,
    `  processes  ${countsText(report.chaos, NOTHING)}`,
    `  calls      ${countsText(report.network, NOTHING)}`,
    `  agents     ${countsText(report.agents, NOTHING)}`,
    "",
    ...Object.entries(verdict.broken).map(([promise, ids]) =>
      brokenLine(ids.length, PROMISES[promise as Promised], ids),
    ),
    brokenLine(open, "records still open in the table, whether a caller knows them or not"),
    `  ${mark(report.memoryIsFlat)} memory of ${memory.length} processes that lived: ${describeMemory(report)}`,
  ].join("\n");
}

function describeMemory({ memory }: SoakReport): string {
  if (memory.length === 0) return "too few samples";
  const [first, last] = [memory.map(({ firstMiB }) => firstMiB), memory.map(({ lastMiB }) => lastMiB)];
  const worst = Math.max(...memory.map(({ firstMiB, lastMiB }) => (lastMiB / firstMiB - 1) * 100));
  const medians = `${median(first).toFixed(0)} MiB at first, ${median(last).toFixed(0)} MiB at last (medians)`;
  return `${medians}; the worst grew by ${worst.toFixed(0)} %`;
}

export interface SoakOptions {
  readonly requests: number;
  /** Kill, freeze and disturb; agents may do something else than answer. */
  readonly faults: boolean;
  /** The same seed draws the same faults; what they hit depends on the machine's timing all the same. */
  readonly seed: number;
  /** Callers at once. */
  readonly concurrency: number;
  /** Keep the folder with state and logs. */
  readonly keep: boolean;
}

/** Of the requests, the last ones are sent without kills and freezes: memory is watched in processes that live. */
const CALM_SHARE = 0.25;

/** Milliseconds until a caller gives up on a request. It covers two lapsed leases and the queue behind them. */
const PATIENCE_MS = 240_000;

/** Schedules run so many times as often as they are applied: a minute between two sweeps becomes five seconds. */
const FASTER_SCHEDULES = 12;

/** Growth of a process that is noise: V8 grows its heap in steps. */
const MAX_GROWTH_PERCENT = 25;

const SETTINGS = [
  "reserved_concurrent_executions=8",
  "timeout=120",
  "request_deadline_in_seconds=900",
  "throttling_rate_limit=1000",
  "throttling_burst_limit=2000",
];

/** What a run found. */
export interface SoakReport {
  readonly options: SoakOptions;
  readonly seconds: number;
  readonly verdict: HistoryVerdict;
  /** What was done to processes. */
  readonly chaos: Readonly<Record<string, number>>;
  /** What was done to calls, by kind. */
  readonly network: Readonly<Record<string, number>>;
  /** What agents did beside answering. */
  readonly agents: Readonly<Record<string, number>>;
  /** Records in the table at the end, by status: no open one may stay, whether a caller knows it or not. */
  readonly records: Readonly<Record<string, number>>;
  readonly memory: readonly MemoryTrend[];
  readonly memoryIsFlat: boolean;
  readonly holds: boolean;
}

/**
 * Sends requests to the local runtime while functions are killed and frozen and their calls disturbed, and checks the
 * history: none lost, none ended twice, none stuck, each caller with a terminal state. Exit code 1 where one is not.
 */
export async function soak(context: CommandContext, options: SoakOptions): Promise<CommandResult> {
  const random = seededRandom(options.seed);
  const behaved: Record<string, number> = {};
  const server = await startAgentServer(({ prompt }) =>
    drawBehaviour(prompt, { faults: options.faults, random, behaved }),
  );
  const proxies: FaultProxy[] = [];
  try {
    const settings = { agents: agentsOf(server) };
    const runtime = async (emulator: string, undo: (step: () => Promise<void>) => void) => {
      const proxy = await FaultProxy.start({ upstream: emulator, random, serialize: oneWriteAtATime });
      proxies.push(proxy);
      undo(() => proxy.stop());
      return { functionEndpoint: proxy.url, timers: { every: faster } };
    };
    const report = await LocalStack.with(context, { settings, vars: SETTINGS, keep: options.keep, runtime }, (stack) =>
      runSoak(context, options, { stack, proxy: proxies[0]!, random, behaved }),
    );
    return { exitCode: report.holds ? 0 : 1, text: describeSoak(report), json: report };
  } finally {
    await server.stop();
  }
}

/** Two agents in two phases, and short, so that what is measured is ours. */
function agentsOf({ url }: AgentServer) {
  return ["planner", "critic"].map((name) => ({
    name,
    kind: "http",
    target: `${url}/${name}`,
    timeout_seconds: 4,
    phases: [1, 2],
  }));
}

function drawBehaviour(
  prompt: string,
  { faults, random, behaved }: Pick<SoakSubject, "random" | "behaved"> & Pick<SoakOptions, "faults">,
): AgentBehaviour {
  const drawn = faults ? random() : 1;
  const does = (what: string, behaviour: AgentBehaviour) => {
    behaved[what] = (behaved[what] ?? 0) + 1;
    return behaviour;
  };
  if (drawn < 0.01) return does("hang", { kind: "hang" });
  if (drawn < 0.03) return does("429", { kind: "refuse", status: 429, retryAfterSeconds: 1 });
  if (drawn < 0.05) return does("reset", { kind: "reset" });
  return { kind: "answer", delayMs: 20 + Math.floor(random() * 180), text: `You said: ${prompt}` };
}

/**
 * The emulator checks a condition and then writes; DynamoDB does both at once, and so does one write after the other.
 */
const oneWriteAtATime = ({ service, operation }: { readonly service: string; readonly operation: string }) =>
  service === "dynamodb" && !["GetItem", "Query"].includes(operation) ? "writes" : undefined;

function faster(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms / FASTER_SCHEDULES);
  return () => clearInterval(timer);
}

/** What a soak disturbs and watches. */
interface SoakSubject {
  readonly stack: LocalStack;
  /** Between the functions and the emulator. */
  readonly proxy: FaultProxy;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Counts what agents did beside answering. */
  readonly behaved: Record<string, number>;
}

async function runSoak(
  context: CommandContext,
  options: SoakOptions,
  { stack, proxy, random, behaved }: SoakSubject,
): Promise<SoakReport> {
  const { progress } = context;
  const started = performance.now();
  const clients = CALLERS.map((caller) => new AgentApiClient(stack.runtime.url, REGION, caller));
  const send = (title: string, requests: number) =>
    progress.step(title, (detail) =>
      runLoad({
        clients,
        requests,
        concurrency: options.concurrency,
        random,
        patienceMs: PATIENCE_MS,
        signal: context.signal,
        onEnded: (ended) => detail(`${ended} of ${requests} have ended`),
      }),
    );
  const environments = () => stack.runtime.environments;
  if (options.faults) proxy.setFaults(NETWORK_FAULTS);
  const calm = Math.ceil(options.requests * CALM_SHARE);
  const [disturbed, chaos] = await beside(
    () =>
      send(
        `Send ${options.requests - calm} requests${options.faults ? " under kills, freezes and faults" : ""}`,
        options.requests - calm,
      ),
    (signal) => (options.faults ? runChaos({ environments, random, signal }) : Promise.resolve({})),
  );
  const [watched, memory] = await beside(
    () => send(`Send ${calm} requests without kills, and watch the memory`, calm),
    (signal) => watchMemory(environments, signal),
  );
  proxy.setFaults([]);
  const records = await progress.step("Wait until no record is open", () =>
    settledStatuses(
      { endpoint: stack.emulator, region: REGION },
      String(stack.output("requests_table_name")),
      PATIENCE_MS,
    ),
  );
  const log = join(stack.folder, "logs", `${String(stack.output("worker_function_name"))}.log`);
  const endings = countByName(endsInLog(log).map(({ requestId }) => requestId));
  const verdict = judgeHistory([...disturbed, ...watched], endings);
  const memoryIsFlat = memory.every(({ firstMiB, lastMiB }) => lastMiB <= firstMiB * (1 + MAX_GROWTH_PERCENT / 100));
  const open = (records["queued"] ?? 0) + (records["processing"] ?? 0);
  return {
    options,
    seconds: (performance.now() - started) / 1_000,
    verdict,
    chaos,
    network: proxy.statistics().faults,
    agents: behaved,
    records,
    memory,
    memoryIsFlat,
    holds: verdict.holds && verdict.requests === options.requests && open === 0 && memoryIsFlat,
  };
}

/** Does `aside` while `main` runs, and ends it with it. */
async function beside<T, U>(main: () => Promise<T>, aside: (signal: AbortSignal) => Promise<U>): Promise<[T, U]> {
  const ended = new AbortController();
  const other = aside(ended.signal);
  try {
    const done = await main();
    ended.abort();
    return [done, await other];
  } finally {
    ended.abort();
  }
}
