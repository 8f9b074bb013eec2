import { benchGrowth } from "../../../scripts/commands/bench/growth";
import { measureDeployments } from "../../../scripts/commands/bench/growth-deployments";
import { measureRequests } from "../../../scripts/commands/bench/growth-requests";
import { SILENT } from "../../../scripts/progress";

jest.mock("../../../scripts/commands/bench/growth-deployments");
jest.mock("../../../scripts/commands/bench/growth-requests");

const context = {
  projectDirectory: "/nowhere",
  environment: {},
  progress: SILENT,
  signal: new AbortController().signal,
};

test("one, ten and fifty deployments and up to a hundred thousand requests are measured, and a miss is exit code 1", async () => {
  jest.mocked(measureRequests).mockResolvedValue(undefined);
  jest
    .mocked(measureDeployments)
    .mockImplementation(async (_, sizes) =>
      sizes.map((deployments) => ({ deployments, ms: deployments ** 2, peakMiB: deployments, resources: deployments })),
    );
  const { exitCode, json, figures } = await benchGrowth(context);
  expect(jest.mocked(measureDeployments).mock.calls[0]?.[1]).toEqual([1, 10, 50]);
  expect(jest.mocked(measureRequests).mock.calls[0]?.[1]).toEqual([1_000, 10_000, 100_000]);
  expect(exitCode).toBe(1);
  expect(json).toMatchObject({ bench: "growth", holds: false });
  expect(figures.map(({ holds }) => holds)).toEqual([false, true, undefined, undefined, undefined]);
});
