import { isUnavailable } from "../../../handlers/clients/unavailable";

const error = (facts: object) => Object.assign(new Error("x"), facts);

test.each([
  { name: "ThrottlingException" },
  { name: "ProvisionedThroughputExceededException" },
  { name: "TimeoutError" },
  { name: "AbortError" },
  { name: "DependencyDownError" },
  { code: "ECONNREFUSED" },
  { code: "ECONNRESET" },
  { $retryable: { throttling: true } },
  { $metadata: { httpStatusCode: 503 } },
])("an error with %j means unavailable", (facts) => {
  expect(isUnavailable(error(facts))).toBe(true);
});

test.each([
  { name: "ResourceNotFoundException", $metadata: { httpStatusCode: 400 } },
  { name: "AccessDeniedException" },
  { name: "NotNeededError" },
  { code: "ENOENT" },
  {},
])("an error with %j does not", (facts) => {
  expect(isUnavailable(error(facts))).toBe(false);
});

test("what is no error does not either", () => {
  expect(isUnavailable("ThrottlingException")).toBe(false);
});
