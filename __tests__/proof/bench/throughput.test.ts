import { verdict, type Throughput } from "../../../bench/throughput";

/** A hundred answers of which the slowest takes twice as long. */
const times = (ms: number): number[] => [...Array<number>(99).fill(ms), 2 * ms];
const measured = (oursMs: number): Throughput[] => [
  { call: "poll", empty: times(0.4), same: times(0.9), ours: times(oursMs) },
];

test("what the handler takes beyond the same calls of AWS holds within a millisecond at P99, and is told with the calls a second", () => {
  const { exitCode, text, figures } = verdict(measured(1));
  expect(exitCode).toBe(0);
  expect(figures[0]).toMatchObject({
    measured: "101 us",
    mustReach: "<= 1000 us",
    holds: true,
    compares: expect.stringMatching(
      /^poll: beyond .* at P99 \(P50 100 us; an empty one without them answers in 400 us/,
    ) as unknown,
  });
  expect(figures[1]).toMatchObject({ measured: "990", limit: "2475" });
  expect(text).toContain("100 calls of each");
});

test("more is a miss, with exit code 1", () => {
  const { exitCode, figures } = verdict(measured(3));
  expect([exitCode, figures[0]?.holds]).toEqual([1, false]);
  expect(figures[0]?.cause).toContain("each call of AWS goes through");
});

test("where no AWS call is made, an empty handler is what it is compared with", () => {
  const empty = times(0.4);
  expect(
    verdict([{ call: "poll of an ended request", empty, same: empty, ours: times(0.5) }]).figures[0],
  ).toMatchObject({ measured: "101 us", holds: true });
});
