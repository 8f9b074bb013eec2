import type { GetMetricDataCommandOutput } from "@aws-sdk/client-cloudwatch";
import { type MetricQuery, gateQueries, splitIntoCalls, selectedKpis } from "./reads";
import { type AwsPlace, accountLimits } from "../kit/aws-client";
import { metricDataPages, metricStat } from "../kit/metric-data";
import { FRONT_DOOR_KPIS } from "../../stacks/contract/settings";
import { DEFAULT_USAGE } from "../cost/usage";
import {
  DEFAULT_LIMITS,
  type AccountLimits,
  type Evidence,
  type Readings,
  type Series,
  readEvidence,
} from "./evidence";
import type { Looks } from "./rate";
import { sourceNames, GATE_SETTINGS, readNumber } from "./settings";
import { gateWindow, type GateWindow } from "./window";
import { UsageError, type CommandContext } from "../kit/context";
import type { DeployedStack } from "../kit/deployed-stack";
import { parseDurationSeconds, parseNumber, parseNumberFromZero, parseTimeMs } from "../kit/given-setting";
import type { VerifyOptions } from "./verify";

/** A window of CloudWatch's metrics, and what is asked of it. */
export interface MetricDataRequest extends AwsPlace {
  /** At most 500. */
  readonly queries: readonly MetricQuery[];
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** One value a query and period. Throws with the region and what it takes; a query that went wrong is an answer. */
export async function readMetricData(request: MetricDataRequest): Promise<Record<string, Series>> {
  const found = new Map(
    request.queries.map(({ id }) => [id, { status: "Missing", messages: [] as string[], values: [] as number[] }]),
  );
  const callMessages: string[] = [];
  const queries = request.queries.map((query) => ({
    Id: query.id,
    MetricStat: metricStat(query, query.periodSeconds),
  }));
  for await (const page of metricDataPages({ ...request, queries })) {
    callMessages.push(...texts(page.Messages));
    for (const { Id: id = "", StatusCode: status, Messages: messages, Values: values = [] } of page.MetricDataResults ??
      []) {
      const result = found.get(id);
      if (!result) continue;
      // A page that is not the last says PartialData, and the next one has the rest.
      result.status = status ?? "Complete";
      result.messages.push(...texts(messages));
      result.values.push(...values);
    }
  }
  return Object.fromEntries(
    [...found].map(([id, { status, messages, values }]) => [
      id,
      { status, messages: [...messages, ...callMessages], values },
    ]),
  );
}

const texts = (messages: GetMetricDataCommandOutput["Messages"]): string[] =>
  (messages ?? []).map(({ Code: code, Value: value }) => [code, value].filter(Boolean).join(": "));

/** What stays the same from look to look. */
export type Frame = Pick<
  Evidence,
  "kind" | "format" | "names" | "settings" | "only" | "account" | "tokenPrices" | "limits"
> & {
  readonly region: string;
  readonly version: string | null;
  readonly baselineVersion: string | null;
  readonly saved: Readings | null;
};

/** Default length of the window. */
const WINDOW = "30m";

/** Everything but the metrics. */
export async function prepareFrame(
  context: CommandContext,
  { outputs, settings, region }: DeployedStack,
  options: VerifyOptions,
): Promise<Frame> {
  const saved = options.baselineMetrics === undefined ? null : readEvidence(options.baselineMetrics).candidate;
  const version = options.version ?? (options.baseline === undefined ? null : newestVersion(outputs));
  if (version !== null && version === options.baseline)
    throw new UsageError(
      `--baseline is ${version}, which is the version that is judged; allowed: another one. Give --version too.`,
    );
  const missing = GATE_SETTINGS.filter((name) => !(name in settings));
  if (missing.length > 0)
    throw new UsageError(
      `The output settings lacks ${missing.join(", ")}; the gate reads them. Apply this release first: quickturn ` +
        "apply.",
    );
  return {
    kind: "quickturn-gate-evidence",
    format: 1,
    names: sourceNames(outputs),
    settings: Object.fromEntries(GATE_SETTINGS.map((name) => [name, settings[name]])),
    only: options.only,
    account: await neededLimits(context, settings, region, options.only, version),
    tokenPrices: tokenPrices(options),
    limits: {
      maxLatencyRatio: parseNumber("max-latency-ratio", options.maxLatencyRatio, DEFAULT_LIMITS.maxLatencyRatio),
      maxCostRatio: parseNumber("max-cost-ratio", options.maxCostRatio, DEFAULT_LIMITS.maxCostRatio),
    },
    region,
    version,
    baselineVersion: options.baseline ?? null,
    saved,
  };
}

function newestVersion(outputs: Readonly<Record<string, unknown>>): string {
  const version = outputs["newest_version"];
  if (typeof version !== "string")
    throw new UsageError(
      `The output newest_version is ${JSON.stringify(version) ?? "missing"}; --baseline compares with it. Give ` +
        "--version too.",
    );
  return version;
}

function tokenPrices({ tokenPriceIn, tokenPriceOut }: VerifyOptions): Evidence["tokenPrices"] {
  return {
    usdPer1000Input: parseNumberFromZero("token-price-in", tokenPriceIn, DEFAULT_USAGE.usd_per_1000_input_tokens),
    usdPer1000Output: parseNumberFromZero("token-price-out", tokenPriceOut, DEFAULT_USAGE.usd_per_1000_output_tokens),
    assumed: tokenPriceIn === undefined || tokenPriceOut === undefined,
  };
}

/** The account's limits where a KPI needs them. Without the permission that KPI alone is in error. */
async function neededLimits(
  context: CommandContext,
  settings: Readonly<Record<string, unknown>>,
  region: string,
  only: readonly string[],
  version: string | null,
): Promise<AccountLimits | null> {
  const needs =
    version === null &&
    selectedKpis(only).some(
      ({ measure }) =>
        measure.kind === "quota" ||
        (measure.kind === "capacity" && (readNumber(settings, measure.ofSetting) ?? -1) < 0),
    );
  if (!needs) return null;
  try {
    return await accountLimits({ environment: context.environment, region }, context.signal);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.progress.note(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** The window of a look. `startMs`: of an earlier look, so that the evidence grows. */
export function windowOfLook(options: VerifyOptions, frame: Frame, nowMs: number, startMs?: number): GateWindow {
  const sinceMs = startMs ?? (options.since === undefined ? undefined : parseTimeMs("since", options.since));
  const lengthSeconds =
    startMs === undefined ? parseDurationSeconds("window", options.window ?? WINDOW) : (nowMs - startMs) / 1_000;
  return gateWindow({
    nowMs,
    timeoutSeconds: longestRunSeconds(frame),
    lengthSeconds,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(options.end === undefined ? {} : { endMs: parseTimeMs("end", options.end) }),
  });
}

/** Seconds. The gateway gives no call longer. */
const GATEWAY_TIMEOUT_SECONDS = 29;

/**
 * Seconds that a run which the KPIs tell of may take: the worker's time-out, unless they are the front door's alone.
 */
function longestRunSeconds({ only, settings }: Pick<Frame, "only" | "settings">): number {
  const frontDoor: readonly string[] = FRONT_DOOR_KPIS.map(({ name }) => name);
  if (only.length > 0 && only.every((name) => frontDoor.includes(name))) return GATEWAY_TIMEOUT_SECONDS;
  return readNumber(settings, "timeout") ?? 0;
}

/** One look: asks CloudWatch for the window. */
export async function takeLook(
  context: CommandContext,
  frame: Frame,
  window: GateWindow,
  looks: Looks,
): Promise<Evidence> {
  const {
    kind,
    format,
    names,
    settings,
    only,
    account,
    tokenPrices: prices,
    limits,
    version,
    baselineVersion,
    saved,
  } = frame;
  const candidate = await readings(context, frame, window, version);
  const baseline = saved ?? (baselineVersion === null ? null : await readings(context, frame, window, baselineVersion));
  return { kind, format, names, settings, only, account, tokenPrices: prices, limits, looks, candidate, baseline };
}

async function readings(
  { environment, signal }: CommandContext,
  { names, settings, only, region }: Frame,
  window: GateWindow,
  version: string | null,
): Promise<Readings> {
  const series: Record<string, Series> = {};
  for (const queries of splitIntoCalls(gateQueries({ names, settings, window, version, only }))) {
    Object.assign(
      series,
      await readMetricData({ environment, region, queries, startMs: window.startMs, endMs: window.endMs, signal }),
    );
  }
  return { window, version, series };
}
