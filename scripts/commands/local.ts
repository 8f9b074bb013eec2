import { join } from "node:path";
import { CACHE_HEADER } from "../local";
import { AgentApiClient } from "../tools/agent-api-client";
import { whyNotFree } from "../tools/loopback";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import { AGENTS, PROMPT, pollAgain, trial, type Trial } from "./demonstration";
import { CALLERS, LocalStack, REGION } from "./local-stack";
import { describeCalls, describeEnd, describeMetrics, describeTrial } from "./local-text";

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
  // Told at once: the apply before it is served takes a minute.
  const taken = port === undefined ? undefined : await whyNotFree(port);
  if (taken !== undefined)
    throw new UsageError(
      `--port ${port} of 127.0.0.1 cannot be served (${taken}); allowed: a port that no other program uses, or none: a free one is then chosen.`,
    );
  const runtime = async () => ({ metrics: true, ...(port === undefined ? {} : { port }) });
  return LocalStack.with(context, { settings: { agents: AGENTS }, vars, keep, runtime }, async (stack) => {
    const trials = quiet ? [] : await demonstrate(context, stack);
    if (!once) await stayUp(context, stack);
    return {
      exitCode: 0,
      text: describeEnd(trials),
      json: {
        url: stack.runtime.url,
        metricsUrl: stack.runtime.metricsUrl,
        trials,
        statistics: stack.runtime.statistics(),
      },
    };
  });
}

async function demonstrate(context: CommandContext, stack: LocalStack): Promise<Trial[]> {
  const [alice] = CALLERS;
  if (!alice) return [];
  const client = new AgentApiClient(stack.runtime.url, REGION, alice);
  const { url, metricsUrl = "" } = stack.runtime;
  context.progress.note(describeCalls(url, CALLERS, stack.folder));
  context.progress.note(describeMetrics(metricsUrl, stack.directory, alice));
  const optimized = await request(context, stack, client, "optimized");
  await stack.flip(["profile=baseline"]);
  const baseline = await request(context, stack, client, "baseline");
  await stack.flip(["profile=optimized"]);
  const again = await request(context, stack, client, "optimized, again");
  return [optimized, baseline, again];
}

async function request(
  { progress }: CommandContext,
  stack: LocalStack,
  client: AgentApiClient,
  title: string,
): Promise<Trial> {
  const done = await progress.step(
    `POST "${PROMPT}" (${title})`,
    (detail) => trial(client, CACHE_HEADER, detail),
    ({ status, polls }) => `${status} after ${polls} polls`,
  );
  const again = await pollAgain(client, done.requestId, CACHE_HEADER, 10);
  progress.note(describeTrial(title, done, again));
  if (done.status !== "completed")
    throw new Error(
      `Request ${done.requestId} ended ${done.status}; the functions' logs are in ${join(stack.folder, "logs")} (run with --keep to keep them)`,
    );
  return done;
}

async function stayUp({ progress, signal }: CommandContext, stack: LocalStack): Promise<void> {
  progress.note(`Serving ${stack.runtime.url} . Press Ctrl-C to stop; nothing is left behind.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
