import { callerOf } from "../../handlers/callers";
import { gatewayEvent } from "./fixtures";

const role = { accountId: "123456789012", caller: "AROAEXAMPLE:alice", apiKeyId: "key-1" };

test("the owner of a signed call is the role, whatever the session is called", () => {
  expect(callerOf(gatewayEvent({ identity: role }), "iam")).toBe("iam:123456789012:AROAEXAMPLE");
  expect(callerOf(gatewayEvent({ identity: { ...role, caller: "AROAEXAMPLE:bob" } }), "iam")).toBe("iam:123456789012:AROAEXAMPLE");
  expect(callerOf(gatewayEvent({ identity: { ...role, caller: "AIDAEXAMPLE" } }), "iam")).toBe("iam:123456789012:AIDAEXAMPLE");
});

test("the owner of a call with an API key is the key", () => {
  expect(callerOf(gatewayEvent({ identity: role }), "api_key")).toBe("key:key-1");
});

test("without authorization all callers are one", () => {
  expect(callerOf(gatewayEvent({ identity: role }), "none")).toBe("anonymous");
});

test.each([
  ["iam", {}],
  ["iam", { caller: "AROAEXAMPLE:alice" }],
  ["iam", { accountId: "123456789012", caller: null }],
  ["iam", { accountId: "123456789012", caller: ":alice" }],
  ["api_key", { apiKeyId: null }],
  ["api_key", { apiKeyId: "" }],
] as const)("in mode %s the identity %j is refused", (mode, identity) => {
  expect(() => callerOf(gatewayEvent({ identity }), mode)).toThrow("The caller is not known. Sign the request, or send your API key.");
});

test("headers and body do not make an owner", () => {
  const event = gatewayEvent({ headers: { "x-api-key": "key-1", caller: "AROAEXAMPLE" }, body: '{"owner":"key:key-1"}' });
  expect(() => callerOf(event, "api_key")).toThrow("The caller is not known.");
});
