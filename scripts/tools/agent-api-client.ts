import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

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
