import { benchImage } from "../../../bench/image";
import { SILENT } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";

test("the functions in our image are 40 % smaller than in a naive one, and answer from both", async () => {
  const { exitCode, figures, charts, json } = await benchImage(
    { projectDirectory: PROJECT, environment: process.env, progress: SILENT, signal: new AbortController().signal },
    { runs: 1 },
  );
  expect([exitCode, figures[0]]).toEqual([0, expect.objectContaining({ mustReach: ">= 40 % smaller", holds: true })]);
  const { samples } = json as {
    samples: {
      naive: { bytes: number; coldStartMs: number[] };
      uncached: { bytes: number };
      ours: { bytes: number; coldStartMs: number[] };
      buildToolBytes: number;
    };
  };
  expect(samples.naive.bytes - samples.buildToolBytes).toBeGreaterThan(samples.ours.bytes);
  expect(samples.ours.bytes).toBeGreaterThan(samples.uncached.bytes);
  expect([samples.naive, samples.ours].map(({ coldStartMs }) => coldStartMs.length)).toEqual([1, 1]);
  expect(charts).toHaveLength(2);
});
