import { benchGrowth, measureDeployments } from "../../../bench/growth";
import { measureRequests } from "../../../bench/growth-requests";
import { SILENT } from "../../../scripts/kit/context";

jest.mock("../../../bench/growth");
jest.mock("../../../bench/growth-requests");

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
