import { mayInvoke } from "../../../../scripts/local/applied/permission";
import { functionArn } from "../fixtures";

const GATEWAY = "apigateway.amazonaws.com";
const entry = {
  principal: GATEWAY,
  functionName: "api",
  qualifier: "live",
  sourceArn: "arn:aws:execute-api:us-east-1:1:api1/*/GET/x",
};

test("principal, function, qualifier and source all have to fit", () => {
  const may = (principal: string, arn: string, source: string) => mayInvoke([entry], principal, arn, source);
  const good = "arn:aws:execute-api:us-east-1:1:api1/local/GET/x";
  expect(may(GATEWAY, functionArn("api"), good)).toBe(true);
  expect([
    may("events.amazonaws.com", functionArn("api"), good),
    may(GATEWAY, functionArn("api", "blue"), good),
    may(GATEWAY, functionArn("other"), good),
    may(GATEWAY, functionArn("api"), good.replace("GET", "POST")),
  ]).toEqual([false, false, false, false]);
});

test("a permission without a source lets every source in", () => {
  expect(mayInvoke([{ ...entry, sourceArn: undefined }], GATEWAY, functionArn("api"), "anything")).toBe(true);
});

test("a pattern's other characters are literal", () => {
  expect(mayInvoke([{ ...entry, sourceArn: "a.c(1)?" }], GATEWAY, functionArn("api"), "abc(1)x")).toBe(false);
  expect(mayInvoke([{ ...entry, sourceArn: "a.c(1)?" }], GATEWAY, functionArn("api"), "a.c(1)x")).toBe(true);
});
