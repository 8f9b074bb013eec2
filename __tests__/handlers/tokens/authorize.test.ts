import { authorizeWith, type AuthorizerParts, writePolicy } from "../../../handlers/tokens/authorize";
import { KeysUnavailableError, TokenRefusedError } from "../../../handlers/tokens/verify";
import { NOW_MS, keepingLog } from "../fixtures";

describe("authorize", () => {
  const ARN = "arn:aws:execute-api:us-east-1:123456789012:abc123/live/GET/api/v1/status/x";
  const TOKEN = "aaaa.bbbb.cccc";
  const GOOD = { principal: "p".repeat(43), expiresAtSeconds: NOW_MS / 1_000 + 60, permitted: true };

  function setUp(verify: AuthorizerParts["verify"]) {
    const { log, records } = keepingLog();
    const authorize = authorizeWith({ verify, nowMs: () => NOW_MS, log });
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
      authorizeWith({ verify, nowMs: () => NOW_MS, log })({ authorizationToken: header, methodArn: ARN }),
    ).rejects.toThrow(/^Unauthorized$/);
    expect(verify).not.toHaveBeenCalled();
  });

  test("a fault of ours allows nobody", async () => {
    const { ask } = setUp(async () => Promise.reject(new RangeError("a fault")));
    await expect(ask()).rejects.toThrow("The token cannot be checked");
  });
});

describe("policy", () => {
  const TOKEN = { principal: "p".repeat(43), expiresAtSeconds: 1_700_000_000, permitted: true };
  const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abc123/live";

  test("a good token opens every route of the stage that was asked, and of no other, as the answer is kept by token", () => {
    expect(writePolicy(TOKEN, `${STAGE}/GET/api/v1/status/0b8a1c52`)).toEqual({
      principalId: TOKEN.principal,
      policyDocument: {
        Version: "2012-10-17",
        Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: `${STAGE}/*/*` }],
      },
      context: { caller: `jwt:${TOKEN.principal}`, expires_at: "1700000000" },
    });
  });

  test("without a scope that is needed every route is refused", () => {
    expect(writePolicy({ ...TOKEN, permitted: false }, `${STAGE}/POST/api/v1/invoke`).policyDocument.Statement).toEqual(
      [{ Action: "execute-api:Invoke", Effect: "Deny", Resource: `${STAGE}/*/*` }],
    );
  });

  test.each(["*", "../../other/GET/x", "%0a", ":/*?", "ü"])(
    "what the caller writes into the path, such as %j, changes nothing",
    (path) => {
      expect(writePolicy(TOKEN, `${STAGE}/GET/api/v1/status/${path}`)).toEqual(
        writePolicy(TOKEN, `${STAGE}/GET/api/v1/status/x`),
      );
    },
  );

  test("a partition of its own is kept", () => {
    const policy = writePolicy(
      TOKEN,
      "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/live/GET/api/v1/status/x",
    );
    expect(JSON.stringify(policy)).toContain("arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/live/*/*");
  });

  test.each([
    "",
    "arn:aws:lambda:us-east-1:123456789012:function:x",
    "arn:aws:execute-api:us-east-1:123456789012:*/live/GET/x",
    "arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/x",
    STAGE,
  ])("what names no method, as %j does, is refused", (arn) => {
    expect(() => writePolicy(TOKEN, arn)).toThrow("The event's methodArn names no method; expected arn:");
  });
});
