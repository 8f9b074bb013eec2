import { NAMED_KPIS } from "../../judges/gate/queries";
import { UsageError } from "../context";

/** What `quickturn verify` is given. */
export interface VerifyOptions {
  /** Folder of an initialized stack, or a file with what `terraform output -json` or `terraform show -json` printed. Default: the project's own stack. */
  readonly state?: string;
  /** Such as 30m. Default: 30m. */
  readonly window?: string;
  /** ISO time: the window ends there. Default: as late as is safe. */
  readonly end?: string;
  /** ISO time: nothing before it, such as the time of the deployment. Default: the whole window. */
  readonly since?: string;
  /** Version of the worker to judge. Default: whatever ran; the newest one with `baseline`. */
  readonly version?: string;
  /** Version of the worker to compare with. */
  readonly baseline?: string;
  /** Path of saved evidence to compare with. */
  readonly baselineMetrics?: string;
  /** Such as 20m: read again each minute until there is a pass or a fail, so long at most. */
  readonly wait?: string;
  /** Path of saved evidence to judge instead of asking AWS. */
  readonly replay?: string;
  /** Path to save the evidence to. */
  readonly save?: string;
  /** Path of a JUnit file to write. */
  readonly junit?: string;
  /** Path of a Markdown file to write. */
  readonly markdown?: string;
  /** Names of the KPIs to judge. Default: all. */
  readonly only: readonly string[];
  /** Dollars of 1,000 tokens. Default: the usage schema's, an assumption. */
  readonly tokenPriceIn?: string;
  readonly tokenPriceOut?: string;
  /** Times the baseline's duration that is allowed. Default: 1.25. */
  readonly maxLatencyRatio?: string;
  /** Times the baseline's cost that is allowed. Default: 1.1. */
  readonly maxCostRatio?: string;
  /** The checklist over HTTP instead of the metrics. */
  readonly smoke: boolean;
  readonly prompt?: string;
  /** Such as 5m: the request of the checklist has so long to end. Default: 5m. */
  readonly smokeTimeout?: string;
  readonly apiKey?: string;
  readonly otherApiKey?: string;
  /** AWS profile of a second caller. */
  readonly otherProfile?: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90s`, `30m`, `2h`, `1d`. */
export function durationSeconds(option: string, text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds <= 0) throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a whole number above 0 and its unit, such as 90s, 30m, 2h or 1d.`);
  return seconds;
}

/** Milliseconds since 1970 of an ISO time with its zone. */
export function timeMs(option: string, text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isFinite(ms)) throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a time with its zone, such as 2026-11-21T12:00:00Z.`);
  return ms;
}

/** A number above 0, or from 0 on for a price. */
export function positive(option: string, text: string | undefined, otherwise: number, lowest: "above 0" | "from 0 on" = "above 0"): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0 || (value === 0 && lowest === "above 0")) throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a number ${lowest}.`);
  return value;
}

/** Refuses what contradicts itself before anything is read. */
export function checkOptions(options: VerifyOptions): void {
  const names: readonly string[] = NAMED_KPIS.map(({ name }) => name);
  const unknown = options.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new UsageError(`--only names ${unknown.join(", ")}; allowed: ${names.join(", ")}.`);
  for (const name of ["version", "baseline"] as const) {
    const given = options[name];
    if (given !== undefined && !/^[1-9]\d*$/.test(given)) throw new UsageError(`--${name} is ${JSON.stringify(given)}; allowed: the number of a published version of the worker.`);
  }
  if (options.replay !== undefined) refuseWith(options, "replay", ["state", "window", "end", "since", "version", "baseline", "baselineMetrics", "wait", "save", "tokenPriceIn", "tokenPriceOut", "maxLatencyRatio", "maxCostRatio"], "saved evidence has all of that");
  if (options.replay !== undefined && (options.smoke || options.only.length > 0)) throw new UsageError(`--replay was given with ${options.smoke ? "--smoke" : "--only"}; allowed: --replay alone, because saved evidence is judged as it is.`);
  if (options.smoke) refuseWith(options, "smoke", ["window", "end", "since", "version", "baseline", "baselineMetrics", "wait", "save"], "the checklist reads no metrics");
  if (options.wait !== undefined) refuseWith(options, "wait", ["end"], "a window with a fixed end does not grow");
  if (options.baseline !== undefined) refuseWith(options, "baseline", ["baselineMetrics"], "there is one baseline");
}

function refuseWith(options: VerifyOptions, given: string, others: readonly (keyof VerifyOptions)[], why: string): void {
  const both = others.filter((name) => options[name] !== undefined).map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (both.length > 0) throw new UsageError(`--${given} was given with ${both.join(", ")}; allowed: one of them, because ${why}.`);
}
