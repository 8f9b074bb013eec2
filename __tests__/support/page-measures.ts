import type { Page } from "playwright-core";

/** What a reader sees of the page's measures; it runs in the page. */
const MEASURE = `(() => {
  const shown = [...document.querySelectorAll("svg")].filter((svg) => getComputedStyle(svg).display !== "none");
  return {
    overflow: document.documentElement.scrollWidth - innerWidth,
    svgs: shown.map((svg) => { const box = svg.getBoundingClientRect(); return { width: box.width, height: box.height, label: svg.getAttribute("aria-label"), texts: [...svg.querySelectorAll("text")].filter((text) => { const own = text.getBoundingClientRect(); return own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1; }).map((text) => text.textContent) }; }),
    tables: document.querySelectorAll("details table").length,
    text: document.body.textContent,
  };
})()`;
export interface Measured {
  overflow: number;
  svgs: { width: number; height: number; label: string | null; texts: string[] }[];
  tables: number;
  text: string;
}

/** The lowest contrast of any text with what is behind it. */
const CONTRAST = `(() => {
  const parts = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return { rgb: [r, g, b], a }; };
  const luminance = (rgb) => { const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (element) => { for (let each = element; each; each = each.parentElement) { const { rgb, a } = parts(getComputedStyle(each).backgroundColor); if (a === 1) return rgb; } return [255, 255, 255]; };
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const style = getComputedStyle(element);
    const colour = element.closest("svg") ? style.fill : style.color;
    const [one, other] = [luminance(parts(colour).rgb), luminance(behind(element))];
    found.push({ text: element.textContent.slice(0, 30), contrast: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) });
  }
  return found.sort((left, right) => left.contrast - right.contrast)[0];
})()`;

/** The measures of a page as it is shown now. */
export const measure = (page: Page): Promise<Measured> => page.evaluate(MEASURE);

/** The lowest contrast of any text with what is behind it, with everything unfolded. */
export const lowestContrast = async (page: Page): Promise<number> =>
  (await page.evaluate<{ contrast: number }>(CONTRAST)).contrast;
