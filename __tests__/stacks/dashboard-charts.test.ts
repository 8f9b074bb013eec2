import { PriceBook, HOME_REGION } from "../../scripts/cost/prices";
import { parseMetricMath } from "../../scripts/kit/metric-expressions";
import { withDefaults } from "../support/defaults";
import { encoded, resource, stackJson } from "../support/stack-json";

const stack = stackJson();
interface Row {
  readonly id?: string;
  readonly expression?: string;
}
const { widgets } = encoded(
  stack,
  resource(stack, "aws_cloudwatch_dashboard.dashboard_dashboard")["dashboard_body"],
) as { widgets: readonly { properties: { title?: string; metrics?: readonly (readonly unknown[])[] } }[] };
const chart = widgets.find(({ properties }) => properties.title?.startsWith("Estimate"))?.properties;
const perRequest = widgets.find(({ properties }) => properties.title?.startsWith("Estimate: a request"))?.properties;
const expressionOf = (id: string, shownIn = chart) =>
  withDefaults((shownIn?.metrics ?? []).map((row) => row.at(-1) as Row).find((row) => row.id === id)?.expression ?? "");

test("the estimate of the worker is its gigabyte-seconds and requests at the prices that quickturn cost has", () => {
  const book = new PriceBook(HOME_REGION);
  // 100 runs of 60 s each, at 3072 MiB.
  const usd = parseMetricMath(expressionOf("worker"), 0)((id) => (id === "m0" ? 6_000_000 : 100));
  expect(usd).toBeCloseTo(book.cost("lambdaGbSecond_arm64", 6_000 * 3) + book.cost("lambdaRequest", 100), 9);
});

test("the estimate of the API is the price of its calls", () => {
  expect(parseMetricMath(expressionOf("calls"), 0)(() => 1_000_000)).toBeCloseTo(
    new PriceBook(HOME_REGION).cost("apiCall", 1_000_000),
    9,
  );
});

test("the estimate of a request is the sum of all divided by the ended requests", () => {
  const used: Record<string, number> = { m0: 6_000_000, m1: 100, m2: 20_000, m3: 400, m4: 400, m5: 100 };
  const total = ["worker", "front_door", "calls"].reduce(
    (usd, id) => usd + (parseMetricMath(expressionOf(id), 0)((metric) => used[metric]) ?? NaN),
    0,
  );
  expect(parseMetricMath(expressionOf("each", perRequest), 0)((metric) => used[metric])).toBeCloseTo(total / 100, 12);
  expect(
    parseMetricMath(expressionOf("each", perRequest), 0)((metric) => (metric === "m5" ? 0 : used[metric])),
  ).toBeUndefined();
});
