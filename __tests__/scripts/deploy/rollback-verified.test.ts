import type { CommandContext } from "../../../scripts/kit/context";
import { verifiedRollback } from "../../../scripts/deploy/rollback-verified";

const context = { signal: new AbortController().signal } as CommandContext;
const result = (outputs: Readonly<Record<string, unknown>>) => ({
  exitCode: 0,
  text: "api_endpoint  x",
  json: { applied: true, outputs },
});

test("what was asked and is there passes, with the time it took", async () => {
  const found = await verifiedRollback(context, result({ live_version: "7", settings: { profile: "baseline" } }), {
    to: "baseline",
    seconds: 12.34,
    verify: true,
    settings: { profile: "baseline" },
    outputs: { live_version: "7" },
  });
  expect(found).toMatchObject({
    exitCode: 0,
    text: "Rolled back to baseline in 12.3 s.\napi_endpoint  x",
    json: { seconds: 12.3, verified: true, checks: [] },
  });
});

test("what is not there fails, and says what is", async () => {
  const found = await verifiedRollback(context, result({ live_version: "8", settings: {} }), {
    to: "version 7 of the worker",
    seconds: 1,
    verify: true,
    outputs: { live_version: "7" },
  });
  expect(found).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining('It is not as it should be:\nlive_version is "8"; expected "7"') as unknown,
  });
});

test("what callers get otherwise than it is applied is a failure; where AWS cannot be asked it is left open", async () => {
  const rolledBack = { to: "baseline", seconds: 1, verify: true };
  expect(
    await verifiedRollback(context, result({}), {
      ...rolledBack,
      look: async () => ["callers of q-worker get version 7"],
    }),
  ).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining("It is not as it should be:\ncallers of q-worker get version 7\n") as unknown,
  });
  expect(await verifiedRollback(context, result({}), { ...rolledBack, look: async () => [] })).toMatchObject({
    exitCode: 0,
  });
  const denied = async () => Promise.reject(new Error("denied"));
  expect(await verifiedRollback(context, result({}), { ...rolledBack, look: denied })).toMatchObject({
    exitCode: 3,
    json: { verified: null, checks: ["not looked at: denied"] },
  });
  expect(await verifiedRollback(context, result({}), { ...rolledBack, verify: false, look: denied })).toMatchObject({
    exitCode: 0,
  });
});

test("an API that does not answer leaves it open, with an exit code of its own; without verifying nothing is asked", async () => {
  const outputs = { api_endpoint: "http://127.0.0.1:9/live", settings: { aws_region: "us-east-1" } };
  const text = expect.stringMatching(
    /^Rolled back to baseline in 1\.0 s\. It is applied, and what callers get is not known: .*\nhealth: no answer: /,
  ) as unknown;
  expect(await verifiedRollback(context, result(outputs), { to: "baseline", seconds: 1, verify: true })).toMatchObject({
    exitCode: 3,
    text,
    json: { verified: null },
  });
  const unasked = await verifiedRollback(context, result(outputs), { to: "baseline", seconds: 1, verify: false });
  expect(unasked).toEqual({
    exitCode: 0,
    text: "Rolled back to baseline in 1.0 s.\napi_endpoint  x",
    json: { applied: true, outputs, to: "baseline", seconds: 1 },
  });
});

test("what is not as it was asked fails, also where the API does not answer", async () => {
  const outputs = { api_endpoint: "http://127.0.0.1:9/live", live_version: "8", settings: {} };
  expect(
    await verifiedRollback(context, result(outputs), {
      to: "baseline",
      seconds: 1,
      verify: true,
      outputs: { live_version: "7" },
    }),
  ).toMatchObject({ exitCode: 1, json: { verified: false } });
});
