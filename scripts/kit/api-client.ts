import { signedHeaders, type Credentials } from "./aws-client";

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or undefined where the body is no JSON. */
  readonly body: unknown;
}

/** What an invocation may carry beside its prompt. */
interface InvocationOptions {
  readonly sessionId?: string;
  /** Header `Idempotency-Key`: two calls with the same key are one invocation. */
  readonly idempotencyKey?: string;
}

const JSON_BODY = { "content-type": "application/json" };

/** A caller of the API who signs with Signature Version 4. */
export class AgentApiClient {
  /** @param url of the stage, without the route */
  constructor(
    private readonly url: string,
    private readonly region: string,
    private readonly credentials: Credentials,
  ) {}

  invoke(prompt: string, { sessionId, idempotencyKey }: InvocationOptions = {}): Promise<ApiResponse> {
    return this.send({
      method: "POST",
      route: "/api/v1/invoke",
      headers: { ...JSON_BODY, ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }) },
      body: JSON.stringify({ prompt, session_id: sessionId }),
    });
  }

  status(requestId: string): Promise<ApiResponse> {
    return this.send({ method: "GET", route: `/api/v1/status/${encodeURIComponent(requestId)}`, headers: {} });
  }

  private send(call: Omit<Sent, "url" | "region" | "caller" | "signal"> & { readonly route: string }) {
    const { region, credentials } = this;
    const url = new URL(`${this.url}${call.route}`);
    return callApi({
      ...call,
      url,
      region,
      caller: { kind: "iam", credentials },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly region: string;
  readonly caller: ProbeCaller;
  readonly signal: AbortSignal;
}

/** Follows no redirect: the API has none. */
async function callApi({ region, caller, signal, ...request }: Sent): Promise<ApiResponse> {
  const { method, url, body } = request;
  const headers =
    caller.kind === "iam"
      ? await signedHeaders({ ...request, service: "execute-api", region, credentials: caller.credentials })
      : { ...request.headers, ...proofOf(caller) };
  const response = await fetch(url, { method, headers, redirect: "manual", body, signal });
  return { status: response.status, headers: response.headers, body: parseJson(await response.text()) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The identity of a call. */
export type ProbeCaller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "key"; readonly apiKey: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "iam"; readonly credentials: Credentials };

interface ProbeCall {
  readonly method: "GET" | "POST";
  /** Path below the stage, such as /api/v1/health. */
  readonly route: string;
  /** Sent unchanged as application/json. Default: no body. */
  readonly body?: string;
  readonly caller: ProbeCaller;
}

/** An answer of the API, or the reason for its absence. */
export interface ProbeAnswer {
  /** 0 where there was no answer. */
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or undefined where the body is no JSON. */
  readonly body: unknown;
  /** Why there was no answer: no such host, a certificate, a time-out. */
  readonly failure?: string;
  /** Milliseconds from the call to the whole answer. */
  readonly ms: number;
}

/** Milliseconds until a call is given up: longer than the gateway's own 29 s. */
const TIMEOUT_MS = 32_000;

interface ProbeOptions {
  /** URL of the stage, without the route and without a slash at its end. */
  readonly url: string;
  readonly region: string;
  /** Aborting it makes {@link ApiProbe.call} throw. */
  readonly signal: AbortSignal;
  /** Default: 32,000. */
  readonly timeoutMs?: number;
}

/** Calls an API and follows no redirect. A failure of the network is an answer, not an error. */
export class ApiProbe {
  constructor(private readonly options: ProbeOptions) {}

  async call({ method, route, body, caller }: ProbeCall): Promise<ProbeAnswer> {
    const { region, signal, timeoutMs = TIMEOUT_MS } = this.options;
    const startedMs = performance.now();
    const elapsedMs = () => Math.round(performance.now() - startedMs);
    try {
      const answer = await callApi({
        method,
        url: new URL(`${this.options.url}${route}`),
        headers: body === undefined ? {} : JSON_BODY,
        body,
        region,
        caller,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return { ...answer, headers: Object.fromEntries(answer.headers), ms: elapsedMs() };
    } catch (cause) {
      if (signal.aborted) throw cause;
      return { status: 0, headers: {}, body: undefined, failure: failureText(cause, timeoutMs), ms: elapsedMs() };
    }
  }
}

/** Headers that prove who calls, except for a signature. */
function proofOf(caller: ProbeCaller): Record<string, string> {
  if (caller.kind === "token") return { authorization: `Bearer ${caller.token}` };
  return caller.kind === "key" ? { "x-api-key": caller.apiKey } : {};
}

/** fetch says only "fetch failed"; its cause says what failed. */
function failureText(cause: unknown, timeoutMs: number): string {
  const { name, message, cause: deeper } = cause as Error & { cause?: Error & { code?: string } };
  if (name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  return deeper ? [deeper.code, deeper.message].filter(Boolean).join(": ") : message;
}
