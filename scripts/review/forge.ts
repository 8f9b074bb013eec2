/** A comment on a pull or merge request. */
export interface ForgeComment {
  readonly id: number;
  readonly body: string;
  /** Whether the token's own user wrote it. */
  readonly isOwn: boolean;
}

/** The discussion of one pull or merge request. Every call throws a {@link ForgeError}. */
export interface Forge {
  /** Characters that a comment may have. */
  readonly maxCharacters: number;
  /** Every comment, however many pages they fill. */
  comments(): Promise<readonly ForgeComment[]>;
  /** @returns its address for a person */
  create(body: string): Promise<string>;
  /** @returns its address for a person */
  update(id: number, body: string): Promise<string>;
}

/** A forge refused, or could not be asked. */
export class ForgeError extends Error {
  override readonly name = "ForgeError";

  /** @param isPassing the same call may succeed a little later */
  constructor(
    message: string,
    readonly isPassing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface ForgeApiOptions {
  /** Such as `https://api.github.com`, without a slash at the end. */
  readonly url: string;
  /** Sent with each call; holds the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** What to do about a refusal, by HTTP status. */
  readonly advice: Readonly<Record<number, string>>;
  /** Milliseconds that a call may take. Default: 20,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a forge answered. */
export interface ForgeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/**
 * Calls of a forge's JSON API. The token goes to that address alone: no redirect and no link of an answer is followed.
 */
export class ForgeApi {
  constructor(private readonly options: ForgeApiOptions) {
    const { protocol, hostname } = new URL(options.url);
    const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
    if (protocol !== "https:" && !(protocol === "http:" && isLoopback))
      throw new Error(`The forge's address is ${options.url}; allowed: https://…, because a token is sent there`);
  }

  /**
   * @param accepted statuses that are no failure; default: 200 to 299
   * @throws ForgeError with method, path, status and what the forge said
   */
  async call(
    method: "GET" | "POST" | "PATCH" | "PUT",
    path: string,
    body?: unknown,
    accepted: readonly number[] = [],
  ): Promise<ForgeAnswer> {
    const response = await this.send(method, path, body);
    const answer = { status: response.status, headers: response.headers, body: await bodyOf(response) };
    if (response.ok || accepted.includes(response.status)) return answer;
    const said = messageOf(answer.body);
    const advice = this.options.advice[response.status];
    throw new ForgeError(
      `${method} ${path} was answered ${response.status}${said ? `: ${said}` : ""}.${advice ? ` ${advice}` : ""}`,
      isPassing(answer),
    );
  }

  private async send(method: string, path: string, body: unknown): Promise<Response> {
    const { url, headers, timeoutMs = 20_000, signal } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await fetch(`${url}${path}`, {
        method,
        redirect: "manual",
        headers: {
          accept: "application/json",
          "user-agent": "quickturn",
          ...headers,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (cause) {
      const reason =
        cause instanceof Error ? ((cause.cause as Error | undefined)?.message ?? cause.message) : String(cause);
      throw new ForgeError(`${method} ${path} got no answer from ${new URL(url).host}: ${reason}`, true, { cause });
    }
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A gateway's page; its beginning says enough.
    return { message: text.slice(0, 200).replaceAll(/\s+/g, " ").trim() };
  }
}

/** GitHub and GitLab both say `message`; GitLab also `error`, and an object where a field is wrong. */
function messageOf(body: unknown): string {
  const { message, error } = (body ?? {}) as { message?: unknown; error?: unknown };
  const said = message ?? error ?? "";
  return typeof said === "string" ? said : JSON.stringify(said);
}

/** The server's fault, or too many calls: GitHub says that by 403 with one of these headers too. */
function isPassing({ status, headers }: ForgeAnswer): boolean {
  return (
    status >= 500 ||
    status === 429 ||
    (status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0"))
  );
}
