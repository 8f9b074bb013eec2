import { accountLimits } from "../../../scripts/tools/account-limits";
import { answeringServer } from "../../support/answering-server";

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
    "Lambda in us-east-1 does not tell the account's limits (the answer holds no AccountLimit). It takes lambda:GetAccountSettings.",
  );
  await expect(limitsOf({ message: "not you" }, 403)).rejects.toThrow(/not you.*It takes lambda:GetAccountSettings\.$/);
});
