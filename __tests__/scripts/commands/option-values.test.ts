import { durationSeconds, positive, timeMs } from "../../../scripts/commands/option-values";

test.each([
  ["90s", 90],
  ["30m", 1_800],
  ["2h", 7_200],
  ["1d", 86_400],
])("%s is %i seconds", (text, seconds) => expect(durationSeconds("window", text)).toBe(seconds));

test.each(["", "0m", "30", "m", "1.5h", "-5m", "30 m", "1w", "9999999s"])(
  "a duration of %j is refused, with what is allowed",
  (text) => {
    expect(() => durationSeconds("window", text)).toThrow(
      `--window is ${JSON.stringify(text)}; allowed: a whole number above 0 and its unit, such as 90s, 30m, 2h or 1d.`,
    );
  },
);

test("a time has a zone", () => {
  expect(timeMs("end", "2026-11-21T13:00:00+01:00")).toBe(Date.parse("2026-11-21T12:00:00Z"));
  for (const text of ["2026-11-21T12:00:00", "2026-11-21", "yesterday", "2026-13-40T12:00:00Z", "1795000000"])
    expect(() => timeMs("end", text)).toThrow(
      `--end is ${JSON.stringify(text)}; allowed: a time with its zone, such as 2026-11-21T12:00:00Z.`,
    );
});

test("a ratio is above 0, a price may be 0, and what is not given is the default", () => {
  expect([
    positive("max-cost-ratio", undefined, 1.1),
    positive("max-cost-ratio", "1.5", 1.1),
    positive("token-price-in", "0", 1, "from 0 on"),
  ]).toEqual([1.1, 1.5, 0]);
  for (const text of ["", "0", "-1", "much", "Infinity"])
    expect(() => positive("max-cost-ratio", text, 1)).toThrow(
      `--max-cost-ratio is ${JSON.stringify(text)}; allowed: a number above 0.`,
    );
});
