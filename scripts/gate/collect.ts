import type { GetMetricDataCommandOutput } from "@aws-sdk/client-cloudwatch";
import { LIVE_ALIAS } from "../../stacks/contract/fixed";
import type { SourceNames } from "../../stacks/contract/settings";
import { DEFAULT_USAGE } from "../cost/usage";
import { accountLimits, type AccountLimits } from "../kit/aws-client";
import { UsageError, type CommandContext } from "../kit/context";
import { parseNumber, parseNumberFromZero } from "../kit/given-setting";
import { metricDataPages, metricStat, type MetricDataCall } from "../kit/metric-data";
import {
  DEFAULT_LIMITS,
  readEvidence,
  type Evidence,
  type GateWindow,
  type Looks,
  type Readings,
  type Series,
} from "./evidence";
import type { GateTask } from "./gate";
import { gateQueries, GATE_SETTINGS, readNumber, selectedKpis, type MetricQuery } from "./reads";
import type { VerifyOptions } from "./verify";

/** A window of CloudWatch's metrics, and what is asked of it. */
type MetricDataRequest = Omit<MetricDataCall, "queries"> & { readonly queries: readonly MetricQuery[] };

/** Reads a value a query and period. Throws where CloudWatch refuses the call; a query that failed is an answer. */
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
    callMessages.push(...describeMessages(page.Messages));
    for (const { Id: id = "", StatusCode: status, Messages: messages, Values: values = [] } of page.MetricDataResults ??
      []) {
      const result = found.get(id);
      if (!result) continue;
      // A page that is not the last says PartialData, and the next one has the rest.
      result.status = status ?? "Complete";
      result.messages.push(...describeMessages(messages));
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

const describeMessages = (messages: GetMetricDataCommandOutput["Messages"]): string[] =>
  (messages ?? []).map(({ Code: code, Value: value }) => [code, value].filter(Boolean).join(": "));

/** What stays the same from look to look. */
export interface LookFrame {
  readonly fixed: Omit<Evidence, "looks" | "candidate" | "baseline">;
  readonly region: string;
  readonly version: string | null;
  /** A version, or what was saved of another time; null = there is nothing to compare with. */
  readonly baseline: string | Readings | null;
}

/** Reads everything but the metrics. */
export async function prepareLooks(task: Pick<GateTask, "context" | "stack" | "options">): Promise<LookFrame> {
  const { options, stack } = task;
  const { outputs, settings, region } = stack;
  const saved = options.baselineMetrics === undefined ? null : readEvidence(options.baselineMetrics).candidate;
  const version = options.version ?? (options.baseline === undefined ? null : readNewestVersion(outputs));
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
    fixed: {
      kind: "quickturn-gate-evidence",
      format: 1,
      names: sourceNames(outputs),
      settings: Object.fromEntries(GATE_SETTINGS.map((name) => [name, settings[name]])),
      only: options.only,
      account: version === null && needsLimits(options.only, settings) ? await readLimits(task) : null,
      tokenPrices: readTokenPrices(options),
      limits: {
        maxLatencyRatio: parseNumber("max-latency-ratio", options.maxLatencyRatio, DEFAULT_LIMITS.maxLatencyRatio),
        maxCostRatio: parseNumber("max-cost-ratio", options.maxCostRatio, DEFAULT_LIMITS.maxCostRatio),
      },
    },
    region,
    version,
    baseline: saved ?? options.baseline ?? null,
  };
}

function readNewestVersion(outputs: Readonly<Record<string, unknown>>): string {
  const version = outputs["newest_version"];
  if (typeof version !== "string")
    throw new UsageError(
      `The output newest_version is ${JSON.stringify(version) ?? "missing"}; --baseline compares with it. Give ` +
        "--version too.",
    );
  return version;
}

function readTokenPrices({ tokenPriceIn, tokenPriceOut }: VerifyOptions): Evidence["tokenPrices"] {
  const { usd_per_1000_input_tokens: usdIn, usd_per_1000_output_tokens: usdOut } = DEFAULT_USAGE;
  return {
    usdPer1000Input: parseNumberFromZero("token-price-in", tokenPriceIn, usdIn),
    usdPer1000Output: parseNumberFromZero("token-price-out", tokenPriceOut, usdOut),
    assumed: tokenPriceIn === undefined || tokenPriceOut === undefined,
  };
}

/** Whether a KPI is read from the account's limits. */
const needsLimits = (only: readonly string[], settings: Evidence["settings"]): boolean =>
  selectedKpis(only).some(
    ({ measure }) =>
      measure.kind === "quota" || (measure.kind === "capacity" && (readNumber(settings, measure.ofSetting) ?? -1) < 0),
  );

/** Without the permission, only the KPIs that need the limits end as errors. */
async function readLimits({ context, stack }: Pick<GateTask, "context" | "stack">): Promise<AccountLimits | null> {
  const { environment, signal, progress } = context;
  try {
    return await accountLimits({ environment, region: stack.region }, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    progress.note(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** Asks CloudWatch for a window: of the candidate, and of the version that it is compared with. */
export async function takeLook(
  context: CommandContext,
  frame: LookFrame,
  { window, looks }: { readonly window: GateWindow; readonly looks: Looks },
): Promise<Evidence> {
  const { fixed, region, version, baseline } = frame;
  const { environment, signal } = context;
  const read = async (of: string | null): Promise<Readings> => {
    const queries = gateQueries({ ...fixed, window, version: of });
    const { startMs, endMs } = window;
    // A setting's KPI is read from nothing, and CloudWatch refuses to be asked for nothing.
    const series =
      queries.length === 0 ? {} : await readMetricData({ environment, region, queries, startMs, endMs, signal });
    return { window, version: of, series };
  };
  const candidate = await read(version);
  return { ...fixed, looks, candidate, baseline: typeof baseline === "string" ? await read(baseline) : baseline };
}

/**
 * Reads the names in metrics' dimensions from the stack's outputs. What has no output is derived from the deployment's
 * name as stacks/names.ts does. Throws with every output that is missing.
 */
export function sourceNames(outputs: Readonly<Record<string, unknown>>): SourceNames {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = outputs[name];
    if (typeof value === "string" && value !== "") return value;
    missing.push(name);
    return "";
  };
  const deployment = read("deployment_name");
  const names: SourceNames = {
    frontDoorFunction: read("api_function_name"),
    workerFunction: read("worker_function_name"),
    sweeperFunction: read("sweeper_function_name"),
    authorizerFunction: `${deployment}-authorizer`,
    liveAlias: LIVE_ALIAS,
    restApi: read("rest_api_name"),
    stage: read("stage_name"),
    workQueue: lastSegment(read("work_queue_url")),
    deadLetterQueue: lastSegment(read("dead_letter_queue_url")),
    requestsTable: read("requests_table_name"),
    sessionsTable: read("sessions_table_name"),
    apiHeartbeatRule: `${deployment}-api-heartbeat`,
    workerHeartbeatRule: `${deployment}-worker-heartbeat`,
    deployment,
  };
  if (missing.length > 0)
    throw new Error(
      `The stack's outputs lack ${missing.join(", ")}; metrics are found by them. Apply this release first: ` +
        "quickturn apply.",
    );
  return names;
}

/** https://sqs.<region>.amazonaws.com/<account>/<name> */
const lastSegment = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
