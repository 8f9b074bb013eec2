import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { ForgeError, type Forge } from "./forge";
import { gitHubForge } from "./github";
import { gitLabForge } from "./gitlab";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";

export interface CommentOptions {
  /** Path of the Markdown. */
  readonly file: string;
  /** Default: gitlab where GITLAB_CI is set, else github. */
  readonly on?: string;
  /** Tells several comments of one pull request apart, such as those of two environments. Default: "review". */
  readonly name?: string;
  /** Of the pull or merge request. Default: the one that the pipeline runs for. */
  readonly number?: number;
  /** Milliseconds before the first repetition; twice that before the second. Default: 1,000. */
  readonly pauseMs?: number;
}

/** A call that fails in passing is made so many times. */
const ATTEMPTS = 3;

/** Posts a file to a pull or merge request as one comment, and updates that comment from then on. */
export async function comment(context: CommandContext, options: CommentOptions): Promise<CommandResult> {
  const { name = "review", pauseMs = 1_000 } = options;
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new UsageError(
      `--name is ${JSON.stringify(name)}; allowed: 1 to 64 letters, digits, dots, dashes and underscores`,
    );
  const marker = `<!-- quickturn:review:${name} -->`;
  const body = `${marker}\n${readMarkdown(options.file)}`;
  const forge = forgeOf(context, options);
  if (body.length > forge.maxCharacters)
    throw new UsageError(
      `${options.file} is ${body.length} characters with its marker; allowed: ${forge.maxCharacters}. Write it with \`quickturn review --limit\``,
    );
  const done = await context.progress.step(
    "Comment",
    () => repeated(() => upsert(forge, marker, body), pauseMs),
    ({ action }) => action,
  );
  return { exitCode: 0, text: `${done.action} ${done.address}`, json: done };
}

/** Looks each time anew: a call that got no answer may have made the comment all the same. */
async function upsert(
  forge: Forge,
  marker: string,
  body: string,
): Promise<{ action: "created" | "updated"; address: string }> {
  const own = (await forge.comments()).find(({ body: text, isOwn }) => isOwn && text.startsWith(marker));
  return own
    ? { action: "updated", address: await forge.update(own.id, body) }
    : { action: "created", address: await forge.create(body) };
}

async function repeated<T>(work: () => Promise<T>, pauseMs: number): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ForgeError) || !error.isPassing || attempt === ATTEMPTS) throw error;
      await pause(pauseMs * 2 ** (attempt - 1));
    }
  }
}

function readMarkdown(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(
      `--file ${path} cannot be read: ${(cause as Error).message}. Write it: npx quickturn review --out ${path}`,
      { cause },
    );
  }
}

function forgeOf({ environment, signal }: CommandContext, { on, number }: CommentOptions): Forge {
  const kind = on ?? (environment["GITLAB_CI"] ? "gitlab" : "github");
  if (kind !== "github" && kind !== "gitlab")
    throw new UsageError(`--on is ${JSON.stringify(kind)}; allowed: github, gitlab`);
  const need = (name: string, what: string) => required(environment, name, what);
  if (kind === "github") {
    const repository = need("GITHUB_REPOSITORY", "owner/name, such as acme/agents");
    if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
      throw new UsageError(
        `GITHUB_REPOSITORY is ${JSON.stringify(repository)}; allowed: owner/name, such as acme/agents`,
      );
    const token = need("GITHUB_TOKEN", "a token; in a workflow: env: GITHUB_TOKEN: ${{ github.token }}");
    return gitHubForge({
      url: address(environment, "GITHUB_API_URL", "https://api.github.com"),
      token,
      repository,
      number: number ?? pullRequestNumber(environment),
      signal,
    });
  }
  const token = need(
    "GITLAB_TOKEN",
    "a project's access token with the scope api, as a masked variable; CI_JOB_TOKEN may not comment",
  );
  const given =
    number ??
    Number(
      need(
        "CI_MERGE_REQUEST_IID",
        "the merge request's number, which only a pipeline of a merge request has; or give --number",
      ),
    );
  return gitLabForge({
    url: address(environment, "CI_API_V4_URL"),
    token,
    project: need("CI_PROJECT_ID", "the project's number"),
    number: given,
    signal,
  });
}

function required(environment: NodeJS.ProcessEnv, name: string, what: string): string {
  const value = environment[name];
  if (value === undefined || value === "") throw new UsageError(`${name} is not set; it takes ${what}`);
  return value;
}

function address(environment: NodeJS.ProcessEnv, name: string, otherwise?: string): string {
  const given = environment[name] || otherwise || required(environment, name, "the API's address");
  if (!URL.canParse(given))
    throw new UsageError(`${name} is ${JSON.stringify(given)}; allowed: an address, such as https://api.github.com`);
  return given.replace(/\/+$/, "");
}

/** The event that started the workflow names it. */
function pullRequestNumber(environment: NodeJS.ProcessEnv): number {
  const path = required(
    environment,
    "GITHUB_EVENT_PATH",
    "the file of the event that started the workflow; or give --number",
  );
  const event = readEvent(path);
  const number = (event as { pull_request?: { number?: unknown } }).pull_request?.number;
  if (typeof number !== "number")
    throw new UsageError(
      `The event in ${path} has no pull_request.number: the workflow was not started by a pull request. Give --number`,
    );
  return number;
}

function readEvent(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (cause) {
    throw new UsageError(`GITHUB_EVENT_PATH names ${path}, which is no JSON that can be read. Give --number`, {
      cause,
    });
  }
}
