import { parseBody } from "../../../../scripts/judges/dashboard/body";
import { seriesQueries } from "../../../../scripts/judges/dashboard/queries";
import { appliedBody } from "../../../support/dashboard-state";

const widgets = parseBody(appliedBody());
const calls = seriesQueries(widgets);

test("every call is of one region and has at most 500 queries with ids of their own", () => {
  for (const { region, queries } of calls) {
    expect(region).toBe("us-east-1");
    expect(queries.length).toBeLessThanOrEqual(500);
    expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length);
    for (const { id } of queries) expect(id).toMatch(/^[a-z]\w*$/);
  }
});

test("an expression names metrics of its own call, and those of its own chart", () => {
  const [first] = calls;
  const number = widgets.findIndex(
    (widget) => widget.type === "metric" && widget.title === "Worker error rate (percent)",
  );
  const asked = first!.queries.find(({ of }) => of?.widget === number)!;
  const [, invocations, errors] =
    /^IF\(\(FILL\((q\d+), 0\)\)>=1, 100\*\(FILL\((q\d+), 0\)\)\/\(FILL\(\1, 0\)\)\)$/.exec(
      (asked.source as { expression: string }).expression,
    )!;
  const metric = (id: string) => first!.queries.find((query) => query.id === id)!.source;
  expect([metric(invocations!), metric(errors!)]).toMatchObject([
    { metric: "Invocations", dimensions: { FunctionName: "quickturn-dev-worker" } },
    { metric: "Errors" },
  ]);
});

test("a search is asked as it stands, with the label that names what it found", () => {
  const searches = calls
    .flatMap(({ queries }) => queries)
    .filter(({ source }) => "expression" in source && source.expression.startsWith("SEARCH"));
  expect(searches.map(({ label }) => label)).toEqual([
    "${PROP('Dim.Agent')}",
    "${PROP('Dim.Agent')}",
    "${PROP('Dim.Phase')}",
    "${PROP('Dim.Model')}",
  ]);
  expect((searches[0]!.source as { expression: string }).expression).toBe(
    `SEARCH('{Quickturn,Deployment,Agent} Deployment="quickturn-dev" MetricName="AgentDuration"', 'p95')`,
  );
});

test("a metric that several charts have is asked once a call", () => {
  for (const { queries } of calls) {
    const metrics = queries
      .filter(({ source }) => !("expression" in source))
      .map(({ source, periodSeconds }) => JSON.stringify([source, periodSeconds]));
    expect(new Set(metrics).size).toBe(metrics.length);
  }
});
