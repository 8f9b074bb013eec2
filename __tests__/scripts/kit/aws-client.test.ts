import { accountLimits, clientConfiguration, credentialsIn, findCredentials } from "../../../scripts/kit/aws-client";
import { answeringServer } from "../../support/answering-server";

describe("account limits", () => {
  const limitsOf = async (document: object, status = 200) => {
    const server = await answeringServer(() => ({ status, body: JSON.stringify(document) }));
    const environment = { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    try {
      return await accountLimits({ environment, region: "us-east-1" }, new AbortController().signal);
    } finally {
      await server.stop();
    }
  };

  test("all executions and those without a reservation", async () => {
    expect(
      await limitsOf({ AccountLimit: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 850 } }),
    ).toEqual({ concurrentExecutions: 1_000, unreservedConcurrentExecutions: 850 });
  });

  test("without them it says what was missing, or what AWS said, and what it takes", async () => {
    await expect(limitsOf({})).rejects.toThrow(
      "The account's limits of Lambda in us-east-1 cannot be read (the answer holds no AccountLimit). It takes " +
        "lambda:GetAccountSettings.",
    );
    await expect(limitsOf({ message: "not you" }, 403)).rejects.toThrow(
      /not you.*It takes lambda:GetAccountSettings\.$/,
    );
  });
});

describe("aws client", () => {
  const KEYS = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

  test("keys come from the environment, with the session token, and another principal's by a prefix", () => {
    expect(credentialsIn(KEYS)).toEqual({ accessKeyId: "a", secretAccessKey: "b" });
    expect(credentialsIn({ ...KEYS, AWS_SESSION_TOKEN: "t" })).toEqual({
      accessKeyId: "a",
      secretAccessKey: "b",
      sessionToken: "t",
    });
    expect(credentialsIn({ OTHER_AWS_ACCESS_KEY_ID: "c", OTHER_AWS_SECRET_ACCESS_KEY: "d" }, "OTHER_")).toEqual({
      accessKeyId: "c",
      secretAccessKey: "d",
    });
    expect([
      credentialsIn({ AWS_ACCESS_KEY_ID: "a" }),
      credentialsIn({ ...KEYS, AWS_SECRET_ACCESS_KEY: "" }),
      credentialsIn(KEYS, "OTHER_"),
    ]).toEqual([undefined, undefined, undefined]);
  });

  test("a service's own endpoint wins over the one for all; without either AWS's is taken", () => {
    const endpointOf = (environment: NodeJS.ProcessEnv) =>
      clientConfiguration({ environment, region: "r" }, "LAMBDA").endpoint;
    expect(endpointOf({ AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_LAMBDA: "http://lambda" })).toBe(
      "http://lambda",
    );
    expect([
      endpointOf({ AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_SQS: "http://sqs" }),
      endpointOf({}),
    ]).toEqual(["http://all", undefined]);
  });

  test("the environment's keys are found; a profile that there is not is named, with what to set", async () => {
    expect(await findCredentials({ environment: KEYS, region: "us-east-1" })).toEqual({
      accessKeyId: "a",
      secretAccessKey: "b",
    });
    await expect(findCredentials({ environment: KEYS, region: "us-east-1" }, "no-such-profile")).rejects.toThrow(
      /^There are no AWS credentials for the profile no-such-profile: .*Set AWS_PROFILE, or .*_ACCESS_KEY\.$/s,
    );
  });
});
