import { tokenAuthorizer, type AuthorizerParts } from "../../../handlers/tokens/authorize";
import { KeysUnavailableError, TokenRefusedError } from "../../../handlers/tokens/refusal";
import { NOW_MS, keepingLog } from "../fixtures";

const ARN = "arn:aws:execute-api:us-east-1:123456789012:abc123/live/GET/api/v1/status/x";
const TOKEN = "aaaa.bbbb.cccc";
const GOOD = { principal: "p".repeat(43), expiresAtSeconds: NOW_MS / 1_000 + 60, permitted: true };

function setUp(verify: AuthorizerParts["verify"]) {
  const { log, records } = keepingLog();
  const authorize = tokenAuthorizer({ verify, nowMs: () => NOW_MS, log });
  return {
    records,
    ask: (authorizationToken = `Bearer ${TOKEN}`) => authorize({ authorizationToken, methodArn: ARN }),
  };
}

test("a good token is allowed, and logged without a word of it", async () => {
  const { ask, records } = setUp(async () => GOOD);
  expect(await ask()).toMatchObject({
    principalId: GOOD.principal,
    policyDocument: { Statement: [{ Effect: "Allow" }] },
  });
  expect(records).toEqual([{ level: "info", event: "authorized", fields: { outcome: "allowed", duration_ms: 0 } }]);
});

test("a token without a scope is denied, which the gateway makes a 403 of", async () => {
  const { ask, records } = setUp(async () => ({ ...GOOD, permitted: false }));
  expect(await ask()).toMatchObject({ policyDocument: { Statement: [{ Effect: "Deny" }] } });
  expect(records[0]?.fields).toMatchObject({ outcome: "scope_missing" });
});

test("a refused token ends in the one word that the gateway makes a 401 of, with the reason in the log alone", async () => {
  const { ask, records } = setUp(async () => Promise.reject(new TokenRefusedError("audience")));
  await expect(ask()).rejects.toThrow(/^Unauthorized$/);
  expect(records).toEqual([
    { level: "info", event: "authorized", fields: { outcome: "refused", reason: "audience", duration_ms: 0 } },
  ]);
});

test("without keys it is not the token that is blamed", async () => {
  const { ask, records } = setUp(async () =>
    Promise.reject(new KeysUnavailableError("The issuer's keys cannot be had.")),
  );
  await expect(ask()).rejects.toThrow(/^The token cannot be checked$/);
  expect(records[0]).toMatchObject({
    level: "error",
    fields: { outcome: "unavailable", error: { name: "KeysUnavailableError" } },
  });
});

test.each([
  "",
  TOKEN,
  "Bearer ",
  `bearer ${TOKEN}`,
  `Basic ${TOKEN}`,
  `Bearer  ${TOKEN}`,
  `Bearer ${TOKEN} `,
  `Bearer ${TOKEN}\n`,
  "Bearer aaaa.bbbb",
  `Bearer ${TOKEN}.dddd.eeee`,
  "Bearer aa+a.bbbb.cccc",
  `Bearer ${"a".repeat(10_240)}.b.c`,
  undefined as never,
  7 as never,
])("the header %j is refused before anything is checked", async (header) => {
  const verify = jest.fn<Promise<typeof GOOD>, [string]>(async () => GOOD);
  const { log } = keepingLog();
  await expect(
    tokenAuthorizer({ verify, nowMs: () => NOW_MS, log })({ authorizationToken: header, methodArn: ARN }),
  ).rejects.toThrow(/^Unauthorized$/);
  expect(verify).not.toHaveBeenCalled();
});

test("a fault of ours allows nobody", async () => {
  const { ask } = setUp(async () => Promise.reject(new RangeError("a fault")));
  await expect(ask()).rejects.toThrow("The token cannot be checked");
});
