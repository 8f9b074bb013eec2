import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { ForgeError, createGitHubForge, createGitLabForge, type Forge } from "./forges";

export interface CommentOptions {
  /** Path of the Markdown. */
  readonly file: string;
  /** Default: gitlab where GITLAB_CI is set, else github. */
  readonly on?: string;
  /** Tells several comments of one request apart, such as those of two environments. Default: "review". */
  readonly name?: string;
  /** Of the pull or merge request. Default: the one that the pipeline runs for. */
  readonly number?: number;
  /** Milliseconds before the first repetition; twice that before the second. Default: 1,000. */
  readonly pauseMs?: number;
}

/** How often a call with a transient failure is made. */
const ATTEMPTS = 3;

/**
 * Posts a file to a pull or merge request as one comment, which later runs update. Not `gh pr comment --edit-last`: it
 * edits the last comment of the token's user, whichever that is, and GitLab's client edits none.
 */
export async function comment(context: CommandContext, options: CommentOptions): Promise<CommandResult> {
  const { file, name = "review", pauseMs = 1_000 } = options;
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new UsageError(
      `--name is ${JSON.stringify(name)}; allowed: 1 to 64 letters, digits, dots, dashes and underscores`,
    );
  const marker = `<!-- quickturn:review:${name} -->`;
  const body = `${marker}\n${readMarkdown(file)}`;
  const forge = connectForge(context, options);
  if (body.length > forge.maxCharacters)
    throw new UsageError(
      `${file} is ${body.length} characters with its marker; allowed: ${forge.maxCharacters}. ` +
        "Write it with `quickturn review --limit`",
    );
  const { action, address } = await context.progress.step(
    "Comment",
    () => retry(() => createOrUpdate(forge, marker, body), pauseMs),
    (done) => done.action,
  );
  return { exitCode: 0, text: `${action} ${address}`, json: { action, address } };
}

/** Lists the comments each time: a call without an answer may still have created the comment. */
async function createOrUpdate(forge: Forge, marker: string, body: string) {
  const own = (await forge.listComments()).find((each) => each.isOwn && each.body.startsWith(marker));
  return own
    ? { action: "updated", address: await forge.updateComment(own.id, body) }
    : { action: "created", address: await forge.createComment(body) };
}

async function retry<T>(work: () => Promise<T>, pauseMs: number): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ForgeError) || !error.isTransient || attempt === ATTEMPTS) throw error;
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

function connectForge({ environment, signal }: CommandContext, { on, number }: CommentOptions): Forge {
  const kind = on ?? (environment["GITLAB_CI"] ? "gitlab" : "github");
  if (kind === "github") return connectGitHub(environment, { number, signal });
  if (kind === "gitlab") return connectGitLab(environment, { number, signal });
  throw new UsageError(`--on is ${JSON.stringify(kind)}; allowed: github, gitlab`);
}

/** The number of a request; undefined for the one that the pipeline runs for. */
interface RequestOptions {
  readonly number: number | undefined;
  readonly signal: AbortSignal;
}

function connectGitHub(environment: NodeJS.ProcessEnv, { number, signal }: RequestOptions): Forge {
  const repository = readVariable(environment, "GITHUB_REPOSITORY", "owner/name, such as acme/agents");
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new UsageError(
      `GITHUB_REPOSITORY is ${JSON.stringify(repository)}; allowed: owner/name, such as acme/agents`,
    );
  return createGitHubForge({
    url: checkAddress("GITHUB_API_URL", environment["GITHUB_API_URL"] || "https://api.github.com"),
    token: readVariable(environment, "GITHUB_TOKEN", "a token; in a workflow: env: GITHUB_TOKEN: ${{ github.token }}"),
    repository,
    number: number ?? readPullRequestNumber(environment),
    signal,
  });
}

function connectGitLab(environment: NodeJS.ProcessEnv, { number, signal }: RequestOptions): Forge {
  const read = (name: string, meaning: string) => readVariable(environment, name, meaning);
  return createGitLabForge({
    url: checkAddress("CI_API_V4_URL", read("CI_API_V4_URL", "the API's address")),
    token: read(
      "GITLAB_TOKEN",
      "a project's access token with the scope api, as a masked variable; CI_JOB_TOKEN may not comment",
    ),
    project: read("CI_PROJECT_ID", "the project's number"),
    number:
      number ??
      Number(
        read(
          "CI_MERGE_REQUEST_IID",
          "the merge request's number, which only a pipeline of a merge request has; or give --number",
        ),
      ),
    signal,
  });
}

function readVariable(environment: NodeJS.ProcessEnv, name: string, meaning: string): string {
  const value = environment[name];
  if (value === undefined || value === "") throw new UsageError(`${name} is not set; it takes ${meaning}`);
  return value;
}

function checkAddress(name: string, address: string): string {
  if (!URL.canParse(address))
    throw new UsageError(`${name} is ${JSON.stringify(address)}; allowed: an address, such as https://api.github.com`);
  return address.replace(/\/+$/, "");
}

/** Reads the number from the event that started the workflow. */
function readPullRequestNumber(environment: NodeJS.ProcessEnv): number {
  const meaning = "the file of the event that started the workflow; or give --number";
  const path = readVariable(environment, "GITHUB_EVENT_PATH", meaning);
  const { pull_request: request } = readEvent(path);
  if (typeof request?.number !== "number")
    throw new UsageError(
      `The event in ${path} has no pull_request.number: the workflow was not started by a pull request. Give --number`,
    );
  return request.number;
}

function readEvent(path: string): { readonly pull_request?: { readonly number?: unknown } } {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ReturnType<typeof readEvent>;
  } catch (cause) {
    throw new UsageError(`GITHUB_EVENT_PATH names ${path}, which is no JSON that can be read. Give --number`, {
      cause,
    });
  }
}
