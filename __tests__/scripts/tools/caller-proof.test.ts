import { GatewayRequest } from "../../../scripts/local/gateway/gateway-request";
import { verifySignature } from "../../../scripts/local/gateway/signature";
import { CREDENTIALS, latin1, type FuzzRequest } from "../../../scripts/judges/fuzz/request";
import { proofOf } from "../../../scripts/tools/caller-proof";
import { ALICE } from "../local/fixtures";

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const options = { host: "h:1", stage: "/live", region: "us-east-1", marker: "mk", nowMs: NOW_MS };
const request = (more: Partial<FuzzRequest> = {}): FuzzRequest => ({ method: "POST", target: "/a/%20b//c?x=1&x=2&y=%zz", headers: [], body: latin1("\xff"), credentials: "good", ...more });

async function verified(given: FuzzRequest) {
  const proof = await proofOf({ kind: "iam", credentials: ALICE }, given, options);
  const rawHeaders = [["Host", "h:1"], ["X-Unsigned", "1"], ...proof].flat();
  return verifySignature(new GatewayRequest({ method: given.method, url: `/live${given.target}`, rawHeaders, body: Buffer.from(given.body ?? []), sourceIp: "127.0.0.1" }), { region: "us-east-1", callers: [ALICE], nowMs: NOW_MS });
}

test("a good signature holds for odd targets and bodies, whatever else is sent", async () => expect(await verified(request())).toBe(ALICE));

test.each(CREDENTIALS.filter((kind) => kind !== "good"))("credentials that are %s are refused", async (credentials) => {
  expect(await verified(request({ credentials }))).toMatchObject({ type: expect.stringMatching(/^(INVALID_SIGNATURE|MISSING_AUTHENTICATION_TOKEN)$/) as unknown });
});

test("keys and tokens stand in their header, and wrong ones are wrong in their own way", async () => {
  expect(await proofOf({ kind: "key", apiKey: "k" }, request(), options)).toEqual([["x-api-key", "k"]]);
  expect(await proofOf({ kind: "token", token: "t" }, request(), options)).toEqual([["Authorization", "Bearer t"]]);
  for (const credentials of CREDENTIALS.filter((kind) => kind !== "good")) {
    expect(JSON.stringify(await proofOf({ kind: "key", apiKey: "k" }, request({ credentials }), options))).not.toContain('"k"');
  }
  expect(await proofOf({ kind: "key", apiKey: "k" }, request({ credentials: "empty" }), options)).toEqual([["x-api-key", ""]]);
  expect(await proofOf({ kind: "anonymous" }, request(), options)).toEqual([]);
});
