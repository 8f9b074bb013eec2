import { FALSE_ABORT_SHARE, spentAt } from "../../../../scripts/judges/gate/looks";

test("one look may spend all", () => expect(spentAt({ look: 1, repeated: false })).toBe(FALSE_ABORT_SHARE));

test("looks that are repeated spend less each time, and together never more than all", () => {
  const spent = Array.from({ length: 10_000 }, (_, index) => spentAt({ look: index + 1, repeated: true }));
  expect(spent.slice(0, 3)).toEqual([FALSE_ABORT_SHARE / 2, FALSE_ABORT_SHARE / 6, FALSE_ABORT_SHARE / 12]);
  expect(spent.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(FALSE_ABORT_SHARE);
});

test("a look that is none is refused, with what is allowed", () =>
  expect(() => spentAt({ look: 0, repeated: true })).toThrow("The look is 0; allowed: a whole number from 1."));
