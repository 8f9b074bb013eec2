import { AgentFailure } from "../../../handlers/agents/agent";
import { AnswerError, callFailure, failing } from "../../../handlers/agents/failures";
import { isUnavailable } from "../../../handlers/clients/unavailable";

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
  const failure = callFailure("The agent's model", cause);
  expect(failure).toBeInstanceOf(AgentFailure);
  expect(failure).toMatchObject({ message, cause });
});

test("an agent's own failure stays as it is", () => {
  const failure = new AgentFailure("The agent gave an empty answer.");
  expect(callFailure("The agent's model", failure)).toBe(failure);
});

test("where the signal ended the call, its reason is what is thrown", () => {
  expect(() =>
    failing("The agent's model", AbortSignal.abort(new Error("too late")))(fault({ name: "AbortError" })),
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
