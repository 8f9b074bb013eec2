import { readApplied } from "../../../../scripts/local/applied/applied";
import type { InvocationResult } from "../../../../scripts/local/functions/function-host";
import { LambdaIntegration } from "../../../../scripts/local/gateway/lambda-integration";
import { API_ARN, folder, holdTimers, integration, lambda, permission, restApi, state } from "../fixtures";
import { route, source } from "./gateway-fixtures";

function call(result: Promise<InvocationResult>, operation: Record<string, unknown> = {}, sourceArn?: string) {
  const applied = readApplied(
    state(restApi({ paths: {} }), lambda(folder(), { code: "" }), permission("api", undefined, sourceArn)),
    () => undefined,
  );
  const subject = route(operation);
  return new LambdaIntegration(applied, () => result).call(subject, subject.integration!, source());
}

test("what the function host says becomes what API Gateway says", async () => {
  const results: [InvocationResult, unknown][] = [
    [{ kind: "answer", payload: '{"statusCode":204}' }, { status: 204 }],
    [{ kind: "answer", payload: "1" }, { type: "INTEGRATION_FAILURE" }],
    [{ kind: "error", payload: "{}" }, { type: "INTEGRATION_FAILURE" }],
    [{ kind: "throttled" }, { type: "INTEGRATION_FAILURE", status: 500 }],
    [{ kind: "too-large" }, { type: "REQUEST_TOO_LARGE" }],
    [{ kind: "unknown-function" }, { type: "API_CONFIGURATION_ERROR" }],
  ];
  for (const [result, expected] of results)
    expect(await call(Promise.resolve(result))).toMatchObject(expected as object);
});

test("the time-out is the integration's own", async () => {
  holdTimers();
  try {
    const answered = call(new Promise(() => undefined), integration("api", { timeoutInMillis: 20_000 }));
    jest.advanceTimersByTime(19_999);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await answered).toEqual({ type: "INTEGRATION_TIMEOUT" });
  } finally {
    jest.useRealTimers();
  }
});

test("a permission covers a route by its method and path, variables as *", async () => {
  const good: InvocationResult = { kind: "answer", payload: '{"statusCode":200}' };
  expect(await call(Promise.resolve(good), {}, `${API_ARN}/local/GET/echo/*`)).toMatchObject({ status: 200 });
  expect(await call(Promise.resolve(good), {}, `${API_ARN}/local/POST/echo/*`)).toEqual({
    type: "API_CONFIGURATION_ERROR",
  });
});
