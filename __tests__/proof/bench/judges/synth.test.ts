import { synthFigures, synthText, type SynthTimes } from "../../../../bench/synth";

const TIMES: SynthTimes = {
  start: { ms: 400, resources: 0 },
  ours: { ms: 2_400, resources: 129 },
  "aws-cdk": { ms: 6_000, resources: 57 },
  terraconstructs: { ms: 12_000, resources: 55 },
};

test("each peer is a row with ours over it, and node and tsx alone are the limit", () => {
  expect(synthFigures(TIMES).figures).toEqual([
    {
      compares: "synth, ours / aws-cdk with Solutions Constructs",
      measured: "0.40x (2.40 s / 6.00 s)",
      mustReach: "< 1x",
      limit: "0.40 s (node and tsx alone)",
      holds: true,
    },
    {
      compares: "synth, ours / TerraConstructs",
      measured: "0.20x (2.40 s / 12.00 s)",
      mustReach: "< 1x",
      limit: "0.40 s (node and tsx alone)",
      holds: true,
    },
  ]);
});

test("a peer that is as fast as ours is a miss", () => {
  const times = { ...TIMES, "aws-cdk": { ms: 2_400, resources: 57 } };
  const { figures } = synthFigures(times);
  expect(figures.map(({ holds }) => holds)).toEqual([false, true]);
  expect(synthText(times, figures, 3)).toMatch(
    /MISS aws-cdk with Solutions Constructs +2\.40 s +57 resources +ours takes 1\.00x of it/,
  );
});

test("a peer that is not installed is not measured, and what installs it is told; nothing is held against it", () => {
  const times = { start: TIMES.start, ours: TIMES.ours, "aws-cdk": TIMES["aws-cdk"]! };
  const { figures, charts } = synthFigures(times);
  expect(figures[1]).toEqual({
    compares: "synth, ours / TerraConstructs",
    mustReach: "< 1x",
    limit: "0.40 s (node and tsx alone)",
    measured: "not measured",
    cause: "it is not installed: npm ci --prefix bench/peers/terraconstructs",
  });
  expect(charts[0]?.series[0]?.values).toEqual([2.4, 6, null, 0.4]);
  expect(synthText(times, figures, 3)).toContain(
    "not measured: it is not installed: npm ci --prefix bench/peers/terraconstructs",
  );
});
