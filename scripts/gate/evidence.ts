import Ajv from "ajv";
import type { SourceNames } from "../../stacks/contract/settings";
import type { TokenPrices } from "../cost/bill";
import type { AccountLimits } from "../kit/aws-client";
import { UsageError } from "../kit/context";
import { readJson, writeReport } from "../kit/files";
import schema from "./evidence.schema.json";
import { GATE_SETTINGS, listReads, NAMED_KPIS, readId, selectedKpis, type MetricRead } from "./reads";

/** Times that evidence is of. */
export interface GateWindow {
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  /** Grid that both lie on, in seconds. */
  readonly periodSeconds: number;
}

/** Writes a time as CloudWatch does. */
export const formatTime = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

/** How often a gate has looked at the same growing evidence. */
export interface Looks {
  /** From 1. */
  readonly look: number;
  /** Whether there may be more: a gate that waits. */
  readonly repeated: boolean;
}

/**
 * The answers about one window, asked by read. What went wrong in one is thrown, so that no KPI is judged by a part.
 */
export class ReadSeries {
  constructor(private readonly readings: Readings) {}

  /** Sum over the periods; null where there was no data. For `Sum` and `SampleCount`. */
  sum(read: MetricRead): number | null {
    const { values } = this.series(read);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  }

  /** Largest of all periods; null where there was no data. */
  maximum(read: MetricRead): number | null {
    const { values } = this.series(read);
    return values.length === 0 ? null : Math.max(...values);
  }

  /** The one value of a statistic that cannot be put together from parts; null where there was no data. */
  only(read: MetricRead): number | null {
    const { values } = this.series(read);
    if (values.length > 1)
      throw new EvidenceError(
        `${readId(read)} came in ${values.length} parts, and ${read.statistic} of parts cannot be put together; ` +
          "allowed: one value for the whole window",
      );
    return values[0] ?? null;
  }

  private series(read: MetricRead): Series {
    const id = readId(read);
    const series = this.readings.series[id];
    if (!series) throw new EvidenceError(`${id} is not in the evidence`);
    const { status, messages } = series;
    if (status !== "Complete")
      throw new EvidenceError(
        [`CloudWatch answered ${status} for ${id}`, messages.join("; ")].filter(Boolean).join(": "),
      );
    if (messages.length > 0) throw new EvidenceError(`CloudWatch says of ${id}: ${messages.join("; ")}`);
    const bad = series.values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new EvidenceError(`${id} is ${bad}; allowed: a number`);
    return series;
  }
}

/** Evidence that cannot be judged: the KPI ends as an error. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
}

/** What CloudWatch answered to one query. */
export interface Series {
  /** `Complete`, or what went wrong: `PartialData`, `InternalError`, `Forbidden`. */
  readonly status: string;
  /** What CloudWatch says about it, such as that a metric could not be read. */
  readonly messages: readonly string[];
  /** Values by period, oldest first; empty where there was no data. */
  readonly values: readonly number[];
}

/** All answers about one window. */
export interface Readings {
  readonly window: GateWindow;
  /** Version of the worker that it is about; null = whatever ran. */
  readonly version: string | null;
  /** By query id. */
  readonly series: Readonly<Record<string, Series>>;
}

/** The tokens' prices, and whether anybody gave them. */
export interface GivenTokenPrices extends TokenPrices {
  /** True where nobody gave them. */
  readonly assumed: boolean;
}

/** What a candidate may be worse than its baseline. */
export interface RelativeLimits {
  /** Times the baseline's duration. */
  readonly maxLatencyRatio: number;
  /** Times the baseline's cost. */
  readonly maxCostRatio: number;
}

export const DEFAULT_LIMITS: RelativeLimits = { maxLatencyRatio: 1.25, maxCostRatio: 1.1 };

/** Everything that a verdict depends on: the same evidence gives the same verdict, byte for byte. */
export interface Evidence {
  readonly kind: "quickturn-gate-evidence";
  readonly format: 1;
  readonly names: SourceNames;
  /** In effect, those that the gate reads. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** KPIs that are judged; empty = all. */
  readonly only: readonly string[];
  /** null where no KPI needs it. */
  readonly account: AccountLimits | null;
  readonly tokenPrices: GivenTokenPrices;
  readonly limits: RelativeLimits;
  readonly looks: Looks;
  readonly candidate: Readings;
  /** null = there is nothing to compare with. */
  readonly baseline: Readings | null;
}

/** Writes evidence, so that its verdict can be had again without AWS. */
export function saveEvidence(path: string, evidence: Evidence): void {
  writeReport(path, `${JSON.stringify(evidence, null, 1)}\n`);
}

/** Reads saved evidence. Throws {@link UsageError} with every problem of a file that is none. */
export function readEvidence(path: string): Evidence {
  const document = readJson(path, "evidence");
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile<Evidence>(schema);
  if (!validate(document)) {
    const problems = (validate.errors ?? []).slice(0, 10).map(({ instancePath, message, params }) => {
      const name = "additionalProperty" in params ? `: ${String(params["additionalProperty"])}` : "";
      return `  ${instancePath || "the file"} ${message}${name}\n`;
    });
    throw new UsageError(
      `${path} is no evidence of a gate:\n${problems.join("")}Allowed: a file that quickturn verify --save has ` +
        "written.",
    );
  }
  checkMeaning(document, path);
  return document;
}

/** What a schema cannot say: settings that the KPIs name, a window that has a length, and KPIs that exist. */
function checkMeaning(evidence: Evidence, path: string): void {
  const missing = GATE_SETTINGS.filter((name) => !(name in evidence.settings));
  if (missing.length > 0)
    throw new UsageError(
      `${path} lacks the settings ${missing.join(", ")}; allowed: evidence that this release of quickturn verify ` +
        "--save has written.",
    );
  for (const { startMs, endMs } of [evidence.candidate, evidence.baseline].flatMap((each) => each?.window ?? []))
    if (endMs <= startMs)
      throw new UsageError(
        `${path} has a window that ends before it begins (${startMs} to ${endMs}); allowed: an end after the start.`,
      );
  const names = new Set(NAMED_KPIS.map(({ name }) => name));
  const unknown = evidence.only.filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new UsageError(
      `${path} is about the KPIs ${unknown.join(", ")}, which do not exist; allowed: ${[...names].join(", ")}.`,
    );
  for (const kpi of selectedKpis(evidence.only)) listReads(kpi, evidence.settings);
}
