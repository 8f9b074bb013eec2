import { found, isSearch, parseSearch } from "../../../../scripts/judges/dashboard/search";
import { parseBody } from "../../../../scripts/judges/dashboard/body";
import type { MetricSeries } from "../../../../scripts/judges/dashboard/metrics";
import { appliedBody } from "../../../support/dashboard-state";

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

test("every search of the applied body is understood", () => {
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

test("finds what has exactly the dimensions, the values, the statistic and the period, in the order of names", () => {
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
  expect(found(SEARCH, 300, [b, ...others, a])).toEqual([a, b]);
});

test.each([`SEARCH('MetricName="X"', 'Sum')`, `SEARCH('{A,B} worker', 'Sum')`, `SEARCH('{A,B} X="y"', 'Sum', 60)`])(
  "%s is refused",
  (expression) => {
    expect(() => parseSearch(expression)).toThrow(
      `${expression} cannot be searched for here; allowed: SEARCH('{Namespace,Dimension}`,
    );
  },
);
