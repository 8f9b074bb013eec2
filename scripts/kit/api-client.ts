import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { SessionCredentials } from "./aws-client";

/** Keys of an IAM principal. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or undefined where the body is none. */
  readonly body: unknown;
}

/** What an invocation may carry beside its prompt. */
export interface InvocationOptions {
  readonly sessionId?: string;
  /** Header `Idempotency-Key`: sent again with it, the invocation is the same one. */
  readonly idempotencyKey?: string;
}

/** A caller of the API, who signs with SigV4. */
export class AgentApiClient {
  private readonly signer: SignatureV4;

  /**
   * @param url of the stage, without the route
   * @param region that the API is in
   */
  constructor(
    private readonly url: string,
    region: string,
    credentials: Credentials,
  ) {
    this.signer = new SignatureV4({ credentials: { ...credentials }, region, service: "execute-api", sha256: Sha256 });
  }

  invoke(prompt: string, { sessionId, idempotencyKey }: InvocationOptions = {}): Promise<ApiResponse> {
    const body = JSON.stringify({ prompt, ...(sessionId !== undefined && { session_id: sessionId }) });
    return this.send(
      "POST",
      "/api/v1/invoke",
      body,
      idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
    );
  }

  status(requestId: string): Promise<ApiResponse> {
    return this.send("GET", `/api/v1/status/${encodeURIComponent(requestId)}`);
  }

  private async send(
    method: string,
    route: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiResponse> {
    const { protocol, hostname, host, port, pathname } = new URL(`${this.url}${route}`);
    const request = await this.signer.sign({
      method,
      protocol,
      hostname,
      ...(port ? { port: Number(port) } : {}),
      path: pathname,
      headers: { host, ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body }),
    });
    const response = await fetch(`${this.url}${route}`, {
      method,
      headers: request.headers,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(35_000),
    });
    return { status: response.status, headers: response.headers, body: parse(await response.text()) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Who a call is made as. */
export type ProbeCaller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "key"; readonly apiKey: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "iam"; readonly credentials: SessionCredentials };

export interface ProbeCall {
  readonly method: "GET" | "POST";
  /** From the stage on, such as /api/v1/health. */
  readonly route: string;
  /** Sent as application/json, as it is. Default: no body. */
  readonly body?: string;
  readonly caller: ProbeCaller;
}

/** What was answered, or why nothing was. */
export interface ProbeAnswer {
  /** 0 where there was no answer. */
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, or undefined where the body is none. */
  readonly body: unknown;
  /** Why there was no answer: no such host, a certificate, a time-out. */
  readonly failure?: string;
  readonly ms: number;
}

/** Milliseconds until a call is given up: longer than the gateway's own 29 s. */
const TIMEOUT_MS = 32_000;

/** Calls an API as it is, follows no redirect, and never throws for what the network does. */
export class ApiProbe {
  /** `url`: of the stage, without the route and without a slash at its end. */
  constructor(
    private readonly url: string,
    private readonly region: string,
    private readonly signal: AbortSignal,
    private readonly timeoutMs: number = TIMEOUT_MS,
  ) {}

  async call({ method, route, body, caller }: ProbeCall): Promise<ProbeAnswer> {
    const started = performance.now();
    const ms = () => Math.round(performance.now() - started);
    try {
      const headers = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...proofOf(caller) };
      const signed =
        caller.kind === "iam" ? await this.sign(method, route, body, headers, caller.credentials) : headers;
      const response = await fetch(`${this.url}${route}`, {
        method,
        headers: signed,
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(this.timeoutMs)]),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: parsedAgain(text),
        ms: ms(),
      };
    } catch (cause) {
      if (this.signal.aborted) throw cause;
      return { status: 0, headers: {}, body: undefined, failure: reason(cause, this.timeoutMs), ms: ms() };
    }
  }

  private async sign(
    method: string,
    route: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
    credentials: SessionCredentials,
  ): Promise<Record<string, string>> {
    const { protocol, hostname, host, port, pathname, searchParams } = new URL(`${this.url}${route}`);
    const signer = new SignatureV4({ credentials, region: this.region, service: "execute-api", sha256: Sha256 });
    const request = await signer.sign({
      method,
      protocol,
      hostname,
      ...(port ? { port: Number(port) } : {}),
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { host, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return request.headers;
  }
}

/** Headers by which a caller proves itself; a signature comes after, as it covers them. */
function proofOf(caller: ProbeCaller): Record<string, string> {
  if (caller.kind === "token") return { authorization: `Bearer ${caller.token}` };
  return caller.kind === "key" ? { "x-api-key": caller.apiKey } : {};
}

/** fetch says only "fetch failed"; what failed stands in its cause. */
function reason(cause: unknown, timeoutMs: number): string {
  const { name, message, cause: deeper } = cause as Error & { cause?: Error & { code?: string } };
  if (name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  return deeper ? [deeper.code, deeper.message].filter(Boolean).join(": ") : message;
}

function parsedAgain(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
