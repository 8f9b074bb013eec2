import { type Forge, type ForgeComment, ForgeApi } from "./forge";

export interface GitHubOptions {
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

const PAGE = 100;

/** GitHub's limit of a comment's body (its API answers 422 "body is too long (maximum is 65536 characters)"). */
const MAX_CHARACTERS = 65_536;

const ADVICE = {
  401: "The token is not accepted; allowed: the workflow's GITHUB_TOKEN, or one that has not expired.",
  403: "It takes the permission pull-requests: write (permissions of the job); a pull request from a fork never has it.",
  404: "There is no such pull request, or the token does not see the repository; it takes contents: read and pull-requests: write.",
};

/** A pull request of GitHub, by its REST API (version 2022-11-28). */
export function gitHubForge({ url, token, repository, number, signal }: GitHubOptions): Forge {
  const api = new ForgeApi({
    url,
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
    },
    advice: ADVICE,
    ...(signal && { signal }),
  });
  const comments = `/repos/${repository}/issues/${number}/comments`;
  return {
    maxCharacters: MAX_CHARACTERS,
    async comments() {
      const login = await ownLogin(api);
      const found: ForgeComment[] = [];
      for (let page = 1; ; page++) {
        const { body, headers } = await api.call("GET", `${comments}?per_page=${PAGE}&page=${page}`);
        found.push(
          ...(body as readonly GitHubComment[]).map((comment) => ({
            id: comment.id,
            body: comment.body ?? "",
            isOwn: isOwn(comment, login),
          })),
        );
        if (!/rel="next"/.test(headers.get("link") ?? "")) return found;
      }
    },
    create: async (body) => addressOf((await api.call("POST", comments, { body })).body),
    update: async (id, body) =>
      addressOf((await api.call("PATCH", `/repos/${repository}/issues/comments/${id}`, { body })).body),
  };
}

/** Undefined for a workflow's token: it is an app's, and those may not ask who they are. */
async function ownLogin(api: ForgeApi): Promise<string | undefined> {
  const { status, body } = await api.call("GET", "/user", undefined, [403]);
  return status === 403 ? undefined : (body as { login: string }).login;
}

/** An app's token writes as a bot; a person who copied the marker is none. */
function isOwn({ user }: GitHubComment, login: string | undefined): boolean {
  return login === undefined ? user?.type === "Bot" : user?.login === login;
}

const addressOf = (body: unknown): string => (body as GitHubComment).html_url;
