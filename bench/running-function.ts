import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  FunctionProcess,
  makeEnvironment,
  RuntimeApi,
  type RuntimeTask,
} from "../scripts/emulator/functions/function-process";
import type { FunctionCall } from "../__tests__/support/function-calls";

/** What a function needs to be started and called. */
export interface FunctionStart {
  /** Folder with the code: `index.mjs` or `index.cjs`. */
  readonly code: string;
  readonly call: FunctionCall;
  readonly nodePath: string;
  /** Address of its DynamoDB and SQS. */
  readonly endpoint: string;
  /** Path of a certificate to trust; the same for all, because reading it takes time of its own. */
  readonly certificate: string;
  /** Whether the answer is checked; handlers that are only compared with give none. */
  readonly checksAnswer: boolean;
}

/** Memory of the function in MiB, as `api_memory_size` has it by default; it sets the limit of the heap. */
const MEMORY_MIB = 512;
const LIMIT_MS = 30_000;

interface Answer {
  readonly payload: string;
  readonly failed: boolean;
}

/** One instance of a function behind Lambda's Runtime API, never frozen between calls. */
export class RunningFunction {
  /** Time before the process was started, on the clock of `performance`. */
  private readonly startedMs: number;
  private readonly process: FunctionProcess;
  private isWaiting = false;
  private task: RuntimeTask | undefined;
  private answer: (answer: Answer) => void = () => undefined;

  private constructor(
    private readonly start: FunctionStart,
    private readonly api: RuntimeApi,
    private readonly log: number,
  ) {
    const answered = (failed: boolean) => (payload: string) => this.answer({ payload, failed });
    const next = () => {
      this.isWaiting = true;
      this.deliver();
    };
    api.connect({ next, response: answered(false), error: answered(true), initError: answered(true) });
    const { nodePath, code } = start;
    const environment = environmentOf(start, api.address);
    this.startedMs = performance.now();
    this.process = FunctionProcess.start({ nodePath, taskRoot: code, environment, log });
    void this.process.exited.then((how) => answered(true)(`nothing: ${how}`));
  }

  static async start(start: FunctionStart): Promise<RunningFunction> {
    return new RunningFunction(start, await RuntimeApi.listen(), openSync(logOf(start), "w"));
  }

  /**
   * Gives the function its call.
   * @returns milliseconds from the delivery to the answer
   * @throws Error where the answer is not the right one, or does not come
   */
  async call(): Promise<number> {
    const { call, code, checksAnswer } = this.start;
    const beganMs = performance.now();
    const answered = new Promise<Answer>((resolve) => (this.answer = resolve));
    const limit = setTimeout(() => this.answer({ payload: `nothing within ${LIMIT_MS} ms`, failed: true }), LIMIT_MS);
    this.task = {
      requestId: "bench",
      deadlineMs: Date.now() + LIMIT_MS,
      functionArn: "arn:aws:lambda:us-east-1:123456789012:function:bench",
      traceId: "Root=1-0-0",
      payload: JSON.stringify(call.event),
    };
    this.deliver();
    const { payload, failed } = await answered;
    const ms = performance.now() - beganMs;
    clearTimeout(limit);
    if (failed || (checksAnswer && !payload.includes(call.answerHolds)))
      throw new Error(
        `The function ${call.name} in ${code} answered ${payload}; expected ${call.answerHolds}. ` +
          `Its log: ${readFileSync(logOf(this.start), "utf8").slice(-2_000)}`,
      );
    return ms;
  }

  /** Wall and processor time since the process was started, in milliseconds; NaN where the system does not tell. */
  timesMs(): ColdTimes {
    return { ms: performance.now() - this.startedMs, cpuMs: this.process.cpuMs() ?? NaN };
  }

  async stop(): Promise<void> {
    this.process.kill();
    await this.process.exited;
    this.api.close();
    closeSync(this.log);
  }

  private deliver(): void {
    if (!this.isWaiting || this.task === undefined) return;
    this.isWaiting = false;
    this.api.deliver(this.task);
    this.task = undefined;
  }
}

/** Time from before the process was started to its first answer, in milliseconds. */
export interface ColdTimes {
  readonly ms: number;
  /** Time on a processor, which other programs hardly change. */
  readonly cpuMs: number;
}

/** Starts a function and gives it one call, as Lambda does. */
export async function measureColdStart(start: FunctionStart): Promise<ColdTimes> {
  const running = await RunningFunction.start(start);
  try {
    await running.call();
    return running.timesMs();
  } finally {
    await running.stop();
  }
}

const logOf = ({ code }: FunctionStart): string => join(code, "log.txt");

function environmentOf({ call, code, endpoint, certificate }: FunctionStart, runtimeApi: string) {
  return makeEnvironment({
    version: {
      functionName: call.function,
      version: "1",
      runtime: "nodejs22.x",
      handler: "index.handler",
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: 30,
      environment: { ...call.environment, ...(call.awsCalls && { CALLS: call.awsCalls.join(",") }) },
      codeSha256: "",
    },
    region: "us-east-1",
    endpoint,
    processVariables: { NODE_EXTRA_CA_CERTS: certificate },
    taskRoot: code,
    runtimeApi,
    logStream: "bench",
  });
}
