import { authorize, describeIdentity } from "../../../../scripts/local/gateway/authorization";
import { ALICE } from "../fixtures";
import { request, route } from "./gateway-fixtures";

const KEY = { id: "k1", value: "secret", plan: { id: "p", throttle: undefined, quota: undefined } };
const OPTIONS = { region: "us-east-1", callers: [ALICE], apiKeys: [KEY], nowMs: 0 };

test("an open route asks for nothing", async () => {
  expect(await authorize(route(), request(), OPTIONS)).toEqual({ caller: undefined, apiKey: undefined });
});

test("a route with both asks for the signature first", async () => {
  const both = route({ security: [{ sigv4: [], api_key: [] }] });
  expect(await authorize(both, request({ headers: { "x-api-key": "secret" } }), OPTIONS)).toEqual({
    type: "MISSING_AUTHENTICATION_TOKEN",
  });
});

test("an unknown key is refused, a known one is the identity", async () => {
  const keyed = route({ security: [{ api_key: [] }] });
  expect(await authorize(keyed, request({ headers: { "x-api-key": "other" } }), OPTIONS)).toEqual({
    type: "INVALID_API_KEY",
  });
  expect(await authorize(keyed, request({ headers: { "X-API-Key": "secret" } }), OPTIONS)).toEqual({
    caller: undefined,
    apiKey: KEY,
  });
});

test("the identity is written into the context", () => {
  const context = new Map<string, string>();
  describeIdentity({ caller: ALICE, apiKey: KEY }, context);
  expect(Object.fromEntries(context)).toEqual({
    "identity.caller": "AIDAALICE",
    "identity.user": "AIDAALICE",
    "identity.userArn": "arn:aws:iam::123456789012:user/alice",
    "identity.accountId": "123456789012",
    "identity.accessKey": "AKIDALICE",
    "identity.apiKey": "secret",
    "identity.apiKeyId": "k1",
  });
});
