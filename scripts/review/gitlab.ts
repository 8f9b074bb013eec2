import { type Forge, type ForgeComment, ForgeApi } from "./forge";

export interface GitLabOptions {
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

const PAGE = 100;

/** GitLab's limit of a note's body (its documentation, "GitLab application limits"). */
const MAX_CHARACTERS = 1_000_000;

const ADVICE = {
  401: "The token is not accepted; allowed: a project's or a group's access token with the scope api. CI_JOB_TOKEN may not comment.",
  403: "It takes the scope api and the role Reporter or higher.",
  404: "There is no such merge request, or the token does not see the project; it takes the scope api.",
};

/** A merge request of GitLab, by its REST API (version 4). */
export function gitLabForge({ url, token, project, number, signal }: GitLabOptions): Forge {
  const api = new ForgeApi({ url, headers: { "private-token": token }, advice: ADVICE, ...(signal && { signal }) });
  const request = `/projects/${encodeURIComponent(project)}/merge_requests/${number}`;
  const notes = `${request}/notes`;
  const address = async (id: number) =>
    `${((await api.call("GET", request)).body as { web_url: string }).web_url}#note_${id}`;
  return {
    maxCharacters: MAX_CHARACTERS,
    async comments() {
      const { username } = (await api.call("GET", "/user")).body as { username: string };
      const found: ForgeComment[] = [];
      for (let page = "1"; page !== ""; ) {
        const { body, headers } = await api.call("GET", `${notes}?per_page=${PAGE}&page=${encodeURIComponent(page)}`);
        found.push(
          ...(body as readonly GitLabNote[])
            .filter(({ system }) => !system)
            .map(({ id, body: text, author }) => ({ id, body: text, isOwn: author.username === username })),
        );
        page = headers.get("x-next-page") ?? "";
      }
      return found;
    },
    create: async (body) => address(((await api.call("POST", notes, { body })).body as GitLabNote).id),
    update: async (id, body) => address(((await api.call("PUT", `${notes}/${id}`, { body })).body as GitLabNote).id),
  };
}
