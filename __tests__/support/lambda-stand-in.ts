import { createServer, request as ask, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** An invocation as the stand-in got it. */
export interface StoodIn {
  readonly version: string;
  readonly payload: unknown;
}

/** What a version answers: its REPORT line, and what the function gave back. */
export interface StandInAnswer {
  /** Lines of the log's tail. */
  readonly tail: string;
  readonly payload?: unknown;
  /** Header X-Amz-Function-Error. */
  readonly error?: string;
  /** Other than 200: Lambda's refusal, of this name. */
  readonly refusal?: { readonly status: number; readonly type: string };
}

/**
 * Lambda on loopback: what an emulator has no answer for, to run a function, is answered here; everything else goes on
 * to the emulator.
 */
export async function lambdaStandIn(
  emulator: string,
  answer: (invocation: StoodIn, count: number) => Promise<StandInAnswer> | StandInAnswer,
) {
  const invocations: StoodIn[] = [];
  const calls: string[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", emulator);
      if (!pathname.endsWith("/invocations")) {
        calls.push(`${request.method} ${request.url}`);
        const forwarded = ask(
          new URL(request.url ?? "/", emulator),
          { method: request.method, headers: { ...request.headers, host: new URL(emulator).host } },
          (answered) => {
            response.writeHead(answered.statusCode ?? 502, answered.headers);
            answered.pipe(response);
          },
        );
        forwarded.on("error", (error) => response.writeHead(502).end(error.message));
        return void forwarded.end(body);
      }
      const invocation = {
        version: searchParams.get("Qualifier") ?? "",
        payload: JSON.parse(body.toString()) as unknown,
      };
      invocations.push(invocation);
      const { tail, payload = null, error, refusal } = await answer(invocation, invocations.length);
      if (refusal)
        return void response
          .writeHead(refusal.status, { "content-type": "application/json", "x-amzn-errortype": refusal.type })
          .end(JSON.stringify({ message: refusal.type, Type: "User" }));
      response.writeHead(200, {
        "x-amz-log-result": Buffer.from(tail).toString("base64"),
        "x-amz-executed-version": invocation.version,
        ...(error === undefined ? {} : { "x-amz-function-error": error }),
      });
      response.end(JSON.stringify(payload));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    invocations,
    /** Method and address of each call that went on. */
    calls,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A REPORT line as Lambda writes it in the text format. */
export const reportLine = (
  memoryMiB: number,
  durationMs: number,
  { initMs, usedMiB = 90 }: { readonly initMs?: number; readonly usedMiB?: number } = {},
): string =>
  `REPORT RequestId: 1\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms\tMemory Size: ${memoryMiB} MB\tMax Memory Used: ${usedMiB} MB\t${initMs === undefined ? "" : `Init Duration: ${initMs.toFixed(2)} ms\t`}`;
