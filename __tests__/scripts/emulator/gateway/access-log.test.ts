import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AccessLog, formatLine, commonLogTime, createContext } from "../../../../scripts/emulator/gateway/access-log";
import { folder, API_ARN } from "../fixtures";
import { request } from "./gateway-fixtures";

describe("access log", () => {
  test("a caller's text can end neither the line nor a JSON string", () => {
    const line = formatLine(
      '{"u":"$context.identity.userAgent",\n"m":$context.error.messageString}',
      new Map([
        ["identity.userAgent", 'a"b\nc'],
        ["error.messageString", '"said"'],
      ]),
    );
    expect(JSON.parse(line)).toEqual({ u: 'a"b\nc', m: "said" });
    expect(line).not.toContain("\n");
  });

  test("lines are written in the order of the requests", async () => {
    const directory = folder();
    const log = new AccessLog(directory);
    for (let index = 0; index < 50; index += 1) log.write("$context.n", new Map([["n", String(index)]]));
    await log.close();
    expect(readFileSync(join(directory, "access.log"), "utf8").trim().split("\n")).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index)),
    );
  });
});

describe("request context", () => {
  test("the context names the API, the stage, the request and the time", () => {
    const stage = {
      name: "local",
      cacheClusterEnabled: false,
      cacheClusterSize: "",
      accessLogFormat: undefined,
      variables: {},
    };
    const api = { id: "api1", name: "api", executionArn: API_ARN, document: {}, policy: undefined };
    const context = createContext(
      { api, stage },
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
});
