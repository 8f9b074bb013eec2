import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countChanges } from "../judges/plan-changes";
import { CACHE_HEADER, startLocalRuntime, type Caller, type LocalRuntime } from "../local";
import { AgentApiClient } from "../tools/agent-api-client";
import { startEmulator } from "../tools/emulator";
import { Terraform, type PlanInput } from "../tools/terraform";
import { makeThrowAway } from "../tools/throw-away";
import type { CommandContext, CommandResult } from "./context";
import { AGENTS, PROMPT, pollAgain, trial, type Trial } from "./demonstration";
import { describeCalls, describeEnd, describeTrial } from "./local-text";
import { bareEnvironment, givenEmulator, sandboxEnvironment } from "./sandbox";
import { stackDirectory, synth } from "./synth";

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

const REGION = "us-east-1";
const ACCOUNT_ID = "123456789012";

/** Two callers, so that one can be shown another's 404. Their keys open nothing but a server on this machine's loopback. */
export const CALLERS: readonly Caller[] = ["alice", "bob"].map((name) => ({
  name,
  accessKeyId: `LOCAL${name.toUpperCase()}`,
  secretAccessKey: `${name}-on-loopback`,
  userId: `AIDALOCAL${name.toUpperCase()}`,
  accountId: ACCOUNT_ID,
}));

/** Applies the synthesized stack to an emulator and serves what was applied, until it is interrupted. */
export async function local(context: CommandContext, options: LocalOptions): Promise<CommandResult> {
  const given = givenEmulator(context.environment);
  const folder = mkdtempSync(join(tmpdir(), "quickturn-local-"));
  chmodSync(folder, 0o700);
  const undo: (() => Promise<void>)[] = [async () => (options.keep ? undefined : rmSync(folder, { recursive: true, force: true }))];
  try {
    return await new LocalStack(context, options, folder, given, undo).run();
  } finally {
    // Backwards, and each one whatever the others do: nothing may stay behind.
    const failures: unknown[] = [];
    for (const step of undo.reverse()) await step().catch((error: unknown) => failures.push(error));
    for (const failure of failures) context.progress.note(`While cleaning up: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}

class LocalStack {
  private terraform!: Terraform;
  private runtime!: LocalRuntime;
  /** What the last apply applied. */
  private applied: unknown;
  private readonly baseVars: readonly string[];

  constructor(
    private readonly context: CommandContext,
    private readonly options: LocalOptions,
    private readonly folder: string,
    private readonly given: string | undefined,
    private readonly undo: (() => Promise<void>)[],
  ) {
    // In an emulator that others use too, names must not meet.
    const name = given === undefined ? [] : [`name=local-${randomBytes(4).toString("hex")}`];
    this.baseVars = [...name, ...(options.vars ?? [])];
  }

  async run(): Promise<CommandResult> {
    const { progress, signal } = this.context;
    const directory = await this.synthesize();
    const endpoint = this.given ?? (await this.emulator());
    const sandbox = { directory, env: sandboxEnvironment(this.context.environment, endpoint, this.folder) };
    this.terraform = new Terraform({ ...sandbox, signal });
    await progress.step("terraform init", () => this.terraform.init());
    // Without the signal: what an interrupt left half made has to be taken down all the same.
    if (this.given !== undefined) this.undo.push(() => this.destroy(new Terraform(sandbox)));
    await this.apply("terraform apply (profile optimized)", []);
    this.runtime = await progress.step("Serve what was applied", () => this.serve(directory, endpoint), ({ url }) => url);
    this.undo.push(() => this.runtime.stop());
    const trials = this.options.quiet ? [] : await this.demonstrate();
    if (!this.options.once) await this.stayUp();
    return { exitCode: 0, text: describeEnd(trials), json: { url: this.runtime.url, trials, statistics: this.runtime.statistics() } };
  }

  private async synthesize(): Promise<string> {
    // Into the throw-away folder, so that two runs side by side do not meet, and the environment cannot change it.
    const output = join(this.folder, "cdktf.out");
    await synth({ ...this.context, environment: bareEnvironment(this.context.environment, this.folder) }, { outputDirectory: output });
    const directory = stackDirectory(output, "agent-api");
    makeThrowAway(directory, { agents: AGENTS });
    return directory;
  }

  private async emulator(): Promise<string> {
    const { progress, environment } = this.context;
    const env = bareEnvironment(environment, this.folder);
    const emulator = await progress.step("Start the AWS emulator", () => startEmulator({ directory: this.folder, env }), (started) => started.endpoint);
    this.undo.push(() => emulator.stop());
    return emulator.endpoint;
  }

  private apply(title: string, vars: readonly string[], input: PlanInput = {}): Promise<string> {
    return this.context.progress.step(
      title,
      async (detail) => {
        detail("terraform plans and applies");
        const changes = await this.terraform.apply({ ...input, vars: [...this.baseVars, ...vars] });
        this.applied = await this.terraform.show();
        return countChanges(changes);
      },
      (counted) => counted,
    );
  }

  private async serve(moduleDirectory: string, endpoint: string): Promise<LocalRuntime> {
    const { port } = this.options;
    return startLocalRuntime({
      state: this.applied,
      moduleDirectory,
      endpoint,
      region: REGION,
      callers: CALLERS,
      workDirectory: this.folder,
      warn: (text) => this.context.progress.note(text),
      ...(port === undefined ? {} : { port }),
    });
  }

  private async demonstrate(): Promise<Trial[]> {
    const [alice] = CALLERS;
    if (!alice) return [];
    const client = new AgentApiClient(this.runtime.url, REGION, alice);
    this.context.progress.note(describeCalls(this.runtime.url, CALLERS, this.folder));
    const optimized = await this.request(client, "optimized");
    await this.flip("baseline");
    const baseline = await this.request(client, "baseline");
    await this.flip("optimized");
    const again = await this.request(client, "optimized, again");
    return [optimized, baseline, again];
  }

  private async request(client: AgentApiClient, title: string): Promise<Trial> {
    const { progress } = this.context;
    const done = await progress.step(`POST "${PROMPT}" (${title})`, (detail) => trial(client, CACHE_HEADER, detail), ({ status, polls }) => `${status} after ${polls} polls`);
    const again = await pollAgain(client, done.requestId, CACHE_HEADER, 10);
    progress.note(describeTrial(title, done, again));
    if (done.status !== "completed") throw new Error(`Request ${done.requestId} ended ${done.status}; the functions' logs are in ${join(this.folder, "logs")} (run with --keep to keep them)`);
    return done;
  }

  private async flip(profile: string): Promise<void> {
    await this.runtime.beforeApply();
    // No refresh: nobody but us changes the emulator, and it reports some attributes in its own spelling.
    await this.apply(`terraform apply -var profile=${profile}`, [`profile=${profile}`], { refresh: false });
    await this.runtime.reload(this.applied);
  }

  private async stayUp(): Promise<void> {
    const { progress, signal } = this.context;
    progress.note(`Serving ${this.runtime.url} . Press Ctrl-C to stop; nothing is left behind.`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  private async destroy(terraform: Terraform): Promise<void> {
    await this.context.progress.step("terraform destroy", () => terraform.apply({ vars: this.baseVars, destroy: true, refresh: false }));
  }
}
