import fc from "fast-check";
import { metricMath } from "../../../scripts/judges/metric-math";

const value = (text: string, metrics: Record<string, number> = {}, quota?: number) =>
  metricMath(text, quota)((id) => metrics[id]);

test("multiplies before it adds, compares last, and minds parentheses", () => {
  expect(value("1+2*3")).toBe(7);
  expect(value("(1+2)*3")).toBe(9);
  expect(value("1+1>=2")).toBe(1);
  expect(value("8/4/2")).toBe(1);
});

test("adds and multiplies any numbers as JavaScript does", () => {
  const whole = fc.integer({ min: 0, max: 1e6 });
  fc.assert(fc.property(whole, whole, whole, (a, b, c) => expect(value("a+b*c-a", { a, b, c })).toBe(a + b * c - a)));
});

test("no data stays no data, but for FILL and MAX; a division by 0 is none", () => {
  expect(value("100*m0")).toBeUndefined();
  expect(value("FILL(m0, 0)+FILL(m1, 0)", { m1: 3 })).toBe(3);
  expect(value("MAX([m0, m1])", { m1: 3 })).toBe(3);
  expect(value("m0/m1", { m0: 1, m1: 0 })).toBeUndefined();
});

test("IF without a third argument has no data where its condition is false", () => {
  expect(value("IF(m0>=2, m0)", { m0: 1 })).toBeUndefined();
  expect(value("IF(m0>=2, m0)", { m0: 2 })).toBe(2);
});

test("a service quota that nobody knows is no data", () => {
  expect(value("100*m0/SERVICE_QUOTA(m1)", { m0: 5, m1: 5 }, 1_000)).toBe(0.5);
  expect(value("100*m0/SERVICE_QUOTA(m1)", { m0: 5, m1: 5 })).toBeUndefined();
});

test.each([
  ["RATE(m0)", "RATE with 1 arguments is not known here"],
  ["m0 ^ 2", "m0 ^ 2: characters that metric math does not have"],
  ["m0+", "ends too early"],
  ["m0 m1", '"m1" is one too many'],
  ["M0", '"M0" is no id; CloudWatch wants a lower-case letter first'],
])("%s is refused", (text, message) => expect(() => metricMath(text, 1)).toThrow(message));
