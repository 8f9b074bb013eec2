import { existsSync } from "node:fs";
import { chromium as playwright, type Browser, type Page } from "playwright-core";

/** A page in a real Chromium, and what went wrong in it. */
export interface OpenedPage {
  readonly page: Page;
  /** Messages of the console that are errors, and errors that nobody caught. */
  readonly errors: readonly string[];
  /** Addresses that the page asked for, itself left out. */
  readonly requests: readonly string[];
}

/**
 * Starts Chromium. The package brings it for Linux on x64 and arm64; elsewhere CHROMIUM_PATH names one, and on Linux it
 * may as well.
 */
export async function startBrowser(): Promise<Browser> {
  // The package is an ES module, and its arguments are a property of its default export.
  const { default: chromium } = await import("@sparticuz/chromium");
  const given = process.env.CHROMIUM_PATH;
  if (given === undefined && process.platform !== "linux")
    throw new Error(`There is no packaged Chromium for ${process.platform}. Set CHROMIUM_PATH to the path of one.`);
  if (given !== undefined && !existsSync(given))
    throw new Error(`CHROMIUM_PATH is ${given}, and there is no such file. Set it to the path of a Chromium.`);
  const executablePath = given ?? (await chromium.executablePath());
  // A single process would end with its first page.
  const args = chromium.args.filter((argument) => argument !== "--single-process");
  return playwright.launch({ executablePath, args: [...args, "--no-sandbox", "--headless=shell"] });
}

/**
 * Opens HTML, as a file would be, in a window of a width, and gathers its errors and requests. Close its context after.
 */
export async function openPage(
  browser: Browser,
  url: string,
  { width, colorScheme = "light" }: { readonly width: number; readonly colorScheme?: "light" | "dark" },
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  page.on("pageerror", (error) => void errors.push(error.message));
  page.on(
    "request",
    (request) => void (request.url() !== url && !request.url().startsWith("data:") && requests.push(request.url())),
  );
  await page.goto(url);
  return { page, errors, requests };
}
