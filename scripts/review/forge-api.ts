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

export interface ForgeApiOptions {
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

export interface ForgeAnswer {
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
