import type { EChartsOption } from "echarts";
import { escapeHtml } from "./page";

/** A chart's two sizes: a phone's letters would be too small in the wide one. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
  readonly narrow: boolean;
}

const SIZES: readonly ChartSize[] = [
  { width: 1_040, height: 380, narrow: false },
  { width: 360, height: 320, narrow: true },
];

export interface Chart {
  /** Unique in the page, letters and hyphens: the SVG's ids begin with it. */
  readonly id: string;
  /** What it shows, for who cannot see it. */
  readonly label: string;
  /** Text below it. */
  readonly caption: string;
  /** ECharts' option for a size. */
  readonly option: (size: ChartSize) => EChartsOption;
}

/** The chart as HTML: an SVG for wide and one for narrow screens, of which the page shows one. */
export async function figure({ id, label, caption, option }: Chart): Promise<string> {
  const svgs: string[] = [];
  for (const size of SIZES)
    svgs.push(
      await svg(option(size), size, `${id}-${size.narrow ? "narrow" : "wide"}`, label, size.narrow ? "narrow" : "wide"),
    );
  return `<figure>${svgs.join("")}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

/** The chart as one SVG, for pages where it is as wide on a phone as on a desk. */
export async function drawing({ id, label, option }: Chart, size: ChartSize): Promise<string> {
  return svg(option(size), size, id, label, "chart");
}

async function svg(
  option: EChartsOption,
  { width, height }: ChartSize,
  id: string,
  label: string,
  shown: string,
): Promise<string> {
  // A quarter of a second and 60 MB: only where a chart is drawn.
  const { init } = await import("echarts");
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return withOwnIds(chart.renderToSVGString(), id).replace(
      "<svg ",
      `<svg class="${shown}" role="img" aria-label="${escapeHtml(label)}" `,
    );
  } finally {
    chart.dispose();
  }
}

/**
 * ECharts counts its ids up over the life of the process, so the same chart drawn twice would differ, and names
 * classes for hovering that a page without it does not need.
 */
export function withOwnIds(text: string, id: string): string {
  const known = new Map<string, string>();
  return text
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>/g, "")
    .replaceAll(
      / class="zr\d+-cls-\d+"| ecmeta_[\w-]+="[^"]*"| pointer-events="\w+"| xmlns:xlink="[^"]*"| xmlns="[^"]*"| baseProfile="\w+"| version="[\d.]+"/g,
      "",
    )
    .replaceAll(/\bzr\d+-[a-z]+\d+\b/g, (found) => {
      const own = known.get(found) ?? `${id}-${known.size}`;
      known.set(found, own);
      return own;
    });
}
