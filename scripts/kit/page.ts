import type { EChartsOption } from "echarts";

/** A page as one file: no script, nothing fetched, light or dark as the reader's system is. */
interface Page {
  /** Text, not HTML; the tab's title and the heading. */
  readonly title: string;
  /** Text below the heading. */
  readonly subtitle: string;
  /** HTML, made of the functions below. */
  readonly sections: readonly string[];
  /** CSS of this page alone, behind that of all. Default: none. */
  readonly style?: string;
}

/** Escapes text for HTML, in an attribute too. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/**
 * Colours of charts in light, and what takes their place in dark: an SVG holds colours as attributes, which a rule of
 * the page overrules. Each has a contrast of 4.5 or more as text on its background.
 */
export const COLOURS = {
  ink: { light: "#1c2430", dark: "#e6e9ee" },
  muted: { light: "#566070", dark: "#a3adbb" },
  grid: { light: "#e3e7ec", dark: "#333c48" },
  bar: { light: "#7fb0e6", dark: "#3d74b5" },
  line: { light: "#1659a8", dark: "#7db7f5" },
  warning: { light: "#b3261e", dark: "#ff8f85" },
  fast: { light: "#1b7a43", dark: "#5fd08f" },
  slow: { light: "#9a4f00", dark: "#f5ae5b" },
} as const satisfies Readonly<Record<string, { readonly light: string; readonly dark: string }>>;

/** Of the labels along an axis, in ECharts' terms. */
export const AXIS_LABEL = { color: COLOURS.muted.light, fontSize: 13 };

/** CSS that gives drawings their dark colours. */
export const darkDrawings = (colours: readonly { readonly light: string; readonly dark: string }[]): string =>
  colours
    .map(({ light, dark }) => `svg [fill="${light}"]{fill:${dark}}svg [stroke="${light}"]{stroke:${dark}}`)
    .join("");

/** Names of colours in CSS. */
const variables = (scheme: "light" | "dark"): string =>
  Object.entries({
    ink: "ink",
    muted: "muted",
    link: "line",
    warning: "warning",
    good: "fast",
    unsure: "slow",
  } as const)
    .map(([name, colour]) => `--${name}:${COLOURS[colour][scheme]}`)
    .join(";");

const MONOSPACE = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace";

const STYLE = `
:root{color-scheme:light dark;${variables("light")};--ground:#f5f7f9;--card:#fff;--edge:#d9dfe6}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink)}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.15rem;margin:0 0 12px}
h3{font-size:1rem;margin:0}
p{margin:0 0 10px}
.muted{color:var(--muted)}
section{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:20px;margin-top:18px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;padding:0;background:none;border:0}
.tile{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:1.55rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{color:var(--muted);font-size:.85rem;display:block}
.finding{border-left:4px solid var(--edge);padding:2px 0 2px 14px;margin:0 0 18px}
.finding:last-child{margin-bottom:0}
.finding p{margin:4px 0 0}
.strong{border-color:var(--warning)}.high{border-color:var(--good)}.moderate{border-color:var(--unsure)}
.badge{display:inline-block;font-size:.78rem;font-weight:400;color:var(--muted);vertical-align:1px}
.badge{border:1px solid currentColor;border-radius:99px;padding:0 9px;margin-left:6px}
.strong .badge{color:var(--warning)}.moderate .badge{color:var(--unsure)}.high .badge{color:var(--good)}
figure{margin:0}
figure svg{display:block;width:100%;height:auto}
figure .narrow{display:none}
figcaption{color:var(--muted);font-size:.9rem;margin-top:6px}
details{margin-top:12px}
summary{cursor:pointer;color:var(--link)}
.scroll{overflow-x:auto;background:linear-gradient(90deg,var(--card) 40%,transparent),
linear-gradient(270deg,var(--card) 40%,transparent) 100%,linear-gradient(90deg,var(--edge),transparent),
linear-gradient(270deg,var(--edge),transparent) 100%;background-size:40px 100%,40px 100%,18px 100%,18px 100%}
.scroll{background-repeat:no-repeat;background-attachment:local,local,scroll,scroll}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px 6px 0;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}
th{color:var(--muted);font-weight:500}
th:first-child,td:first-child{text-align:left}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13.5px/1.5 ${MONOSPACE}}
pre{background:var(--ground);border:1px solid var(--edge);border-radius:8px;padding:14px}
code{font:.92em ${MONOSPACE};overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0;font-size:.92rem}
dt{color:var(--muted)}dd{margin:0}
@media(max-width:640px){
main{padding:20px 12px 40px}section{padding:16px 14px}.tiles{grid-template-columns:1fr 1fr;padding:0}
figure .wide{display:none}figure .narrow{display:block}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}
}
@media(prefers-color-scheme:dark){
:root{${variables("dark")};--ground:#12161c;--card:#1a2028;--edge:#333c48}
${darkDrawings(Object.values(COLOURS))}
}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
`;

/** The whole document. Its policy forbids what it does not have: scripts, and addresses elsewhere. */
export function htmlPage({ title, subtitle, sections, style = "" }: Page): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="muted">${escapeHtml(subtitle)}</p>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

/** A section with a heading. `content` is HTML. */
export function section(heading: string, ...content: readonly string[]): string {
  return `<section><h2>${escapeHtml(heading)}</h2>\n${content.join("\n")}\n</section>`;
}

/** Key figures beside each other; each a name, a value and what to know of it, as text. */
export function tiles(
  figures: readonly { readonly name: string; readonly value: string; readonly note: string }[],
): string {
  const all = figures.map(
    ({ name, value, note }) =>
      `<div class="tile"><span>${escapeHtml(name)}</span><b>${escapeHtml(value)}</b>` +
      `<span>${escapeHtml(note)}</span></div>`,
  );
  return `<section class="tiles" aria-label="Key figures">${all.join("")}</section>`;
}

/** A table of text, the first column its rows' names. It scrolls within itself where it is wider than the screen. */
export function htmlTable(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`);
  const cells = (row: readonly string[]) => row.map((cell) => `<td>${escapeHtml(cell)}</td>`);
  const lines = rows.map((row) => `<tr>${cells(row).join("")}</tr>`);
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>` +
    `<thead><tr>${names.join("")}</tr></thead><tbody>${lines.join("")}</tbody></table></div>`
  );
}

/** What is hidden until it is asked for. `content` is HTML. */
export function folded(summary: string, content: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>\n${content}\n</details>`;
}

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
  for (const size of SIZES) {
    const name = size.narrow ? "narrow" : "wide";
    svgs.push(await drawSvg({ id: `${id}-${name}`, label, option }, size, name));
  }
  return `<figure>${svgs.join("")}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

/** The chart as one SVG, for pages where it is as wide on a phone as on a desk. */
export async function drawing(chart: Chart, size: ChartSize): Promise<string> {
  return drawSvg(chart, size, "chart");
}

async function drawSvg(
  { id, label, option }: Omit<Chart, "caption">,
  size: ChartSize,
  className: string,
): Promise<string> {
  // A quarter of a second and 60 MB: only where a chart is drawn.
  const { init } = await import("echarts");
  const { width, height } = size;
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: "system-ui, sans-serif" }, ...option(size) });
    return withOwnIds(chart.renderToSVGString(), id).replace(
      "<svg ",
      `<svg class="${className}" role="img" aria-label="${escapeHtml(label)}" `,
    );
  } finally {
    chart.dispose();
  }
}

/**
 * Replaces ECharts' ids, which it counts up over the life of the process: the same chart drawn twice would differ.
 * Drops attributes and classes that a page without hovering does not need.
 */
export function withOwnIds(text: string, id: string): string {
  const known = new Map<string, string>();
  return text
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>/g, "")
    .replaceAll(
      / class="zr\d+-cls-\d+"| (ecmeta_[\w-]+|pointer-events|xmlns(:xlink)?|baseProfile|version)="[^"]*"/g,
      "",
    )
    .replaceAll(/\bzr\d+-[a-z]+\d+\b/g, (found) => {
      const own = known.get(found) ?? `${id}-${known.size}`;
      known.set(found, own);
      return own;
    });
}
