import {
  figure,
  withOwnIds,
  type Chart,
  COLOURS,
  escapeHtml,
  folded,
  htmlPage,
  htmlTable,
  section,
  tiles,
} from "../../../scripts/kit/page";

describe("charts", () => {
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

  test("each of its SVGs has a label for screen readers, its own ids, and no trace of ECharts' counters", async () => {
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
});

describe("page", () => {
  const EVIL = `<script>alert("1")</script> & 'x'`;
  const SAFE = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;";

  test("whatever text is given stands in the page as text", () => {
    expect(escapeHtml(EVIL)).toBe(SAFE);
    const page = htmlPage({
      title: EVIL,
      subtitle: EVIL,
      sections: [
        section(EVIL),
        tiles([{ name: EVIL, value: EVIL, note: EVIL }]),
        htmlTable(EVIL, [EVIL], [[EVIL]]),
        folded(EVIL, ""),
      ],
    });
    expect(page).not.toContain("<script");
    expect(page.split(SAFE).length - 1).toBe(11);
  });

  test("the page forbids scripts and other addresses, and names none", () => {
    const page = htmlPage({ title: "t", subtitle: "s", sections: [] });
    expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    expect(page).not.toMatch(/https?:|src=|@import|url\(/);
  });

  test("the colours of charts are readable on the page's cards, light and dark", () => {
    const luminance = (colour: string) => {
      const [red, green, blue] = [1, 3, 5]
        .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one: string, other: string) =>
      (Math.max(luminance(one), luminance(other)) + 0.05) / (Math.min(luminance(one), luminance(other)) + 0.05);
    for (const [name, { light, dark }] of Object.entries(COLOURS)) {
      if (name === "grid" || name === "bar") continue; // no text
      expect([name, contrast(light, "#ffffff") >= 4.5, contrast(dark, "#1a2028") >= 4.5]).toEqual([name, true, true]);
    }
  });

  test("every colour has its counterpart in the dark", () => {
    const page = htmlPage({ title: "t", subtitle: "s", sections: [] });
    for (const { light, dark } of Object.values(COLOURS)) expect(page).toContain(`svg [fill="${light}"]{fill:${dark}}`);
  });
});
