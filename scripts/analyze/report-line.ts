import { readUsualReport } from "./usual-report";

/** How a run ended, as far as its line says so. */
export type RunStatus = "success" | "timeout" | "error" | "unknown";

/** One invocation, as Lambda's REPORT line tells it. What the line does not have is undefined. */
export interface RunReport {
  /** Time of the handler; neither init nor restore is in it. */
  readonly durationMs: number;
  readonly billedDurationMs?: number;
  /** What Lambda calls MB is MiB. */
  readonly memorySizeMiB: number;
  readonly maxMemoryUsedMiB: number;
  /** Only where the environment was started for this run. */
  readonly initDurationMs?: number;
  /** SnapStart's counterpart of init. */
  readonly restoreDurationMs?: number;
  readonly status: RunStatus;
  /** Such as `Runtime.ExitError`. */
  readonly errorType?: string;
  readonly requestId?: string;
  /** Version that ran; known from the log stream's name or the run's START line. */
  readonly version?: string;
  readonly functionName?: string;
}

/**
 * What one line of a log is:
 * - `report`: the report of a run.
 * - `start`: the start of a run, which names its version.
 * - `unreadable`: it says that it is a report, and cannot be read.
 * - `other`: anything else.
 */
export type ReportLine =
  | { readonly kind: "report"; readonly report: RunReport }
  | { readonly kind: "start"; readonly requestId: string; readonly version: string }
  | { readonly kind: "unreadable" }
  | { readonly kind: "other" };

/** What is known of a line from what stands around it. */
export interface Origin {
  readonly version?: string;
  readonly functionName?: string;
}

const OTHER: ReportLine = { kind: "other" };
const UNREADABLE: ReportLine = { kind: "unreadable" };

const TEXT_REPORT = "REPORT RequestId:";
const JSON_REPORT = "platform.report";
const START = /\bSTART RequestId: (\S+) Version: (\S+)/;

/**
 * Reads one line of a Lambda log, in the text format or in the JSON format. A timestamp or a log stream's name may
 * stand before it (`aws logs tail`, exports), and it may be the message of a JSON line (Logs Insights, FilterLogEvents)
 * or of a line of pretty-printed JSON.
 */
export function readReportLine(line: string, origin: Origin = {}): ReportLine {
  if (!mayMatter(line)) return OTHER;
  const usual = readUsualReport(line);
  return usual ? { kind: "report", report: { ...usual, ...origin } } : readThoroughly(line, origin);
}

/** The same for a line of any shape. */
export function readThoroughly(line: string, origin: Origin = {}): ReportLine {
  const message = /^\s*"@?(?:message|value)":\s*(".*")\s*,?\s*$/.exec(line)?.[1];
  if (message !== undefined) return ofQuoted(message, origin);
  const brace = line.indexOf("{");
  const text = line.indexOf(TEXT_REPORT);
  if (brace >= 0 && (text < 0 || brace < text)) return ofJson(line, brace, origin);
  if (text >= 0) return ofText(line, text, origin);
  const start = START.exec(line);
  return start ? { kind: "start", requestId: start[1]!, version: start[2]! } : mentionsReport(line);
}

function mayMatter(line: string): boolean {
  return (
    line.includes(TEXT_REPORT) ||
    line.includes(JSON_REPORT) ||
    line.includes("START RequestId:") ||
    line.includes("platform.start")
  );
}

/** A line cut in two still says what it was. */
function mentionsReport(line: string): ReportLine {
  return /"type\\?":\s*\\?"platform\.report/.test(line) ? UNREADABLE : OTHER;
}

/**
 * Up to five words with a digit in each, or such as UTC and Jan, are a timestamp, a stream, a CSV's other cells; others
 * are a sentence.
 */
const PREFIX = /^[\s",]*(?:(?:[^\s",]*\d[^\s",]*|[A-Z][A-Za-z]{0,3})[\s",]+){0,5}$/;

function ofText(line: string, at: number, origin: Origin): ReportLine {
  if (at > 0 && !PREFIX.test(line.slice(0, at))) return OTHER;
  const text = line.slice(at);
  if (text.indexOf(TEXT_REPORT, 1) >= 0) return UNREADABLE;
  // The lookbehinds, not the tabs, tell the four durations apart: a copy out of a browser has blanks for tabs.
  const durationMs = numberIn(/(?<!Billed |Init |Restore )Duration: ([\d.]+) ms/, text);
  const memorySizeMiB = numberIn(/Memory Size: (\d+) MB/, text);
  const maxMemoryUsedMiB = numberIn(/Max Memory Used: (\d+) MB/, text);
  return checked(
    {
      durationMs,
      memorySizeMiB,
      maxMemoryUsedMiB,
      billedDurationMs: numberIn(/Billed Duration: ([\d.]+) ms/, text),
      initDurationMs: numberIn(/Init Duration: ([\d.]+) ms/, text),
      restoreDurationMs: numberIn(/(?<!Billed )Restore Duration: ([\d.]+) ms/, text),
      status: statusOf(/Status: ([a-z]+)/.exec(text)?.[1]),
      errorType: /Error Type: ([\w.]+)/.exec(text)?.[1],
      requestId: /^REPORT RequestId: ([\w-]+)/.exec(text)?.[1],
    },
    at > 0 ? { ...originOf(line.slice(0, at)), ...origin } : origin,
  );
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const found = pattern.exec(text);
  return found ? Number(found[1]) : undefined;
}

function ofQuoted(quoted: string, origin: Origin): ReportLine {
  const text = parsed(quoted);
  return typeof text === "string" ? readReportLine(text, origin) : UNREADABLE;
}

function ofJson(line: string, brace: number, origin: Origin): ReportLine {
  const value = parsed(jsonOf(line, brace));
  if (!isRecord(value)) return line.includes(TEXT_REPORT) && START.test(line) ? OTHER : mentionsAny(line);
  return ofValue(value, { ...originOf(line.slice(0, brace)), ...origin });
}

/** From the brace on; without a comma or blanks behind it, which most lines have not. */
function jsonOf(line: string, brace: number): string {
  const json = brace === 0 ? line : line.slice(brace);
  return json.endsWith("}") ? json : json.replace(/[,\s]+$/, "");
}

const mentionsAny = (line: string): ReportLine => (line.includes(TEXT_REPORT) ? UNREADABLE : mentionsReport(line));

function ofValue(value: Readonly<Record<string, unknown>>, origin: Origin): ReportLine {
  const record = isRecord(value.record) ? value.record : {};
  if (value.type === JSON_REPORT) return ofRecord(record, origin);
  if (value.type === "platform.start") {
    const { requestId, version } = record;
    return typeof requestId === "string" && typeof version === "string" ? { kind: "start", requestId, version } : OTHER;
  }
  const around = {
    ...streamOrigin(value.logStreamName ?? value["@logStream"] ?? value.logStream),
    ...groupOrigin(value.logGroup ?? value["@log"]),
    ...origin,
  };
  const message = value.message ?? value["@message"];
  if (typeof message === "string") return readReportLine(message, around);
  return isRecord(message) ? ofValue(message, around) : OTHER;
}

function ofRecord(record: Readonly<Record<string, unknown>>, origin: Origin): ReportLine {
  const metrics = isRecord(record.metrics) ? record.metrics : {};
  const figure = (name: string) => (typeof metrics[name] === "number" ? metrics[name] : undefined);
  return checked(
    {
      durationMs: figure("durationMs"),
      memorySizeMiB: figure("memorySizeMB"),
      maxMemoryUsedMiB: figure("maxMemoryUsedMB"),
      billedDurationMs: figure("billedDurationMs"),
      initDurationMs: figure("initDurationMs"),
      restoreDurationMs: figure("restoreDurationMs"),
      status: statusOf(record.status),
      errorType: typeof record.errorType === "string" ? record.errorType : undefined,
      requestId: typeof record.requestId === "string" ? record.requestId : undefined,
    },
    origin,
  );
}

/** A report's fields before it is known that the ones it needs are there. */
type Fields = { readonly [Name in Exclude<keyof RunReport, keyof Origin>]: RunReport[Name] | undefined };

/**
 * A line that was cut off has no used memory, which stands behind the rest. Field by field: with a million lines,
 * spreading objects takes as long as reading them.
 */
function checked(
  {
    durationMs,
    memorySizeMiB,
    maxMemoryUsedMiB,
    billedDurationMs,
    initDurationMs,
    restoreDurationMs,
    status = "unknown",
    errorType,
    requestId,
  }: Fields,
  origin: Origin,
): ReportLine {
  if (durationMs === undefined || memorySizeMiB === undefined || maxMemoryUsedMiB === undefined) return UNREADABLE;
  const good =
    isGood(durationMs) &&
    isGood(maxMemoryUsedMiB) &&
    memorySizeMiB > 0 &&
    isGood(billedDurationMs) &&
    isGood(initDurationMs) &&
    isGood(restoreDurationMs);
  if (!good) return UNREADABLE;
  const { version, functionName } = origin;
  return {
    kind: "report",
    report: {
      durationMs,
      memorySizeMiB,
      maxMemoryUsedMiB,
      billedDurationMs,
      initDurationMs,
      restoreDurationMs,
      status,
      errorType,
      requestId,
      version,
      functionName,
    },
  };
}

const isGood = (value: number | undefined): boolean => value === undefined || (Number.isFinite(value) && value >= 0);

/** Lambda says `failure` of a run that its own platform ended, `error` of one whose code failed. */
function statusOf(status: unknown): RunStatus {
  if (status === "timeout" || status === "success") return status;
  return status === "error" || status === "failure" ? "error" : "unknown";
}

/** `2026/01/31/[12]4f…`; `2026/01/31/<function>[12]4f…` where functions share a group. */
const STREAM = /\d{4}\/\d\d\/\d\d\/([\w-]*)\[([\w$]+)\]/;

function originOf(prefix: string): Origin {
  const stream = STREAM.exec(prefix);
  if (!stream) return {};
  return { version: stream[2]!, ...(stream[1] === "" ? {} : { functionName: stream[1]! }) };
}

const streamOrigin = (name: unknown): Origin => (typeof name === "string" ? originOf(name) : {});

function groupOrigin(name: unknown): Origin {
  const functionName = typeof name === "string" ? functionOfGroup(name) : undefined;
  return functionName === undefined ? {} : { functionName };
}

/** The function that writes to a log group with Lambda's own kind of name; an account's id may stand before it. */
export function functionOfGroup(group: string): string | undefined {
  return /(?:^|:)\/aws\/lambda\/([\w-]+)$/.exec(group)?.[1];
}

/** Where a log stream of a log group comes from. */
export function originOfStream(group: string, stream: string): Origin {
  return { ...groupOrigin(group), ...streamOrigin(stream) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
