import { type CommandContext, SILENT } from "../../../scripts/kit/context";
import { findCallers } from "../../../scripts/gate/smoke";
import { PROJECT } from "../../support/stack-json";

const region = "eu-west-1";
const context = (environment: NodeJS.ProcessEnv): CommandContext => ({
  projectDirectory: PROJECT,
  environment,
  progress: SILENT,
  signal: new AbortController().signal,
});
const KEYS = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "a" };
const OTHER_KEYS = { OTHER_AWS_ACCESS_KEY_ID: "B", OTHER_AWS_SECRET_ACCESS_KEY: "b" };

test("callers come from the environment, as the access mode asks for them; a second one need not be there", async () => {
  const given = (mode: string, environment: NodeJS.ProcessEnv) => findCallers(context(environment), mode, { region });
  expect(await given("api_key", { QUICKTURN_API_KEY: "k", QUICKTURN_OTHER_API_KEY: "l" })).toEqual({
    owner: { kind: "key", apiKey: "k" },
    other: { kind: "key", apiKey: "l" },
  });
  expect(await given("api_key", { QUICKTURN_API_KEY: "k" })).toEqual({
    owner: { kind: "key", apiKey: "k" },
    other: undefined,
  });
  expect(await given("jwt", { QUICKTURN_TOKEN: "t", QUICKTURN_OTHER_TOKEN: "u" })).toEqual({
    owner: { kind: "token", token: "t" },
    other: { kind: "token", token: "u" },
  });
  expect(await given("iam", { ...KEYS, ...OTHER_KEYS })).toEqual({
    owner: { kind: "iam", credentials: { accessKeyId: "A", secretAccessKey: "a" } },
    other: { kind: "iam", credentials: { accessKeyId: "B", secretAccessKey: "b" } },
  });
  expect(await given("none", KEYS)).toEqual({ owner: { kind: "anonymous" }, other: undefined });
});

test("what is given on the command line wins", async () => {
  expect(
    await findCallers(context({ QUICKTURN_API_KEY: "k" }), "api_key", {
      region,
      apiKey: "given",
      otherApiKey: "other",
    }),
  ).toEqual({ owner: { kind: "key", apiKey: "given" }, other: { kind: "key", apiKey: "other" } });
});

test.each([
  ["api_key", "authorization is api_key, and no key was given; give one as QUICKTURN_API_KEY."],
  ["jwt", "authorization is jwt, and no token was given; give one of jwt_issuer as QUICKTURN_TOKEN"],
])("with %s and nobody to call as, it is said what to give", async (mode, message) => {
  await expect(findCallers(context(KEYS), mode, { region })).rejects.toThrow(message);
});
