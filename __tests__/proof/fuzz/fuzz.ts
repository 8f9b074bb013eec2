import pc from "picocolors";
import { brokenLine, countsText, mark } from "../text";
import type { Finding } from "./finding";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runFuzz, type FuzzRunOptions, type FuzzRunReport } from "./fuzz-run";
import { leaksInLog } from "./leaks";
import type { CallersDocument } from "../../../scripts/publish/openapi-schemas";
import { seededRandom } from "../../../scripts/kit/random";
import type { ProbeCaller } from "../../../scripts/kit/api-client";
import type { AgentBehaviour } from "../../support/agent-server";
import type { LocalIssuer } from "../../support/local-issuer";
import { ACCESS_MODES, callersOf, settingsOf, type AccessMode, withAccessStack } from "../../support/access-modes";
import { UsageError, type CommandContext, type CommandResult } from "../../../scripts/kit/context";
import { findCallers } from "../../../scripts/gate/smoke";
import { readJson } from "../../../scripts/kit/files";
import { REGION, type LocalStack } from "../../../scripts/local/local-stack";
import { PUBLISHED, publishedDocument } from "../../../scripts/publish/openapi";

/** Findings that are shown in full; the others are counted. */
const MAX_SHOWN = 10;

/** A run's findings for a person, one access mode after the other. */
function describeFuzz({ modes, seed }: FuzzReport): string {
  return modes.map((mode) => describeMode(mode, seed)).join("\n\n");
}

function describeMode(report: FuzzModeReport, seed: number): string {
  const { authorization, tally, promises, findings, accepted, ended, logs } = report;
  const others = findings.length - promises.serverErrors - promises.hangs - promises.leaks;
  const where = logs.length > 0 ? ` and in ${logs.length} logs` : " (logs are not read: the API runs elsewhere)";
  return [
    pc.bold(
      `${authorization}: ${tally.requests} requests with ${tally.mutations} kinds of change ` +
        `in ${report.seconds.toFixed(0)} s (seed ${seed})`,
    ),
    ...Object.entries(tally.byRoute).map(([route, statuses]) => `  ${route.padEnd(8)} ${countsText(statuses, "none")}`),
    `  expected ${countsText(tally.byExpectation, "none")}`,
    "",
    brokenLine(promises.serverErrors, "answers of 500 and above"),
    brokenLine(promises.hangs, "requests without an answer in time"),
    brokenLine(promises.leaks, `leaks in answers${where}`),
    brokenLine(others, "answers or ends that are not as documented"),
    `  ${mark(ended >= accepted)} ${ended} of ${accepted} accepted requests have ended`,
    ...findings.slice(0, MAX_SHOWN).flatMap(describeFinding),
    ...(findings.length > MAX_SHOWN ? ["", `and ${findings.length - MAX_SHOWN} more: --json shows all`] : []),
  ].join("\n");
}

function describeFinding({ kind, what, reproduction }: Finding): string[] {
  const changes = reproduction?.mutations.join(" and ") ?? "";
  const text = JSON.stringify(reproduction) ?? "";
  const shown = text.length > 1_000 ? `${text.slice(0, 1_000)}… (--json shows it whole)` : text;
  return ["", `${pc.red(kind)}: ${what}${changes === "" ? "" : ` after ${changes}`}`, ...(text ? [`  ${shown}`] : [])];
}

export interface FuzzOptions {
  /** Of each access mode. */
  readonly requests: number;
  /** Draws the requests: the same seed sends the same ones. */
  readonly seed: number;
  readonly concurrency: number;
  /** Access modes with commas between, or `all`. Default: iam; with `url`, the one that credentials are given for. */
  readonly authorization?: string;
  /** Stage of a running API to fuzz. Default: a stack of its own on this machine. */
  readonly url?: string;
  /** AWS profile of a second caller of `url`. */
  readonly otherProfile?: string;
  /** Keep the folder with state and logs. */
  readonly keep: boolean;
}

/** What a run found in one access mode. */
export interface FuzzModeReport extends FuzzRunReport {
  readonly authorization: AccessMode;
  readonly url: string;
  readonly seconds: number;
  /** Log files that were read; none where the API runs elsewhere. */
  readonly logs: readonly string[];
  /** The number of findings of each kind that has a promise of its own. */
  readonly promises: { readonly serverErrors: number; readonly hangs: number; readonly leaks: number };
  readonly holds: boolean;
}

/** What a run found. */
export interface FuzzReport {
  readonly seed: number;
  readonly modes: readonly FuzzModeReport[];
  readonly holds: boolean;
}

const SETTINGS = ["reserved_concurrent_executions=8", "throttling_rate_limit=1000", "throttling_burst_limit=2000"];

/** The mode of a stack that is given none. */
const DEFAULT_MODE: AccessMode = "iam";

/** Milliseconds of an agent's answer: what is fuzzed is the API. */
const AGENT_MS = 10;

/** Prompts of every tenth case: the agent fails, so that callers also see how a request fails. */
const FAILING = /-\d*0$/;

const NAMES = [
  "requests_table_name",
  "sessions_table_name",
  "results_bucket_name",
  "api_function_name",
  "worker_function_name",
  "sweeper_function_name",
  "work_queue_url",
  "dead_letter_queue_url",
] as const;

/**
 * Sends what the OpenAPI document allows and what it forbids, byte by byte, and judges every answer: documented, no
 * fault, no hang, nothing of another caller or of how the service is built. Exit code 1 at any finding.
 */
export async function fuzz(context: CommandContext, options: FuzzOptions): Promise<CommandResult> {
  const modes =
    options.url === undefined
      ? await fuzzLocally(context, options)
      : [await fuzzElsewhere(context, options, options.url)];
  const report: FuzzReport = { seed: options.seed, modes, holds: modes.every(({ holds }) => holds) };
  return { exitCode: report.holds ? 0 : 1, text: describeFuzz(report), json: report };
}

/**
 * Two callers of a stack that is there only for them, flipped from mode to mode. Its agents repeat the prompt, so that
 * a leak would be one.
 */
async function fuzzLocally(context: CommandContext, options: FuzzOptions): Promise<FuzzModeReport[]> {
  const modes = accessModes(options.authorization ?? DEFAULT_MODE);
  const agent = ({ prompt }: { readonly prompt: string }): AgentBehaviour =>
    FAILING.test(prompt)
      ? { kind: "refuse", status: 400 }
      : { kind: "answer", delayMs: AGENT_MS, text: `You said: ${prompt}` };
  return withAccessStack(context, { agent, vars: SETTINGS, keep: options.keep }, async (stack, issuer) => {
    const reports: FuzzModeReport[] = [];
    for (const mode of modes) {
      if (mode !== DEFAULT_MODE || reports.length > 0) await stack.flip(settingsOf(mode, issuer));
      // The modes share their logs, so each has a marker of its own.
      const marker = `qtfuzz${options.seed.toString(36)}${mode.replace("_", "")}`;
      reports.push(await fuzzTarget(context, options, { ...(await localTarget(stack, issuer, mode)), marker }));
    }
    return reports;
  });
}

/** What of an API that is fuzzed depends on its mode of access, for a local stack. */
async function localTarget(stack: LocalStack, issuer: LocalIssuer, mode: AccessMode): Promise<Omit<Target, "marker">> {
  const callers = callersOf(mode, await stack.terraform.show(), issuer).map(({ caller }) => caller);
  return {
    authorization: mode,
    url: stack.runtime.url,
    region: REGION,
    document: publishedDocument(stack.directory, { authorization: mode }),
    callers,
    signToken: (claims, header) => issuer.sign(claims, header),
    names: NAMES.map((name) => String(stack.output(name))),
    logs: { folder: join(stack.folder, "logs"), secrets: callers.flatMap(secretsOf) },
  };
}

/** What must be in no log: it opens something. */
function secretsOf(caller: ProbeCaller): string[] {
  if (caller.kind === "iam") return [caller.credentials.secretAccessKey];
  if (caller.kind === "key") return [caller.apiKey];
  return caller.kind === "token" ? [caller.token] : [];
}

async function fuzzElsewhere(context: CommandContext, options: FuzzOptions, url: string): Promise<FuzzModeReport> {
  if (!/^https?:\/\/[^/?#]+(\/[\w-]+)?\/?$/.test(url))
    throw new UsageError(
      `--url is ${JSON.stringify(url)}; allowed: the URL of a stage, such as the output api_endpoint.`,
    );
  const { environment, projectDirectory } = context;
  const [mode, ...more] = accessModes(options.authorization ?? modeGiven(environment));
  if (mode === undefined || more.length > 0)
    throw new UsageError(
      `--authorization is ${options.authorization}; with --url, allowed: the one mode that the API is in.`,
    );
  const region =
    /\.execute-api\.([\w-]+)\.amazonaws\.com/.exec(url)?.[1] ??
    environment["AWS_REGION"] ??
    environment["AWS_DEFAULT_REGION"] ??
    REGION;
  const { owner, other } = await findCallers(context, mode, { region, otherProfile: options.otherProfile });
  // Ids and keys live on in an API that is fuzzed twice.
  const marker = `qtfuzz${options.seed.toString(36)}x${randomBytes(4).toString("hex")}`;
  const document = readJson(join(projectDirectory, PUBLISHED), "OpenAPI document") as CallersDocument;
  return fuzzTarget(context, options, {
    authorization: mode,
    url: url.replace(/\/+$/, ""),
    region,
    document,
    callers: [owner, ...(other ? [other] : [])],
    names: [],
    marker,
  });
}

function modeGiven(environment: NodeJS.ProcessEnv): AccessMode {
  if (environment["QUICKTURN_API_KEY"]) return "api_key";
  return environment["QUICKTURN_TOKEN"] ? "jwt" : DEFAULT_MODE;
}

/** The modes that an option names, each once, in the order of {@link ACCESS_MODES}. */
export function accessModes(text: string): AccessMode[] {
  const named = text === "all" ? ACCESS_MODES : text.split(",").map((each) => each.trim());
  const unknown = named.find((each) => !ACCESS_MODES.some((mode) => mode === each));
  if (unknown !== undefined)
    throw new UsageError(
      `--authorization names ${JSON.stringify(unknown)}; allowed: ${ACCESS_MODES.join(", ")}, ` +
        "several with commas between, or all.",
    );
  return ACCESS_MODES.filter((mode) => named.includes(mode));
}

/** The API that is fuzzed. */
interface Target
  extends Pick<FuzzRunOptions, "url" | "region" | "document" | "callers" | "signToken" | "names" | "marker"> {
  readonly authorization: AccessMode;
  /** Default: no log is read. */
  readonly logs?: Logs;
}

/** Where the logs of functions and gateway are, and what else must not be in them. */
interface Logs {
  readonly folder: string;
  readonly secrets: readonly string[];
}

async function fuzzTarget(
  { progress, signal }: CommandContext,
  { requests, seed, concurrency }: FuzzOptions,
  { authorization, logs, ...target }: Target,
): Promise<FuzzModeReport> {
  const started = performance.now();
  const run = await progress.step(`${authorization}: send ${requests} requests`, (detail) =>
    runFuzz({
      ...target,
      requests,
      concurrency,
      random: seededRandom(seed),
      signal,
      onAnswered: (answered) => detail(`${answered} of ${requests} are answered`),
    }),
  );
  const read = logs === undefined ? { files: [], findings: [] } : judgeLogs(logs, target.marker);
  const findings = [...run.findings, ...read.findings];
  const count = (...kinds: readonly string[]) => findings.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    ...run,
    findings,
    authorization,
    url: target.url,
    logs: read.files,
    seconds: (performance.now() - started) / 1_000,
    promises: { serverErrors: count("server_error"), hangs: count("hang"), leaks: count("leak", "log") },
    holds: findings.length === 0,
  };
}

/**
 * What stands in the logs of functions and gateway that must not. Throws where there are none: nothing would be proven.
 */
export function judgeLogs({ folder, secrets }: Logs, marker: string): { files: string[]; findings: Finding[] } {
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".log"))
        .sort()
    : [];
  if (!files.includes("access.log") || files.length < 2)
    throw new Error(`${folder} holds ${files.join(", ") || "no logs"}; expected access.log and the functions' logs.`);
  return {
    files,
    findings: files.flatMap((file) =>
      leaksInLog(file, readFileSync(join(folder, file), "utf8"), { marker, names: secrets }),
    ),
  };
}
