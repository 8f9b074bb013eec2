import { AgentFailure } from "../../../handlers/agents/agent";
import { AnswerError, makeCallFailure, rethrowFailure, parseRetryAfter, retry } from "../../../handlers/agents/retries";
import { isUnavailable } from "../../../handlers/aws/guards";
import { countTime, pass } from "../counted-time";

describe("failures", () => {
  const fault = (facts: object) => Object.assign(new Error("canary of arn:aws:iam::123456789012:role/worker"), facts);

  test.each<[unknown, string]>([
    [
      fault({ name: "ThrottlingException", $metadata: { httpStatusCode: 429 } }),
      "The agent's model gave ThrottlingException (HTTP 429).",
    ],
    [fault({ code: "ECONNRESET" }), "The agent's model gave ECONNRESET."],
    [fault({}), "The agent's model gave Error."],
    [new AnswerError(503), "The agent's model gave HTTP 503."],
    [undefined, "The agent's model gave an error."],
  ])("%s is told by its kind only, and kept as the cause", (cause, message) => {
    const failure = makeCallFailure("The agent's model", cause);
    expect(failure).toBeInstanceOf(AgentFailure);
    expect(failure).toMatchObject({ message, cause });
  });

  test("an agent's own failure stays as it is", () => {
    const failure = new AgentFailure("The agent gave an empty answer.");
    expect(makeCallFailure("The agent's model", failure)).toBe(failure);
  });

  test("where the signal ended the call, its reason is what is thrown", () => {
    expect(() =>
      rethrowFailure("The agent's model", AbortSignal.abort(new Error("too late")))(fault({ name: "AbortError" })),
    ).toThrow("too late");
  });

  test("a guard takes throttling and server errors of an endpoint for unavailability, and a refusal not", () => {
    expect([429, 500, 503, 400, 401].map((status) => isUnavailable(new AnswerError(status)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("retries", () => {
  const NOW_MS = Date.parse("2026-03-01T12:00:00.000Z");

  /** Rejects with each error in turn, then gives "done". */
  function rethrowFailure(...errors: readonly Error[]) {
    const work = jest.fn(async () => {
      const error = errors[work.mock.calls.length - 1];
      if (error) throw error;
      return "done";
    });
    return work;
  }

  const options = (overrides = {}) => ({
    signal: new AbortController().signal,
    deadlineMs: NOW_MS + 60_000,
    nowMs: () => NOW_MS,
    random: () => 0,
    ...overrides,
  });
  const reset = () => Object.assign(new Error("reset"), { code: "ECONNRESET" });

  test.each<[string, Error]>([
    ["429", new AnswerError(429)],
    ["500", new AnswerError(500)],
    ["503", new AnswerError(503)],
    ["a broken connection", reset()],
  ])("%s may pass: up to three tries", async (_what, error) => {
    expect(await retry(rethrowFailure(error, error), options())).toBe("done");
    const work = rethrowFailure(error, error, error);
    await expect(retry(work, options())).rejects.toBe(error);
    expect(work).toHaveBeenCalledTimes(3);
  });

  test.each<Error>([new AnswerError(400), new AnswerError(302), new AnswerError(401), new Error("a bug")])(
    "%s does not: one try",
    async (error) => {
      const work = rethrowFailure(error);
      await expect(retry(work, options())).rejects.toBe(error);
      expect(work).toHaveBeenCalledTimes(1);
    },
  );

  test("the waits are a random part of 100 ms, then of 200 ms", async () => {
    const waits = jest.spyOn(global, "setTimeout");
    await retry(rethrowFailure(reset(), reset()), options({ random: () => 0.1 }));
    expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([10, 20]);
    waits.mockRestore();
  });

  test("a wait that is asked for is the wait", async () => {
    const waits = jest.spyOn(global, "setTimeout");
    await retry(rethrowFailure(new AnswerError(503, 35)), options());
    expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([35]);
    waits.mockRestore();
  });

  test("a wait that ends at the deadline is not begun; one that ends before it is", async () => {
    const work = rethrowFailure(new AnswerError(429, 35));
    await expect(retry(work, options({ deadlineMs: NOW_MS + 35 }))).rejects.toThrow("HTTP 429");
    expect(work).toHaveBeenCalledTimes(1);
    expect(await retry(rethrowFailure(new AnswerError(429, 35)), options({ deadlineMs: NOW_MS + 36 }))).toBe("done");
  });

  describe("an abort during the wait", () => {
    countTime();

    test("ends it at once, and nothing is tried after it", async () => {
      const work = rethrowFailure(new AnswerError(429, 30_000));
      const controller = new AbortController();
      const tries = retry(work, options({ signal: controller.signal }));
      await pass(29_999);
      controller.abort(new Error("not needed"));
      await expect(tries).rejects.toThrow("not needed");
      await pass(60_000);
      expect(work).toHaveBeenCalledTimes(1);
    });
  });

  test.each([
    [undefined, undefined],
    ["0", 0],
    ["120", 120_000],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sun, 01 Mar 2026 11:59:00 GMT", 0],
    ["soon", undefined],
    ["-1", undefined],
  ])("Retry-After %s is %s ms", (header, ms) => {
    expect(parseRetryAfter(header, NOW_MS)).toBe(ms);
  });
});
