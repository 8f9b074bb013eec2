import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FunctionProcess } from "../../local/functions/function-process";
import { RuntimeApi } from "../../local/functions/runtime-api";
import { environmentOf, type ColdStart } from "./cold-process";

const LIMIT_MS = 30_000;

interface Answer {
  readonly payload: string;
  readonly failed: boolean;
}

/** One instance of a function that stays, as a busy function's does: it is never frozen between calls. */
export class WarmFunction {
  private waits: Promise<void>;
  private ready!: () => void;
  private answered: (answer: Answer) => void = () => undefined;

  private constructor(
    private readonly start: ColdStart,
    private readonly api: RuntimeApi,
    private readonly process: FunctionProcess,
    private readonly log: number,
  ) {
    this.waits = this.nextReady();
    const end = (failed: boolean) => (payload: string) => this.answered({ payload, failed });
    api.connect({ next: () => this.ready(), response: end(false), error: end(true), initError: end(true) });
    void process.exited.then((how) => end(true)(`nothing: ${how}`));
  }

  static async open(start: ColdStart): Promise<WarmFunction> {
    const api = await RuntimeApi.listen();
    const log = openSync(join(start.code, "warm.log"), "w");
    const { nodePath, code } = start;
    return new WarmFunction(
      start,
      api,
      FunctionProcess.start({ nodePath, taskRoot: code, environment: environmentOf(start, api.address), log }),
      log,
    );
  }

  /**
   * Gives it the call once more.
   * @returns milliseconds from its delivery to the answer
   * @throws Error where that is not the right one
   */
  async call(): Promise<number> {
    await this.waits;
    this.waits = this.nextReady();
    const { call, code, expectsAnswer } = this.start;
    let limit: NodeJS.Timeout | undefined;
    const beganMs = performance.now();
    const { payload, failed } = await new Promise<Answer>((resolve) => {
      this.answered = resolve;
      limit = setTimeout(() => resolve({ payload: `nothing within ${LIMIT_MS} ms`, failed: true }), LIMIT_MS);
      this.api.deliver({
        requestId: "warm",
        deadlineMs: Date.now() + LIMIT_MS,
        functionArn: "arn:aws:lambda:us-east-1:123456789012:function:warm",
        traceId: "Root=1-0-0",
        payload: JSON.stringify(call.event),
      });
    });
    const ms = performance.now() - beganMs;
    clearTimeout(limit);
    if (failed || (expectsAnswer && !payload.includes(call.answerHolds)))
      throw new Error(
        `The function ${call.name} in ${code} answered ${payload}; expected ${call.answerHolds}. Its log: ${readFileSync(join(code, "warm.log"), "utf8").slice(-2_000)}`,
      );
    return ms;
  }

  async close(): Promise<void> {
    this.process.kill();
    await this.process.exited;
    this.api.close();
    closeSync(this.log);
  }

  private nextReady(): Promise<void> {
    return new Promise((resolve) => (this.ready = resolve));
  }
}
