import type { MetricSource, Widget } from "./body";
import { seriesKey } from "./metrics";
import { isSearch } from "./search";

/** One query of GetMetricData. */
export interface SeriesQuery {
  /** Begins with a lower-case letter; letters, digits and _ only. */
  readonly id: string;
  readonly periodSeconds: number;
  /** As CloudWatch fills it in. Default: its own. */
  readonly label?: string;
  readonly source: MetricSource | { readonly expression: string };
  /** Of an expression: number of the widget and of its row. */
  readonly of?: { readonly widget: number; readonly row: number };
}

/** Charts of one call: ten rows each are below the 500 queries that a call may have. */
const CHARTS_A_CALL = 40;

/**
 * What a dashboard asks of CloudWatch, by region, in calls of at most 500 queries. A metric is asked once a call,
 * however many charts have it: each is billed.
 */
export function seriesQueries(
  widgets: readonly Widget[],
): readonly { readonly region: string; readonly queries: readonly SeriesQuery[] }[] {
  const charts = widgets.flatMap((widget, number) => (widget.type === "metric" ? [{ widget, number }] : []));
  const regions = [...new Set(charts.map(({ widget }) => widget.region))].sort();
  return regions.flatMap((region) => {
    const here = charts.filter(({ widget }) => widget.region === region);
    const calls = Array.from({ length: Math.ceil(here.length / CHARTS_A_CALL) }, (_, index) =>
      here.slice(index * CHARTS_A_CALL, (index + 1) * CHARTS_A_CALL),
    );
    return calls.map((call) => ({ region, queries: queriesOf(call) }));
  });
}

function queriesOf(
  charts: readonly { readonly widget: Extract<Widget, { type: "metric" }>; readonly number: number }[],
): SeriesQuery[] {
  const metrics = new Map<string, SeriesQuery>();
  const expressions: SeriesQuery[] = [];
  for (const { widget, number } of charts) {
    const own = new Map<string, string>();
    for (const { id, source, periodSeconds } of widget.rows) {
      if ("expression" in source) continue;
      const key = seriesKey({ ...source, periodSeconds });
      const query = metrics.get(key) ?? { id: `q${metrics.size}`, source, periodSeconds };
      metrics.set(key, query);
      if (id !== undefined) own.set(id, query.id);
    }
    widget.rows.forEach(({ source, periodSeconds, label }, row) => {
      if (!("expression" in source)) return;
      // Ids are a chart's own; in a call they are everybody's.
      const expression = isSearch(source.expression)
        ? source.expression
        : source.expression.replaceAll(/\b[a-z]\w*\b/g, (id) => own.get(id) ?? id);
      expressions.push({
        id: `w${number}_${row}`,
        periodSeconds,
        label,
        source: { expression },
        of: { widget: number, row },
      });
    });
  }
  return [...metrics.values(), ...expressions];
}
