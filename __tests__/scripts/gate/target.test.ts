import fc from "fast-check";
import {
  FALSE_ABORT_SHARE,
  spendableChance,
  judgeLevel,
  judgeRate,
  samplesToPass,
  toleratedShare,
  type RateFinding,
} from "../../../scripts/gate/target";
import { lowerTail, upperTail, wilsonInterval } from "../../../scripts/kit/quantiles";
import { seededRandom } from "../../../scripts/kit/random";

describe("looks", () => {
  test("one look may spend the whole chance", () =>
    expect(spendableChance({ look: 1, repeated: false })).toBe(FALSE_ABORT_SHARE));

  test("repeated looks spend less each time, and together never more than the whole chance", () => {
    const spent = Array.from({ length: 10_000 }, (_, index) => spendableChance({ look: index + 1, repeated: true }));
    expect(spent.slice(0, 3)).toEqual([FALSE_ABORT_SHARE / 2, FALSE_ABORT_SHARE / 6, FALSE_ABORT_SHARE / 12]);
    expect(spent.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(FALSE_ABORT_SHARE);
  });

  test("a look below 1 is refused, with what is allowed", () =>
    expect(() => spendableChance({ look: 0, repeated: true })).toThrow(
      "The look is 0; allowed: a whole number from 1.",
    ));
});

describe("rate", () => {
  const rule = (allowed: number, minimumSamples = 20, falseAbort = FALSE_ABORT_SHARE) => ({
    allowed,
    minimumSamples,
    falseAbort,
  });
  const verdict = (bad: number, samples: number, allowed = 0.01) => judgeRate({ bad, samples }, rule(allowed)).verdict;

  describe("an allowed 1 %", () => {
    test.each<[number, number, RateFinding["verdict"]]>([
      [0, 0, "inconclusive"],
      [0, 28, "inconclusive"],
      [0, 29, "pass"],
      [1, 1, "inconclusive"],
      [2, 2, "fail"],
      [1, 30, "inconclusive"],
      [2, 30, "inconclusive"],
      [3, 30, "fail"],
      [1, 100, "pass"],
      [2, 100, "inconclusive"],
      [4, 100, "inconclusive"],
      [5, 100, "fail"],
      [10, 1_000, "pass"],
      [11, 1_000, "inconclusive"],
      [20, 1_000, "fail"],
    ])("%i bad of %i: %s", (bad, samples, expected) => expect(verdict(bad, samples)).toBe(expected));
  });

  test("where no bad event is allowed one fails and 299 good ones pass; where all are allowed the minimum passes", () => {
    expect([verdict(1, 5, 0), verdict(0, 298, 0), verdict(0, 299, 0)]).toEqual(["fail", "inconclusive", "pass"]);
    expect([verdict(19, 19, 1), verdict(20, 20, 1)]).toEqual(["inconclusive", "pass"]);
  });

  test("a minimum of samples delays a pass, but no failure that chance cannot explain", () => {
    expect(judgeRate({ bad: 0, samples: 99 }, rule(0.3, 100)).verdict).toBe("inconclusive");
    expect(judgeRate({ bad: 0, samples: 100 }, rule(0.3, 100)).verdict).toBe("pass");
    expect(judgeRate({ bad: 20, samples: 20 }, rule(0.3, 100)).verdict).toBe("fail");
  });

  test("a pass excludes ten times the allowed share, at most ten points more, at least 1 %", () => {
    expect([0, 0.0005, 0.01, 0.05, 0.3, 0.95].map(toleratedShare)).toEqual([
      0.01,
      0.01,
      0.1,
      expect.closeTo(0.15) as number,
      0.4,
      1,
    ]);
  });

  test("the computed chance to fail at the allowed share is as promised, and that to pass at the tolerated share is at most 5 %", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(0.001, 0.01, 0.05, 0.2, 0.3, 0.5),
        (samples, allowed) => {
          const verdicts = Array.from(
            { length: samples + 1 },
            (_, bad) => judgeRate({ bad, samples }, rule(allowed, 1)).verdict,
          );
          const firstFail = verdicts.indexOf("fail");
          const lastPass = verdicts.lastIndexOf("pass");
          if (firstFail !== -1 && upperTail({ successes: firstFail, samples }, allowed) > FALSE_ABORT_SHARE)
            return false;
          if (lastPass !== -1 && lowerTail({ successes: lastPass, samples }, toleratedShare(allowed)) > 0.05)
            return false;
          return firstFail === -1 || verdicts.slice(firstFail).every((each) => each === "fail");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("the needed samples are the fewest that pass", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0.01, 0.05, 0.3), (bad, allowed) => {
        const needed = samplesToPass(bad, rule(allowed, 1));
        return (
          judgeRate({ bad, samples: needed }, rule(allowed, 1)).verdict === "pass" &&
          (needed === Math.max(1, bad) || judgeRate({ bad, samples: needed - 1 }, rule(allowed, 1)).verdict !== "pass")
        );
      }),
    );
  });

  test("a bad event never passes where none is allowed", () => expect(samplesToPass(1, rule(0))).toBe(Infinity));

  /**
   * 10,000 seeded runs of each cell, in percent. A service that fails in 1 % stands exactly at its target; the naive rule
   * is "observed > 1 %", the other one is the lower bound of Wilson's 95 % interval, and "10 looks" is a gate that looks
   * ten times while its samples grow to that size, as with --wait. "caught" is a service that fails in 10 %.
   */
  const STUDY = `
| samples | naive | naive, 10 looks | Wilson 95 % | Wilson, 10 looks | false aborts | false aborts, 10 looks | caught | caught, 10 looks | 10 % passed |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| 30 | 25.7 | 25.7 | 3.8 | 14.5 | 0.4 | 0.1 | 59.0 | 24.8 | 4.5 |
| 60 | 45.3 | 45.3 | 2.5 | 18.0 | 0.4 | 0.2 | 85.8 | 61.2 | 0.1 |
| 100 | 26.3 | 59.0 | 8.1 | 17.9 | 0.3 | 0.1 | 97.5 | 83.8 | 0.0 |
| 300 | 35.4 | 73.7 | 3.4 | 14.1 | 0.4 | 0.1 | 100.0 | 95.9 | 0.0 |
| 1000 | 41.9 | 67.7 | 2.5 | 15.8 | 0.3 | 0.1 | 100.0 | 99.9 | 0.0 |
`;

  describe("a gate of a 10 % canary", () => {
    const RUNS = 10_000;
    const SIZES = [30, 60, 100, 300, 1_000];
    const LOOKS = 10;
    const memory = new Map<string, RateFinding["verdict"]>();
    const ours = (bad: number, samples: number, look: number, repeated: boolean) => {
      const key = `${bad}/${samples}/${repeated ? look : 0}`;
      const known =
        memory.get(key) ?? judgeRate({ bad, samples }, rule(0.01, 20, spendableChance({ look, repeated }))).verdict;
      memory.set(key, known);
      return known;
    };
    const bounds = new Map<string, number>();
    const lowerBound = (bad: number, samples: number) => {
      const known = bounds.get(`${bad}/${samples}`) ?? wilsonInterval({ successes: bad, samples }, 0.95).low;
      bounds.set(`${bad}/${samples}`, known);
      return known;
    };

    function simulate(share: number, samples: number, seed: number) {
      const random = seededRandom(seed);
      // How many of the samples between two looks are bad is drawn at once, from its distribution.
      const step = samples / LOOKS;
      const chances = Array.from({ length: step + 1 }, (_, count) =>
        count === step ? 1 : lowerTail({ successes: count, samples: step }, share),
      );
      const counts = { naive: 0, naiveLooks: 0, wilson: 0, wilsonLooks: 0, failed: 0, failedLooks: 0, passed: 0 };
      for (let run = 0; run < RUNS; run++) {
        let bad = 0;
        const seen = { naive: false, wilson: false, decided: "" };
        for (let look = 1; look <= LOOKS; look++) {
          const drawn = random();
          bad += chances.findIndex((chance) => drawn < chance);
          const sample = (look * samples) / LOOKS;
          seen.naive ||= bad / sample > 0.01;
          seen.wilson ||= lowerBound(bad, sample) > 0.01;
          // It ends where it decides, as the gate does.
          const decided = ours(bad, sample, look, true);
          if (seen.decided === "" && decided !== "inconclusive") seen.decided = decided;
        }
        const last = ours(bad, samples, 1, false);
        if (bad / samples > 0.01) counts.naive++;
        if (seen.naive) counts.naiveLooks++;
        if (lowerBound(bad, samples) > 0.01) counts.wilson++;
        if (seen.wilson) counts.wilsonLooks++;
        if (last === "fail") counts.failed++;
        if (seen.decided === "fail") counts.failedLooks++;
        if (last === "pass") counts.passed++;
      }
      return Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [name, (count / RUNS) * 100]),
      ) as typeof counts;
    }
    const rows = SIZES.map((samples) => ({
      samples,
      healthy: simulate(0.01, samples, samples),
      sick: simulate(0.1, samples, samples + 7),
    }));

    test("aborts a healthy service in less than 1 % of the runs, at every size, at one look and at ten", () => {
      for (const { healthy } of rows)
        expect({ once: healthy.failed < 1, often: healthy.failedLooks < 1, healthy }).toMatchObject({
          once: true,
          often: true,
        });
    });

    test("catches a service that fails in 10 % in more than 95 % of the runs from 100 samples on, looking ten times from 300 on", () => {
      for (const { samples, sick } of rows.filter((row) => row.samples >= 100))
        expect({ samples, caught: sick.failed > 95 }).toEqual({ samples, caught: true });
      for (const { samples, sick } of rows.filter((row) => row.samples >= 300))
        expect({ samples, caught: sick.failedLooks > 95 }).toEqual({ samples, caught: true });
    });

    test("passes a service that fails in 10 % in at most 5 % of the runs, however few samples there are", () => {
      for (const { sick } of rows) expect(sick.passed).toBeLessThanOrEqual(5.5);
    });

    test("the naive rule aborts a healthy service in 25 to 46 % of the runs at one look, and in 59 to 74 % at ten once the samples are 100", () => {
      for (const { samples, healthy } of rows)
        expect({ samples, within: healthy.naive > 25 && healthy.naive < 47 }).toEqual({ samples, within: true });
      for (const { samples, healthy } of rows.filter((row) => row.samples >= 100))
        expect({ samples, within: healthy.naiveLooks > 58 && healthy.naiveLooks < 75 }).toEqual({
          samples,
          within: true,
        });
    });

    test("the table above holds these figures", () => {
      const cells = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" | ");
      const lines = rows.map(
        ({ samples, healthy, sick }) =>
          `| ${samples} | ${cells([healthy.naive, healthy.naiveLooks, healthy.wilson, healthy.wilsonLooks, healthy.failed, healthy.failedLooks, sick.failed, sick.failedLooks, sick.passed])} |`,
      );
      expect(STUDY.trim().split("\n").slice(2)).toEqual(lines);
    });
  });
});

describe("level", () => {
  const rule = { bound: 100, better: "lower", minimumSamples: 20, samplesToPass: 50, enoughSamples: 200 } as const;
  const judge = (value: number, samples: number, more: Partial<Parameters<typeof judgeLevel>[1]> = {}) =>
    judgeLevel({ value, samples }, { ...rule, ...more });

  test("within the bound it passes with enough samples; beyond it fails with more, or where it is far beyond", () => {
    expect([judge(100, 49), judge(100, 50)]).toEqual(["inconclusive", "pass"]);
    expect([judge(101, 199), judge(101, 200)]).toEqual(["inconclusive", "fail"]);
    expect([judge(201, 19), judge(201, 20), judge(200, 20)]).toEqual(["inconclusive", "fail", "inconclusive"]);
  });

  test("where higher is better, lower values are beyond the bound", () => {
    expect([
      judge(100, 50, { better: "higher" }),
      judge(99, 200, { better: "higher" }),
      judge(49, 20, { better: "higher" }),
    ]).toEqual(["pass", "fail", "fail"]);
  });

  test("without samples a level is inconclusive, whatever the minimum", () =>
    expect(judge(1, 0, { minimumSamples: 0, samplesToPass: 0 })).toBe("inconclusive"));
});
