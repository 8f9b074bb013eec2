import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessModes, fuzz, judgeLogs, type FuzzReport } from "./fuzz";
import { type CommandContext, SILENT } from "../../../scripts/kit/context";
import { startMemoryApi, type Meddle } from "../../support/memory-api";
import { PROJECT } from "../../support/stack-json";
import { folder } from "../../scripts/emulator/fixtures";

const options = { requests: 60, seed: Math.floor(Math.random() * 2 ** 31), concurrency: 4, keep: false };
const context = (environment: NodeJS.ProcessEnv): CommandContext => ({
  projectDirectory: PROJECT,
  environment,
  progress: SILENT,
  signal: new AbortController().signal,
});

async function fuzzed(meddle?: Meddle) {
  const api = await startMemoryApi(meddle);
  try {
    const [own, other] = api.callers.map(({ accessKeyId, secretAccessKey }) => ({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    }));
    const others = Object.fromEntries(Object.entries(other!).map(([name, value]) => [`OTHER_${name}`, value]));
    return await fuzz(context({ ...own, ...others, AWS_REGION: "us-east-1" }), { ...options, url: `${api.url}/` });
  } finally {
    await api.stop();
  }
}

test("an API that keeps its document yields exit code 0, and says what was sent and what was not read", async () => {
  const { exitCode, text, json } = await fuzzed();
  const { seed } = options;
  expect({ seed, exitCode, findings: (json as FuzzReport).modes.map(({ findings }) => findings) }).toEqual({
    seed,
    exitCode: 0,
    findings: [[]],
  });
  expect(text).toMatch(new RegExp(`iam: 60 requests with \\d+ kinds of change in \\d+ s \\(seed ${seed}\\)`));
  expect(text).toContain("leaks in answers (logs are not read: the API runs elsewhere)");
  expect(json).toMatchObject({
    seed,
    holds: true,
    modes: [{ authorization: "iam", holds: true, promises: { serverErrors: 0, hangs: 0, leaks: 0 } }],
  });
});

test("an applied stack answers as its document says, without a fault, a hang or a leak in answers or logs; and all that was accepted ends", async () => {
  const { exitCode, json } = await fuzz(context(process.env), { ...options, requests: 300 });
  const [mode] = (json as FuzzReport).modes;
  const { seed } = options;
  expect({ seed, exitCode, findings: mode?.findings }).toEqual({ seed, exitCode: 0, findings: [] });
  expect(mode?.tally.requests).toBe(300);
  expect(mode?.accepted).toBeGreaterThan(20);
  expect(mode?.ended).toBeGreaterThanOrEqual(mode?.accepted ?? 0);
  expect(mode?.logs).toEqual(
    expect.arrayContaining(["access.log", "quickturn-dev-api.log", "quickturn-dev-worker.log"]),
  );
});

test("one that does not yields exit code 1, with a request that shows it", async () => {
  const { exitCode, text, json } = await fuzzed((_request, answer) =>
    answer.status === 400 ? { ...answer, status: 500 } : answer,
  );
  expect(exitCode).toBe(1);
  expect(text).toContain("server_error: 500; a request never leads to a fault of the service after ");
  const [finding] = (json as FuzzReport).modes[0]!.findings;
  expect(finding?.reproduction).toMatchObject({
    method: expect.any(String) as unknown,
    target: expect.stringMatching(/^\//) as unknown,
    credentials: expect.any(String) as unknown,
  });
});

test("a URL that is no stage's is refused, with what is allowed", async () => {
  await expect(fuzz(context({}), { ...options, url: "example.com" })).rejects.toThrow(
    '--url is "example.com"; allowed: the URL of a stage, such as the output api_endpoint.',
  );
});

test("access modes are named one by one or all at once, and others are refused, with what is allowed", async () => {
  expect(accessModes("iam")).toEqual(["iam"]);
  expect(accessModes("jwt, api_key,jwt")).toEqual(["api_key", "jwt"]);
  expect(accessModes("all")).toEqual(["iam", "api_key", "jwt", "none"]);
  expect(() => accessModes("iam,cognito")).toThrow(
    '--authorization names "cognito"; allowed: iam, api_key, jwt, none, several with commas between, or all.',
  );
  await expect(fuzz(context({}), { ...options, authorization: "all", url: "http://127.0.0.1:9/live" })).rejects.toThrow(
    "--authorization is all; with --url, allowed: the one mode that the API is in.",
  );
});

test("of a running API the mode is the one that credentials are given for, or the one that is named", async () => {
  const url = "http://127.0.0.1:9/live";
  // Nothing answers there: each run ends with its first request, and says as whom it was sent.
  await expect(fuzz(context({ QUICKTURN_TOKEN: "t" }), { ...options, url })).rejects.toThrow(
    "A valid request of caller 1 was answered ECONNREFUSED instead of 202.",
  );
  await expect(fuzz(context({ QUICKTURN_TOKEN: "t" }), { ...options, url, authorization: "api_key" })).rejects.toThrow(
    "authorization is api_key, and no key was given; give one as QUICKTURN_API_KEY.",
  );
});

test("logs are read whole, and where there are none nothing is called proven", () => {
  const logs = join(folder(), "logs");
  expect(() => judgeLogs({ folder: logs, secrets: [] }, "mk")).toThrow(
    `${logs} holds no logs; expected access.log and the functions' logs.`,
  );
  mkdirSync(logs);
  writeFileSync(join(logs, "access.log"), "good\n");
  expect(() => judgeLogs({ folder: logs, secrets: [] }, "mk")).toThrow(
    "holds access.log; expected access.log and the functions' logs.",
  );
  writeFileSync(join(logs, "api.log"), "good\nmk-0-1\n");
  expect(judgeLogs({ folder: logs, secrets: [] }, "mk")).toMatchObject({
    files: ["access.log", "api.log"],
    findings: [{ kind: "log", what: "api.log has what a caller sent in line 2, and in 1 of 3 lines" }],
  });
});
