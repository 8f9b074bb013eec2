import type { CommandContext } from "../../../scripts/commands/context";
import { verifiedRollback } from "../../../scripts/commands/rollback-verified";

const context = { signal: new AbortController().signal } as CommandContext;
const result = (outputs: object) => ({ exitCode: 0, text: "api_endpoint  x", json: { applied: true, outputs } });

test("what was asked and is there passes, with the time it took", async () => {
  const found = await verifiedRollback(context, result({ live_version: "7", settings: { profile: "baseline" } }), { to: "baseline", seconds: 12.34, verify: true, settings: { profile: "baseline" }, outputs: { live_version: "7" } });
  expect(found).toMatchObject({ exitCode: 0, text: "Rolled back to baseline in 12.3 s.\napi_endpoint  x", json: { seconds: 12.3, verified: true, checks: [] } });
});

test("what is not there fails, and says what is", async () => {
  const found = await verifiedRollback(context, result({ live_version: "8", settings: {} }), { to: "version 7 of the worker", seconds: 1, verify: true, outputs: { live_version: "7" } });
  expect(found).toMatchObject({ exitCode: 1, text: expect.stringContaining('It is not as it should be:\nlive_version is "8"; expected "7"') as unknown });
});

test("an API that does not answer is said, and is no failure; without verifying nothing is asked", async () => {
  const outputs = { api_endpoint: "http://127.0.0.1:9/live", settings: { aws_region: "us-east-1" } };
  expect(await verifiedRollback(context, result(outputs), { to: "baseline", seconds: 1, verify: true })).toMatchObject({ exitCode: 0, text: expect.stringContaining("health: no answer:") as unknown });
  expect((await verifiedRollback(context, result(outputs), { to: "baseline", seconds: 1, verify: false })).text).not.toContain("health");
});
