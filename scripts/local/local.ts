import { join } from "node:path";
import pc from "picocolors";
import { CACHE_HEADER, type Caller } from "../emulator";
import { AgentApiClient } from "../kit/api-client";
import { whyNotFree } from "../kit/loopback";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { refuseGiven } from "../kit/prepared-terraform";
import { AGENTS, PROMPT, runTrial, type Trial } from "./demonstration";
import { CALLERS, LocalStack, REGION } from "./local-stack";

/** How a person calls the API from another terminal. */
function describeCalls(url: string, callers: readonly Caller[], folder: string): string {
  const exports = callers.map(
    ({ name, accessKeyId, secretAccessKey }) => `export ${name.toUpperCase()}="${accessKeyId}:${secretAccessKey}"`,
  );
  const curl = `curl -i --aws-sigv4 aws:amz:${REGION}:execute-api --user $ALICE`;
  return [
    pc.bold("Call it yourself, from another terminal:"),
    `  export API=${url}`,
    ...exports.map((line) => `  ${line}`),
    `  ${curl} -H 'content-type: application/json' -d '${JSON.stringify({ prompt: PROMPT })}' $API/api/v1/invoke`,
    `  ${curl} $API/api/v1/status/<request_id>`,
    pc.dim(`  Logs: ${folder}/logs`),
  ].join("\n");
}

/** How a person lets the commands look at what runs. */
function describeCommands({ runtime, directory }: LocalStack, [caller, other]: readonly Caller[]): string {
  const keys = (prefix: string, { accessKeyId = "", secretAccessKey = "" }: Partial<Caller> = {}) => [
    `  export ${prefix}AWS_ACCESS_KEY_ID=${accessKeyId} ${prefix}AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
  ];
  return [
    pc.bold("Judge it, and draw its dashboard, from another terminal:"),
    `  export AWS_ENDPOINT_URL=${runtime.metricsUrl} STACK=${directory}`,
    ...keys("", caller),
    ...keys("OTHER_", other),
    "  npx quickturn verify --state $STACK --smoke --url $API",
    "  npx quickturn verify --state $STACK",
    "  npx quickturn dashboard --state $STACK --html dashboard.html",
    pc.dim(
      "  Requests are judged two minutes after the setting timeout, when all of them must have ended; " +
        "--var timeout=30 makes that short.",
    ),
  ].join("\n");
}

/** One request: when it was accepted, the answers of its agents, and how often the cache answered. */
function describeTrial(title: string, trial: Trial): string {
  const { accepted, acceptedMs, requestId, agents, agentsMs, polls, cacheHits, hitsAfterwards } = trial;
  const answers = agents.filter(({ phase }) => phase === Math.max(...agents.map((agent) => agent.phase)));
  const width = Math.max(...answers.map(({ name }) => name.length), 0);
  return [
    `${pc.bold(title)}: ${accepted} in ${acceptedMs} ms, request_id ${requestId}`,
    ...answers.map(
      ({ name, status, duration_ms: ms, answer = "" }) =>
        `  ${name.padEnd(width)}  ${status}  ${String(Math.round(ms)).padStart(5)} ms  ${answer}`,
    ),
    `  ${agents.length} agent runs in ${(agentsMs / 1_000).toFixed(1)} s; cache hits: ` +
      `${cacheHits} of ${polls} polls while it ran, ${hitsAfterwards} of 10 after it had ended`,
  ].join("\n");
}

/** Compares the trials, which shows the effect of the profiles. */
function describeEnd(trials: readonly Trial[]): string {
  const [optimized, baseline, again] = trials;
  if (!optimized || !baseline || !again) return "Stopped.";
  const ratio = baseline.agentsMs / optimized.agentsMs;
  const row = (name: string, { agentsMs, cacheHits, polls }: Trial) =>
    `  ${name.padEnd(17)} ${(agentsMs / 1_000).toFixed(1).padStart(5)} s   ` +
    `${String(cacheHits).padStart(3)} of ${polls} polls from the cache`;
  return [
    pc.bold(
      "The same request under both profiles " +
        "(one run each; scripted agents, so the ratio is the orchestration's alone):",
    ),
    row("optimized", optimized),
    row("baseline", baseline),
    row("optimized, again", again),
    `  baseline takes ${ratio.toFixed(1)} times as long; one variable made the difference, and one took it back.`,
  ].join("\n");
}

export interface LocalOptions {
  /** Stop after the demonstration. Default: stay up until interrupted. */
  readonly once: boolean;
  /** Only serve; no demonstration. Default: demonstrate. */
  readonly quiet?: boolean;
  /** Loopback port of the API. Default: any free one. */
  readonly port?: number;
  /** `name=value` settings to apply. Default: none. */
  readonly vars?: readonly string[];
  /** Keep the folder with state and logs. Default: delete it. */
  readonly keep?: boolean;
}

/** Applies the synthesized stack to an emulator and serves what was applied, until it is interrupted. */
export async function local(
  context: CommandContext,
  { once, quiet = false, port, vars = [], keep = false }: LocalOptions,
): Promise<CommandResult> {
  // Checked first, because the apply before it takes a minute.
  const problem = port === undefined ? undefined : await whyNotFree(port);
  if (problem !== undefined)
    throw new UsageError(
      `--port ${port} of 127.0.0.1 cannot be served (${problem}); ` +
        "allowed: a port that no other program uses, or none: a free one is then chosen.",
    );
  // A TF_VAR_ has no effect here.
  refuseGiven({ ...context, environment: {} }, { vars });
  const runtime = async () => ({ metrics: true, port });
  return LocalStack.with(context, { settings: { agents: AGENTS }, vars, keep, runtime }, async (stack) => {
    context.progress.note(describeCalls(stack.runtime.url, CALLERS, stack.folder));
    context.progress.note(describeCommands(stack, CALLERS));
    const trials = quiet ? [] : await demonstrate(context, stack);
    if (!once) await stayUp(context, stack);
    const { url, metricsUrl } = stack.runtime;
    const json = { url, metricsUrl, trials, statistics: stack.runtime.statistics() };
    return { exitCode: 0, text: describeEnd(trials), json };
  });
}

async function demonstrate({ progress }: CommandContext, stack: LocalStack): Promise<Trial[]> {
  const [alice] = CALLERS;
  if (!alice) return [];
  const client = new AgentApiClient(stack.runtime.url, REGION, alice);
  const run = async (title: string): Promise<Trial> => {
    const trial = await progress.step(
      `POST "${PROMPT}" (${title})`,
      (detail) => runTrial(client, CACHE_HEADER, detail),
      ({ status, polls }) => `${status} after ${polls} polls`,
    );
    progress.note(describeTrial(title, trial));
    if (trial.status === "completed") return trial;
    throw new Error(
      `Request ${trial.requestId} ended ${trial.status}; the functions' logs are in ` +
        `${join(stack.folder, "logs")} (run with --keep to keep them)`,
    );
  };
  const optimized = await run("optimized");
  await stack.flip(["profile=baseline"]);
  const baseline = await run("baseline");
  await stack.flip(["profile=optimized"]);
  return [optimized, baseline, await run("optimized, again")];
}

async function stayUp({ progress, signal }: CommandContext, stack: LocalStack): Promise<void> {
  progress.note(`Serving ${stack.runtime.url} . Press Ctrl-C to stop; nothing is left behind.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
