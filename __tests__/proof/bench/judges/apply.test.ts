import { applyFigures, applyText, CAUSE, ratio, type ApplyTimes } from "../../../../bench/apply-figures";

const even = { ours: [1_000, 1_040, 5_000], handWritten: [1_000, 900, 1_100] };
const TIMES: ApplyTimes = {
  plan: even,
  ownPlan: even,
  validate: even,
  update: even,
  start: [700, 800, 900],
  everything: 33_000,
};

test("medians are compared, so that one slow run decides nothing", () => expect(ratio(even)).toBeCloseTo(1.04));

test("plan and update are bounded, and the plan's limit is terraform and the provider alone; the others are told", () => {
  const { figures } = applyFigures(TIMES);
  expect(figures.map(({ compares, mustReach, holds }) => [compares, mustReach, holds])).toEqual([
    ["plan, ours / hand-written HCL", "<= 1.05x", true],
    ["apply of an update, ours / hand-written HCL", "<= 1.05x", true],
    ["plan, provider running already, ours / hand-written HCL", undefined, undefined],
    ["validate, provider running already, ours / hand-written HCL", undefined, undefined],
  ]);
  expect(figures[0]).toMatchObject({
    measured: "1.04x (1.04 s / 1.00 s)",
    limit: "0.80 s (terraform and provider alone)",
  });
});

test("a miss is told with its cause", () => {
  const times = { ...TIMES, plan: { ours: [1_060], handWritten: [1_000] } };
  const { figures } = applyFigures(times);
  expect(figures[0]).toMatchObject({ measured: "1.06x (1.06 s / 1.00 s)", holds: false, cause: CAUSE });
  expect(figures[1]).not.toHaveProperty("cause");
  expect(applyText(times, figures)).toMatch(/MISS plan, ours[^\n]+bound <= 1\.05x\n/);
  expect(applyText(times, figures)).toContain(`plan: ${CAUSE}`);
});

test("the bars stand side by side, in seconds", () => {
  const [chart] = applyFigures(TIMES).charts;
  expect(chart).toMatchObject({
    kind: "bars",
    unit: "s",
    series: [
      { name: "Quickturn", values: [1.04, 1.04, 1.04, 1.04] },
      { name: "hand-written HCL", values: [1, 1, 1, 1] },
    ],
  });
});
