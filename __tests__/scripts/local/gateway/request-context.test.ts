import { commonLogTime, createContext } from "../../../../scripts/local/gateway/request-context";
import { API_ARN } from "../fixtures";
import { request } from "./gateway-fixtures";

test("the context names the API, the stage, the request and the moment", () => {
  const stage = {
    name: "local",
    cacheClusterEnabled: false,
    cacheClusterSize: "",
    accessLogFormat: undefined,
    variables: {},
  };
  const context = createContext(
    { id: "api1", name: "api", executionArn: API_ARN, document: {}, policy: undefined },
    stage,
    request({ headers: { host: "h.example:1", "user-agent": "u" } }),
    Date.UTC(2026, 3, 9, 12, 34, 56),
  );
  expect(Object.fromEntries(context)).toMatchObject({
    accountId: "123456789012",
    apiId: "api1",
    stage: "local",
    path: "/local/echo",
    httpMethod: "GET",
    requestTime: "09/Apr/2026:12:34:56 +0000",
    "identity.userAgent": "u",
    "identity.sourceIp": "127.0.0.1",
  });
  expect(context.get("requestId")).toMatch(/^[\w-]{36}$/);
});

test("a time is written as in a common log", () => {
  expect(commonLogTime(0)).toBe("01/Jan/1970:00:00:00 +0000");
});
