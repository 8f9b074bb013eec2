import { isLoopback } from "../kit/loopback";

/** A forge refused a call, or did not answer. */
export class ForgeError extends Error {
  override readonly name = "ForgeError";

  /** @param isTransient the same call may succeed a little later */
  constructor(
    message: string,
    readonly isTransient: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface ForgeApiOptions {
  /** Such as `https://api.github.com`, without a slash at the end. */
  readonly url: string;
  /** Sent with each call; holds the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** What to do about a refusal, by HTTP status. */
  readonly advice: Readonly<Record<number, string>>;
  /** Default signal: never aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that a call may take. */
const TIMEOUT_MS = 20_000;

interface ForgeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Calls of a forge's JSON API. No redirect and no link is followed, so that the token goes to that address alone. */
export class ForgeApi {
  constructor(private readonly options: ForgeApiOptions) {
    if (new URL(options.url).protocol !== "https:" && !isLoopback(options.url))
      throw new Error(`The forge's address is ${options.url}; allowed: https://…, because a token is sent there`);
  }

  /**
   * Calls the API, with a path such as `/user`.
   * @param accepted statuses that are no failure, beside 200 to 299
   * @throws ForgeError with method, path, status, the forge's message and what to do
   */
  async call(
    [method, path]: readonly [method: "GET" | "POST" | "PATCH" | "PUT", path: string],
    body?: unknown,
    accepted: readonly number[] = [],
  ): Promise<ForgeAnswer> {
    const response = await this.send(method, path, body);
    const answer = { status: response.status, headers: response.headers, body: await readBody(response) };
    if (response.ok || accepted.includes(response.status)) return answer;
    const message = readMessage(answer.body);
    const advice = this.options.advice[response.status];
    throw new ForgeError(
      `${method} ${path} was answered ${response.status}${message && `: ${message}`}.${advice ? ` ${advice}` : ""}`,
      isTransient(answer),
    );
  }

  private async send(method: string, path: string, body: unknown): Promise<Response> {
    const { url, headers, signal } = this.options;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const content = body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    try {
      return await fetch(`${url}${path}`, {
        ...content,
        method,
        redirect: "manual",
        headers: {
          accept: "application/json",
          "user-agent": "quickturn",
          ...headers,
          ...(content && content.headers),
        },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ForgeError(`${method} ${path} got no answer from ${new URL(url).host}: ${reason}`, true, {
        cause: error,
      });
    }
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A gateway answers with a page, whose beginning is enough.
    return { message: text.slice(0, 200).replaceAll(/\s+/g, " ").trim() };
  }
}

/** GitHub and GitLab both have `message`; GitLab also has `error`, and an object where a field is wrong. */
function readMessage(body: unknown): string {
  const { message, error } = (body ?? {}) as { message?: unknown; error?: unknown };
  const given = message ?? error ?? "";
  return typeof given === "string" ? given : JSON.stringify(given);
}

/** A fault of the server, or too many calls, for which GitHub also answers 403 with one of these headers. */
function isTransient({ status, headers }: ForgeAnswer): boolean {
  const isLimited = headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0";
  return status >= 500 || status === 429 || (status === 403 && isLimited);
}

export interface ForgeComment {
  readonly id: number;
  readonly body: string;
  /** Whether the token's own user wrote it. */
  readonly isOwn: boolean;
}

/** The discussion of one pull or merge request. Every call throws a ForgeError. */
export interface Forge {
  /** The most characters that a comment may have. */
  readonly maxCharacters: number;
  /** Lists the comments of all pages. */
  listComments(): Promise<readonly ForgeComment[]>;
  /** @returns the comment's address for a person */
  createComment(body: string): Promise<string>;
  /** @returns the comment's address for a person */
  updateComment(id: number, body: string): Promise<string>;
}

/** Comments that are asked for at once. */
const PAGE_SIZE = 100;

interface GitHubOptions {
  /** GITHUB_API_URL. */
  readonly url: string;
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Of the pull request. */
  readonly number: number;
  readonly signal?: AbortSignal;
}

interface GitHubComment {
  readonly id: number;
  readonly body: string | null;
  readonly user: { readonly login: string; readonly type: string } | null;
  readonly html_url: string;
}

const GITHUB_ADVICE = {
  401: "The token is not accepted; allowed: the workflow's GITHUB_TOKEN, or one that has not expired.",
  403:
    "It takes the permission pull-requests: write (permissions of the job); " +
    "a pull request from a fork never has it.",
  404:
    "There is no such pull request, or the token does not see the repository; " +
    "it takes contents: read and pull-requests: write.",
};

/** A pull request of GitHub, by its REST API (version 2022-11-28). */
export function createGitHubForge({ url, token, repository, number, signal }: GitHubOptions): Forge {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  };
  const api = new ForgeApi({ url, headers, advice: GITHUB_ADVICE, signal });
  const issues = `/repos/${repository}/issues`;
  const comments = `${issues}/${number}/comments`;
  const readAddress = (body: unknown) => (body as GitHubComment).html_url;
  return {
    // GitHub answers 422 "body is too long (maximum is 65536 characters)".
    maxCharacters: 65_536,
    async listComments() {
      const login = await findGitHubLogin(api);
      const found: GitHubComment[] = [];
      for (let page = 1; ; page++) {
        const answer = await api.call(["GET", `${comments}?per_page=${PAGE_SIZE}&page=${page}`]);
        found.push(...(answer.body as readonly GitHubComment[]));
        if (!/rel="next"/.test(answer.headers.get("link") ?? "")) break;
      }
      return found.map(({ id, body, user }) => ({
        id,
        body: body ?? "",
        // The token of an app writes as a bot; a person who copied the marker is none.
        isOwn: login === undefined ? user?.type === "Bot" : user?.login === login,
      }));
    },
    createComment: async (body) => readAddress((await api.call(["POST", comments], { body })).body),
    updateComment: async (id, body) =>
      readAddress((await api.call(["PATCH", `${issues}/comments/${id}`], { body })).body),
  };
}

/** Undefined for the token of a workflow: it belongs to an app, which may not ask for its name. */
async function findGitHubLogin(api: ForgeApi): Promise<string | undefined> {
  const { status, body } = await api.call(["GET", "/user"], undefined, [403]);
  return status === 403 ? undefined : (body as { login: string }).login;
}

interface GitLabOptions {
  /** CI_API_V4_URL. */
  readonly url: string;
  readonly token: string;
  /** CI_PROJECT_ID, or the path of the project. */
  readonly project: string;
  /** CI_MERGE_REQUEST_IID. */
  readonly number: number;
  readonly signal?: AbortSignal;
}

interface GitLabNote {
  readonly id: number;
  readonly body: string;
  readonly system: boolean;
  readonly author: { readonly username: string };
}

const GITLAB_ADVICE = {
  401:
    "The token is not accepted; allowed: a project's or a group's access token with the scope api. " +
    "CI_JOB_TOKEN may not comment.",
  403: "It takes the scope api and the role Reporter or higher.",
  404: "There is no such merge request, or the token does not see the project; it takes the scope api.",
};

/** A merge request of GitLab, by its REST API (version 4). */
export function createGitLabForge({ url, token, project, number, signal }: GitLabOptions): Forge {
  const api = new ForgeApi({ url, headers: { "private-token": token }, advice: GITLAB_ADVICE, signal });
  const request = `/projects/${encodeURIComponent(project)}/merge_requests/${number}`;
  const notes = `${request}/notes`;
  const findAddress = async (note: unknown) => {
    const { body } = await api.call(["GET", request]);
    return `${(body as { web_url: string }).web_url}#note_${(note as GitLabNote).id}`;
  };
  return {
    // GitLab documentation, "GitLab application limits".
    maxCharacters: 1_000_000,
    async listComments() {
      const { username } = (await api.call(["GET", "/user"])).body as { username: string };
      const found: GitLabNote[] = [];
      for (let page = "1"; page !== ""; ) {
        const answer = await api.call(["GET", `${notes}?per_page=${PAGE_SIZE}&page=${encodeURIComponent(page)}`]);
        found.push(...(answer.body as readonly GitLabNote[]));
        page = answer.headers.get("x-next-page") ?? "";
      }
      return found
        .filter(({ system }) => !system)
        .map(({ id, body, author }) => ({ id, body, isOwn: author.username === username }));
    },
    createComment: async (body) => findAddress((await api.call(["POST", notes], { body })).body),
    updateComment: async (id, body) => findAddress((await api.call(["PUT", `${notes}/${id}`], { body })).body),
  };
}
