import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FunctionProcess, functionEnvironment } from "../scripts/emulator/functions/function-process";
import { RuntimeApi } from "../scripts/emulator/functions/runtime-api";
import type { ColdCall } from "./cold-calls";

/** What a start needs. */
export interface ColdStart {
  /** Folder with the code: `index.mjs` or `index.cjs`. */
  readonly code: string;
  readonly call: ColdCall;
  readonly nodePath: string;
  /** Where its DynamoDB and SQS are. */
  readonly endpoint: string;
  /** Path of the certificate that it trusts besides, the same for all: reading it takes time of its own. */
  readonly certificate: string;
  /** Whether its answer is looked at: handlers that are only compared with have none. */
  readonly expectsAnswer: boolean;
}

/** The function's memory, as `api_memory_size` has it by default: it makes the heap's flag. */
const MEMORY_MIB = 512;
const REGION = "us-east-1";
const LIMIT_MS = 30_000;

/** What a start took. */
export interface ColdSample {
  /** Milliseconds from before the process to its answer. */
  readonly ms: number;
  /**
   * Milliseconds that the process was on a processor until then: what others do on the machine hardly changes it. NaN
   * where the system does not tell.
   */
  readonly cpuMs: number;
}

/** Starts a function and gives it one call, as Lambda does. Rejects where its answer is not the right one. */
export async function measureColdStart(start: ColdStart): Promise<ColdSample> {
  const api = await RuntimeApi.listen();
  const logFile = join(start.code, "log.txt");
  const log = openSync(logFile, "w");
  try {
    const { payload, failed, ...sample } = await firstAnswer(start, api, log);
    if (failed || (start.expectsAnswer && !payload.includes(start.call.answerHolds)))
      throw new Error(
        `The function ${start.call.name} in ${start.code} answered ${payload}; expected ${start.call.answerHolds}. Its log: ${readFileSync(logFile, "utf8").slice(-2_000)}`,
      );
    return sample;
  } finally {
    closeSync(log);
    api.close();
  }
}

interface FirstAnswer extends ColdSample {
  readonly payload: string;
  readonly failed: boolean;
}

async function firstAnswer(start: ColdStart, api: RuntimeApi, log: number): Promise<FirstAnswer> {
  const { call, code, nodePath } = start;
  let started: FunctionProcess | undefined;
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<FirstAnswer>((resolve, reject) => {
      limit = setTimeout(
        () => reject(new Error(`The function ${call.name} in ${code} did not answer within ${LIMIT_MS} ms`)),
        LIMIT_MS,
      );
      const beganMs = performance.now();
      const end = (failed: boolean) => (payload: string) =>
        resolve({ ms: performance.now() - beganMs, cpuMs: started?.cpuMs() ?? NaN, payload, failed });
      const task = {
        requestId: "cold-1",
        deadlineMs: Date.now() + LIMIT_MS,
        functionArn: "arn:aws:lambda:us-east-1:123456789012:function:cold",
        traceId: "Root=1-0-0",
        payload: JSON.stringify(call.event),
      };
      let asked = false;
      const next = () => {
        if (!asked) api.deliver(task);
        asked = true;
      };
      api.connect({ next, response: end(false), error: end(true), initError: end(true) });
      started = FunctionProcess.start({
        nodePath,
        taskRoot: code,
        environment: environmentOf(start, api.address),
        log,
      });
      void started.exited.then((how) => end(true)(`nothing: ${how}`));
    });
  } finally {
    clearTimeout(limit);
    started?.kill();
    await started?.exited;
  }
}

/** What the process is told. @param runtimeApi host and port of its Runtime API */
export function environmentOf(
  { call, code, endpoint, certificate }: ColdStart,
  runtimeApi: string,
): Record<string, string> {
  const version = {
    functionName: call.function,
    version: "1",
    runtime: "nodejs22.x",
    handler: "index.handler",
    memoryMiB: MEMORY_MIB,
    timeoutSeconds: 30,
    environment: { ...call.environment, ...(call.calls && { CALLS: call.calls.join(",") }) },
    codeSha256: "",
  };
  return functionEnvironment({
    version,
    region: REGION,
    endpoint,
    processVariables: { NODE_EXTRA_CA_CERTS: certificate },
    taskRoot: code,
    runtimeApi,
    logStream: "cold",
  });
}
