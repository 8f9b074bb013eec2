import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runFuzz, type FuzzRunOptions, type FuzzRunReport } from "../fuzz/fuzz-run";
import type { Finding } from "../judges/fuzz/finding";
import { leaksInLog } from "../judges/fuzz/leaks";
import type { CallersDocument } from "../judges/openapi/document";
import { seededRandom } from "../judges/statistics/seeded-random";
import { startAgentServer } from "../tools/agent-server";
import { credentialsIn, findCredentials } from "../tools/aws-client";
import type { FuzzCaller } from "../tools/caller-proof";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import { describeFuzz } from "./fuzz-text";
import { readJson } from "./given-state";
import { CALLERS, LocalStack, REGION } from "./local-stack";
import { PUBLISHED, publishedDocument } from "./openapi";

export interface FuzzOptions {
  readonly requests: number;
  /** Draws the requests: the same seed sends the same ones. */
  readonly seed: number;
  readonly concurrency: number;
  /** Stage of a running API to fuzz. Default: a stack of its own on this machine. */
  readonly url?: string;
  /** AWS profile of a second caller of `url`. */
  readonly otherProfile?: string;
  /** Keep the folder with state and logs. */
  readonly keep: boolean;
}

/** What a run found. */
export interface FuzzReport extends FuzzRunReport {
  readonly seed: number;
  readonly url: string;
  readonly seconds: number;
  /** Log files that were read; none where the API runs elsewhere. */
  readonly logs: readonly string[];
  /** The number of findings of each kind that has a promise of its own. */
  readonly promises: { readonly serverErrors: number; readonly hangs: number; readonly leaks: number };
  readonly holds: boolean;
}

const SETTINGS = ["reserved_concurrent_executions=8", "throttling_rate_limit=1000", "throttling_burst_limit=2000"];

/** Milliseconds of an agent's answer: what is fuzzed is the API. */
const AGENT_MS = 10;

/**
 * Sends what the OpenAPI document allows and what it forbids, byte by byte, and judges every answer: documented, no fault,
 * no hang, nothing of another caller or of how the service is built. Exit code 1 at any finding.
 */
export async function fuzz(context: CommandContext, options: FuzzOptions): Promise<CommandResult> {
  const report = options.url === undefined ? await fuzzLocally(context, options) : await fuzzElsewhere(context, options, options.url);
  return { exitCode: report.holds ? 0 : 1, text: describeFuzz(report), json: report };
}

/** Two callers of a stack that is there only for them. Its agents repeat the prompt, so that a leak would be one. */
async function fuzzLocally(context: CommandContext, options: FuzzOptions): Promise<FuzzReport> {
  const agents = await startAgentServer(({ prompt }) => ({ kind: "answer", delayMs: AGENT_MS, text: `You said: ${prompt}` }));
  try {
    const settings = { agents: [{ name: "echo", kind: "http", target: `${agents.url}/echo`, timeout_seconds: 10, phases: [1] }] };
    return await LocalStack.with(context, { settings, vars: SETTINGS, keep: options.keep }, (stack) =>
      measured(context, options, {
        url: stack.runtime.url,
        region: REGION,
        document: publishedDocument(stack.directory, { authorization: "iam" }),
        callers: CALLERS.map((credentials) => ({ kind: "iam", credentials })),
        names: (["requests_table_name", "sessions_table_name", "results_bucket_name", "api_function_name", "worker_function_name", "sweeper_function_name", "work_queue_url", "dead_letter_queue_url"] as const).map((name) => String(stack.output(name))),
        marker: `qtfuzz${options.seed.toString(36)}`,
      }, { folder: join(stack.folder, "logs"), secrets: CALLERS.map(({ secretAccessKey }) => secretAccessKey) }),
    );
  } finally {
    await agents.stop();
  }
}

async function fuzzElsewhere(context: CommandContext, options: FuzzOptions, url: string): Promise<FuzzReport> {
  if (!/^https?:\/\/[^/?#]+(\/[\w-]+)?\/?$/.test(url)) throw new UsageError(`--url is ${JSON.stringify(url)}; allowed: the URL of a stage, such as the output api_endpoint.`);
  const path = join(context.projectDirectory, PUBLISHED);
  const { callers, region } = await callersElsewhere(context, options, url);
  // Ids and keys live on in an API that is fuzzed twice.
  const marker = `qtfuzz${options.seed.toString(36)}x${randomBytes(4).toString("hex")}`;
  return measured(context, options, { url: url.replace(/\/+$/, ""), region, document: readJson(path, "OpenAPI document") as CallersDocument, callers, names: [], marker });
}

/** As `verify --smoke` finds them: keys or tokens where they are given, else whoever the AWS tools say. */
async function callersElsewhere({ environment }: CommandContext, { otherProfile }: FuzzOptions, url: string): Promise<{ callers: FuzzCaller[]; region: string }> {
  const region = /\.execute-api\.([\w-]+)\.amazonaws\.com/.exec(url)?.[1] ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? REGION;
  const given = (name: string) => [environment[name], environment[name.replace("QUICKTURN_", "QUICKTURN_OTHER_")]].filter((value): value is string => Boolean(value));
  const [keys, tokens] = [given("QUICKTURN_API_KEY"), given("QUICKTURN_TOKEN")];
  if (keys.length > 0) return { region, callers: keys.map((apiKey) => ({ kind: "key", apiKey })) };
  if (tokens.length > 0) return { region, callers: tokens.map((token) => ({ kind: "token", token })) };
  const other = otherProfile === undefined ? credentialsIn(environment, "OTHER_") : await findCredentials({ environment, region }, otherProfile);
  const own = await findCredentials({ environment, region });
  return { region, callers: [own, ...(other ? [other] : [])].map((credentials) => ({ kind: "iam", credentials })) };
}

type Target = Pick<FuzzRunOptions, "url" | "region" | "document" | "callers" | "names" | "marker">;

/** Where the logs of functions and gateway are, and what else must not be in them. */
interface Logs {
  readonly folder: string;
  readonly secrets: readonly string[];
}

async function measured({ progress, signal }: CommandContext, { requests, seed, concurrency }: FuzzOptions, target: Target, logs?: Logs): Promise<FuzzReport> {
  const started = performance.now();
  const run = await progress.step(`Send ${requests} requests`, (detail) =>
    runFuzz({ ...target, requests, concurrency, random: seededRandom(seed), signal, onAnswered: (answered) => detail(`${answered} of ${requests} are answered`) }),
  );
  const read = logs === undefined ? { files: [], findings: [] } : judgeLogs(logs, target.marker);
  const findings = [...run.findings, ...read.findings];
  const count = (...kinds: readonly string[]) => findings.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    ...run, findings, seed, url: target.url, logs: read.files, seconds: (performance.now() - started) / 1_000,
    promises: { serverErrors: count("server_error"), hangs: count("hang"), leaks: count("leak", "log") },
    holds: findings.length === 0,
  };
}

/** What stands in the logs of functions and gateway that must not. Throws where there are none: nothing would be proven. */
export function judgeLogs({ folder, secrets }: Logs, marker: string): { files: string[]; findings: Finding[] } {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".log")).sort() : [];
  if (!files.includes("access.log") || files.length < 2) throw new Error(`${folder} holds ${files.join(", ") || "no logs"}; expected access.log and the functions' logs.`);
  return { files, findings: files.flatMap((file) => leaksInLog(file, readFileSync(join(folder, file), "utf8"), marker, secrets)) };
}
