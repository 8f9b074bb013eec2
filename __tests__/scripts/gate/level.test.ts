import { judgeLevel } from "../../../scripts/gate/level";

const rule = { bound: 100, better: "lower", minimumSamples: 20, samplesToPass: 50, enoughSamples: 200 } as const;
const judge = (value: number, samples: number, more: Partial<Parameters<typeof judgeLevel>[1]> = {}) =>
  judgeLevel({ value, samples }, { ...rule, ...more });

test("within the bound it passes with enough samples; beyond it fails with more, or where it is far beyond", () => {
  expect([judge(100, 49), judge(100, 50)]).toEqual(["inconclusive", "pass"]);
  expect([judge(101, 199), judge(101, 200)]).toEqual(["inconclusive", "fail"]);
  expect([judge(201, 19), judge(201, 20), judge(200, 20)]).toEqual(["inconclusive", "fail", "inconclusive"]);
});

test("where higher is better the other side is the wrong one", () => {
  expect([
    judge(100, 50, { better: "higher" }),
    judge(99, 200, { better: "higher" }),
    judge(49, 20, { better: "higher" }),
  ]).toEqual(["pass", "fail", "fail"]);
});

test("no samples decide nothing, whatever the minimum", () =>
  expect(judge(1, 0, { minimumSamples: 0, samplesToPass: 0 })).toBe("inconclusive"));
