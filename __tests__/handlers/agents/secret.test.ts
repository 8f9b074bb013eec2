import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { managedSecret } from "../../../handlers/agents/secret";
import { openCounters } from "../../../handlers/telemetry";
import { openReadCache } from "../../../handlers/requests/read-cache";
import { NOW_MS } from "../fixtures";

const ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:oracle";

function stored(...values: readonly ({ SecretString?: string } | Error)[]) {
  let calls = 0;
  const send = jest.fn(async () => {
    const value = values[Math.min(calls++, values.length - 1)];
    if (value instanceof Error) throw value;
    return value;
  });
  const cache = openReadCache({ ttlMs: 60_000, nowMs: () => NOW_MS, counters: openCounters() });
  return { send, secret: managedSecret(ARN, async () => ({ send }) as unknown as SecretsManagerClient, cache) };
}

test("a secret is read once and kept", async () => {
  const { secret, send } = stored({ SecretString: "Bearer one" });
  expect([await secret.read(), await secret.read()]).toEqual(["Bearer one", "Bearer one"]);
  expect(send).toHaveBeenCalledTimes(1);
});

test("reading it again gives what it is now, and keeps that", async () => {
  const { secret } = stored({ SecretString: "Bearer one" }, { SecretString: "Bearer two" });
  expect([await secret.read(), await secret.readAgain(), await secret.read()]).toEqual([
    "Bearer one",
    "Bearer two",
    "Bearer two",
  ]);
});

test("the line feed of a file is no part of it", async () => {
  expect(await stored({ SecretString: "Bearer one\n" }).secret.read()).toBe("Bearer one");
});

test.each([{}, { SecretString: "" }, { SecretString: "canary\r\nx-evil: 1" }, { SecretString: "canary é" }])(
  "%j cannot be sent, and is not quoted",
  async (value) => {
    await expect(stored(value).secret.read()).rejects.toThrow(
      /^The agent's secret cannot be sent: it must be one line of ASCII text\.$/,
    );
  },
);

test("a failure names its kind only, and is not kept", async () => {
  const { secret } = stored(Object.assign(new Error(`canary ${ARN}`), { name: "AccessDeniedException" }), {
    SecretString: "Bearer one",
  });
  await expect(secret.read()).rejects.toThrow(/^The store of the agent's secret gave AccessDeniedException\.$/);
  expect(await secret.read()).toBe("Bearer one");
});
