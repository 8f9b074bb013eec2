import { figure, withOwnIds, type Chart } from "../../../scripts/reports/charts";

const chart: Chart = {
  id: "sample",
  label: 'a "label" & more',
  caption: "<caption>",
  option: () => ({
    xAxis: { type: "value" },
    yAxis: { type: "value" },
    series: [
      {
        type: "line",
        data: [
          [1, 1],
          [2, 3],
        ],
        clip: true,
      },
    ],
  }),
};

test("the same chart is the same bytes, however many were drawn before", async () => {
  const first = await figure(chart);
  await figure({ ...chart, id: "other" });
  expect(await figure(chart)).toBe(first);
});

test("each of its SVGs has a name for who cannot see it, ids of its own, and no trace of ECharts' counters", async () => {
  const html = await figure(chart);
  expect(html.match(/<svg /g)).toHaveLength(2);
  expect(html.match(/role="img" aria-label="a &quot;label&quot; &amp; more"/g)).toHaveLength(2);
  expect(html).toContain("<figcaption>&lt;caption&gt;</figcaption>");
  expect(html).not.toMatch(/zr\d|ecmeta|<style|<script|http/);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, used] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(used);
});

test("ids are counted in the order in which they appear", () => {
  expect(
    withOwnIds('<g clip-path="url(#zr9-c4)"/><clipPath id="zr9-c4"/><clipPath id="zr9-c7" class="zr9-cls-3"/>', "x"),
  ).toBe('<g clip-path="url(#x-0)"/><clipPath id="x-0"/><clipPath id="x-1"/>');
});
