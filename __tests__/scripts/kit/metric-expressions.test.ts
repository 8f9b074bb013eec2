import fc from "fast-check";
import { parseBody } from "../../../scripts/dashboard/applied-dashboard";
import type { MetricSeries } from "../../../scripts/dashboard/cloudwatch";
import { findSeries, isSearch, parseMetricMath, parseSearch } from "../../../scripts/kit/metric-expressions";
import { appliedBody } from "../../support/dashboard-state";

describe("metric math", () => {
  const value = (text: string, metrics: Record<string, number> = {}, quota?: number) =>
    parseMetricMath(text, quota)((id) => metrics[id]);

  test("multiplies before it adds, compares last, and obeys parentheses", () => {
    expect(value("1+2*3")).toBe(7);
    expect(value("(1+2)*3")).toBe(9);
    expect(value("1+1>=2")).toBe(1);
    expect(value("8/4/2")).toBe(1);
  });

  test("adds and multiplies any numbers as JavaScript does", () => {
    const whole = fc.integer({ min: 0, max: 1e6 });
    fc.assert(fc.property(whole, whole, whole, (a, b, c) => expect(value("a+b*c-a", { a, b, c })).toBe(a + b * c - a)));
  });

  test("no data gives no data, except in FILL and MAX; a division by 0 gives no data", () => {
    expect(value("100*m0")).toBeUndefined();
    expect(value("FILL(m0, 0)+FILL(m1, 0)", { m1: 3 })).toBe(3);
    expect(value("MAX([m0, m1])", { m1: 3 })).toBe(3);
    expect(value("m0/m1", { m0: 1, m1: 0 })).toBeUndefined();
  });

  test("IF without a third argument has no data where its condition is false", () => {
    expect(value("IF(m0>=2, m0)", { m0: 1 })).toBeUndefined();
    expect(value("IF(m0>=2, m0)", { m0: 2 })).toBe(2);
  });

  test("an unknown service quota is no data", () => {
    expect(value("100*m0/SERVICE_QUOTA(m1)", { m0: 5, m1: 5 }, 1_000)).toBe(0.5);
    expect(value("100*m0/SERVICE_QUOTA(m1)", { m0: 5, m1: 5 })).toBeUndefined();
  });

  test.each([
    ["RATE(m0)", "RATE(m0) calls RATE with 1 arguments, which is not supported here."],
    ["m0 ^ 2", "m0 ^ 2 has characters that metric math does not have."],
    ["m0+", "m0+ ends too early."],
    ["m0 m1", 'm0 m1 goes on with "m1" where it should end.'],
    ["M0", 'M0 has "M0" where an id belongs, which begins with a lower-case letter.'],
  ])("%s is refused", (text, message) => expect(() => parseMetricMath(text, 1)).toThrow(message));
});

describe("search", () => {
  const series = (dimensions: Record<string, string>, more: Partial<MetricSeries> = {}): MetricSeries => ({
    namespace: "Quickturn",
    metric: "AgentDuration",
    dimensions,
    statistic: "p95",
    periodSeconds: 300,
    points: [],
    ...more,
  });
  const SEARCH = parseSearch(`SEARCH('{Quickturn,Deployment,Agent} Deployment="d" MetricName="AgentDuration"', 'p95')`);

  test("every search of the applied body can be read", () => {
    const searches = parseBody(appliedBody())
      .flatMap((widget) => (widget.type === "metric" ? widget.rows : []))
      .flatMap(({ source }) =>
        "expression" in source && isSearch(source.expression) ? [parseSearch(source.expression)] : [],
      );
    expect(searches.map(({ dimensions, terms }) => [...dimensions, terms["MetricName"]])).toEqual([
      ["Deployment", "Agent", "AgentDuration"],
      ["Deployment", "Agent", "AgentFailed"],
      ["Deployment", "Phase", "PhaseDuration"],
      ["Deployment", "Model", "TokensUsed"],
    ]);
  });

  test("finds series with exactly the dimensions, values, statistic and period, ordered by their dimensions", () => {
    const [b, a] = [series({ Deployment: "d", Agent: "b" }), series({ Agent: "a", Deployment: "d" })];
    const others = [
      series({ Deployment: "other", Agent: "a" }),
      series({ Deployment: "d" }),
      series({ Deployment: "d", Agent: "a", Version: "1" }),
      series({ Deployment: "d", Agent: "c" }, { metric: "AgentFailed" }),
      series({ Deployment: "d", Agent: "c" }, { statistic: "p50" }),
      series({ Deployment: "d", Agent: "c" }, { periodSeconds: 60 }),
      series({ Deployment: "d", Agent: "c" }, { namespace: "Else" }),
    ];
    expect(findSeries(SEARCH, 300, [b, ...others, a])).toEqual([a, b]);
  });

  test.each([`SEARCH('MetricName="X"', 'Sum')`, `SEARCH('{A,B} worker', 'Sum')`, `SEARCH('{A,B} X="y"', 'Sum', 60)`])(
    "%s is refused",
    (expression) => {
      expect(() => parseSearch(expression)).toThrow(
        `${expression} is not supported here; allowed: SEARCH('{Namespace,Dimension}`,
      );
    },
  );
});
