import { answeringServer, type Answer, type Asked } from "./answering-server";

/** A comment that a forge holds. */
export interface HeldComment {
  readonly id: number;
  body: string;
  /** Of its author. */
  readonly login: string;
  readonly isBot?: boolean;
}

export interface ForgeServerOptions {
  readonly kind: "github" | "gitlab";
  /** Comments from before. */
  readonly held?: readonly Omit<HeldComment, "id">[];
  /** Whom the token belongs to; undefined: an app's, which may not ask (GitHub). */
  readonly login?: string;
  /** Comments a page, whatever is asked for. Default: 2. */
  readonly pageSize?: number;
  /** Answers instead of the forge where it yields something; the count begins at 1. */
  readonly instead?: (asked: Asked, count: number) => Answer | undefined;
  /** Makes the first comment and answers as a gateway that lost the answer. Default: false. */
  readonly losesFirstPost?: boolean;
}

const TOKEN = "forge-token-of-the-tests";

/** A forge on loopback, as far as comments of pull request 7 of acme/agents, or merge request 7 of project 42, go. */
export async function forgeServer(options: ForgeServerOptions) {
  const comments: HeldComment[] = (options.held ?? []).map((comment, index) => ({ id: index + 1, ...comment }));
  let isLost = options.losesFirstPost !== true;
  const server = await answeringServer((asked, count) => {
    const given = options.instead?.(asked, count) ?? answer(asked, comments, options);
    if (isLost || asked.method !== "POST") return given;
    isLost = true;
    return said(502, "Bad gateway");
  });
  return { ...server, comments, token: TOKEN };
}

function answer(asked: Asked, comments: HeldComment[], options: ForgeServerOptions): Answer {
  const { kind, login, pageSize = 2 } = options;
  const authorized =
    kind === "github" ? asked.headers.authorization === `Bearer ${TOKEN}` : asked.headers["private-token"] === TOKEN;
  if (!authorized) return said(401, "Bad credentials");
  const { pathname, searchParams } = new URL(asked.url, "http://forge");
  if (pathname === "/user")
    return login === undefined ? said(403, "Resource not accessible by integration") : json({ login, username: login });
  const list = kind === "github" ? "/repos/acme/agents/issues/7/comments" : "/projects/42/merge_requests/7/notes";
  if (pathname === "/projects/42/merge_requests/7")
    return json({ web_url: "https://forge.example.org/agents/-/merge_requests/7" });
  if (pathname === list && asked.method === "GET")
    return page(comments, Number(searchParams.get("page") ?? 1), pageSize, kind);
  const body = asked.body === "" ? "" : (JSON.parse(asked.body) as { body: string }).body;
  if (pathname === list && asked.method === "POST") {
    comments.push({ id: comments.length + 1, body, login: login ?? "github-actions[bot]", isBot: login === undefined });
    return json(shown(comments.at(-1)!, kind), 201);
  }
  const held = comments.find(
    ({ id }) => pathname === (kind === "github" ? `/repos/acme/agents/issues/comments/${id}` : `${list}/${id}`),
  );
  if (!held || asked.method !== (kind === "github" ? "PATCH" : "PUT")) return said(404, "Not Found");
  held.body = body;
  return json(shown(held, kind));
}

function page(comments: readonly HeldComment[], number: number, size: number, kind: "github" | "gitlab"): Answer {
  const isLast = number * size >= comments.length;
  const links: Record<string, string> = isLast ? {} : { link: '<https://elsewhere.example.org/next>; rel="next"' };
  const headers = kind === "github" ? links : { "x-next-page": isLast ? "" : String(number + 1) };
  return {
    headers,
    body: JSON.stringify(comments.slice((number - 1) * size, number * size).map((comment) => shown(comment, kind))),
  };
}

function shown({ id, body, login, isBot = false }: HeldComment, kind: "github" | "gitlab"): object {
  if (kind === "gitlab") return { id, body, system: false, author: { username: login } };
  return {
    id,
    body,
    user: { login, type: isBot ? "Bot" : "User" },
    html_url: `https://forge.example.org/acme/agents/pull/7#issuecomment-${id}`,
  };
}

const json = (body: object, status = 200): Answer => ({ status, body: JSON.stringify(body) });
const said = (status: number, message: string): Answer => ({ status, body: JSON.stringify({ message }) });
