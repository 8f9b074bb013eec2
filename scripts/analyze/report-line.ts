/** How a run ended, as far as its line says so. */
export type RunStatus = "success" | "timeout" | "error" | "unknown";

/** One invocation, as Lambda's REPORT line describes it. What the line does not have is undefined. */
export interface RunReport extends Origin {
  /** Time of the handler, without init and restore. */
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
}

/** Where a line comes from, which its log stream, its log group or the run's START line says. */
export interface Origin {
  readonly version?: string;
  readonly functionName?: string;
}

/**
 * What one line of a log is:
 * - `report`: the report of a run.
 * - `start`: the start of a run, which names its version.
 * - `unreadable`: a report that cannot be read.
 * - `other`: anything else.
 */
type ReportLine =
  | { readonly kind: "report"; readonly report: RunReport }
  | { readonly kind: "start"; readonly requestId: string; readonly version: string }
  | { readonly kind: "unreadable" }
  | { readonly kind: "other" };

const OTHER: ReportLine = { kind: "other" };
const UNREADABLE: ReportLine = { kind: "unreadable" };

const TEXT_REPORT = "REPORT RequestId:";
const JSON_REPORT = "platform.report";
const START = /\bSTART RequestId: (\S+) Version: (\S+)/;
/** A line without any of these is neither a report nor a start. */
const MARKS = [TEXT_REPORT, JSON_REPORT, "START RequestId:", "platform.start"];

/**
 * Reads one line of a Lambda log, in the text format or in the JSON format. A timestamp or a log stream's name may
 * stand before it (`aws logs tail`, exports), and it may be the message of a JSON line (Logs Insights, FilterLogEvents)
 * or of a line of pretty-printed JSON.
 */
export function readReportLine(line: string, origin: Origin = {}): ReportLine {
  if (!MARKS.some((mark) => line.includes(mark))) return OTHER;
  return readUsualReport(line, origin) ?? readUnusualLine(line, origin);
}

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
/** Both formats as Lambda writes most reports. The groups are request id, durations, memory and init, in this order. */
const USUAL_TEXT = new RegExp(
  String.raw`^REPORT RequestId: ([\w-]+)\tDuration: ${NUMBER} ms\tBilled Duration: ${NUMBER} ms` +
    String.raw`\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB(?:\tInit Duration: ${NUMBER} ms)?\s*$`,
);
const USUAL_JSON = new RegExp(
  String.raw`^\{"time":"[\w:.-]+","type":"platform\.report","record":\{"requestId":"([\w-]+)","metrics":` +
    String.raw`\{"durationMs":${NUMBER},"billedDurationMs":${NUMBER},"memorySizeMB":(\d+),"maxMemoryUsedMB":(\d+)` +
    String.raw`(?:,"initDurationMs":${NUMBER})?\},"status":"(success|timeout|error)"\}\}$`,
);

/** Reads a report that is written as Lambda usually does, in half the time that any other takes. */
function readUsualReport(line: string, { version, functionName }: Origin): ReportLine | undefined {
  const groups = line.startsWith("{") ? USUAL_JSON.exec(line) : USUAL_TEXT.exec(line);
  if (!groups || !(Number(groups[4]) > 0)) return undefined;
  return {
    kind: "report",
    report: {
      durationMs: Number(groups[2]),
      memorySizeMiB: Number(groups[4]),
      maxMemoryUsedMiB: Number(groups[5]),
      billedDurationMs: Number(groups[3]),
      initDurationMs: groups[6] === undefined ? undefined : Number(groups[6]),
      restoreDurationMs: undefined,
      status: toStatus(groups[7]),
      errorType: undefined,
      requestId: groups[1],
      version,
      functionName,
    },
  };
}

function readUnusualLine(line: string, origin: Origin): ReportLine {
  const message = /^\s*"@?(?:message|value)":\s*(".*")\s*,?\s*$/.exec(line)?.[1];
  if (message !== undefined) {
    const text = parseJson(message);
    return typeof text === "string" ? readReportLine(text, origin) : UNREADABLE;
  }
  const brace = line.indexOf("{");
  const report = line.indexOf(TEXT_REPORT);
  if (brace >= 0 && (report < 0 || brace < report)) return readJsonLine(line, brace, origin);
  if (report >= 0) return readTextReport(line, report, origin);
  const start = START.exec(line);
  return start ? { kind: "start", requestId: start[1]!, version: start[2]! } : classifyFragment(line);
}

/** Even a part of a JSON report says that it was one. */
const classifyFragment = (line: string): ReportLine =>
  /"type\\?":\s*\\?"platform\.report/.test(line) ? UNREADABLE : OTHER;

/**
 * What may stand before a report: a timestamp, a stream's name or other cells of a CSV, which are up to five words with
 * a digit in each, or short ones such as UTC and Jan. Anything else is a sentence about a report.
 */
const PREFIX = /^[\s",]*(?:(?:[^\s",]*\d[^\s",]*|[A-Z][A-Za-z]{0,3})[\s",]+){0,5}$/;

function readTextReport(line: string, start: number, origin: Origin): ReportLine {
  const prefix = line.slice(0, start);
  if (!PREFIX.test(prefix)) return OTHER;
  const text = line.slice(start);
  if (text.indexOf(TEXT_REPORT, 1) >= 0) return UNREADABLE;
  return checkReport({
    ...readFigures((name) => {
      const found = TEXT_FIGURES[name].exec(text);
      return found ? Number(found[1]) : undefined;
    }),
    status: toStatus(/Status: ([a-z]+)/.exec(text)?.[1]),
    errorType: /Error Type: ([\w.]+)/.exec(text)?.[1],
    requestId: /^REPORT RequestId: ([\w-]+)/.exec(text)?.[1],
    ...NO_ORIGIN,
    ...readStream(prefix),
    ...origin,
  });
}

/** The figures of a report in the text format, by their names in the JSON format. */
const TEXT_FIGURES = {
  // Lookbehinds distinguish the durations, because tabs are blanks in a copy from a browser.
  durationMs: /(?<!Billed |Init |Restore )Duration: ([\d.]+) ms/,
  memorySizeMB: /Memory Size: (\d+) MB/,
  maxMemoryUsedMB: /Max Memory Used: (\d+) MB/,
  billedDurationMs: /Billed Duration: ([\d.]+) ms/,
  initDurationMs: /Init Duration: ([\d.]+) ms/,
  restoreDurationMs: /(?<!Billed )Restore Duration: ([\d.]+) ms/,
};

const readFigures = (read: (name: keyof typeof TEXT_FIGURES) => number | undefined) => ({
  durationMs: read("durationMs"),
  memorySizeMiB: read("memorySizeMB"),
  maxMemoryUsedMiB: read("maxMemoryUsedMB"),
  billedDurationMs: read("billedDurationMs"),
  initDurationMs: read("initDurationMs"),
  restoreDurationMs: read("restoreDurationMs"),
});

const NO_ORIGIN = { version: undefined, functionName: undefined };

function readJsonLine(line: string, brace: number, origin: Origin): ReportLine {
  const json = brace === 0 ? line : line.slice(brace);
  const value = parseJson(json.endsWith("}") ? json : json.replace(/[,\s]+$/, ""));
  if (isRecord(value)) return readJsonValue(value, { ...readStream(line.slice(0, brace)), ...origin });
  if (!line.includes(TEXT_REPORT)) return classifyFragment(line);
  return START.test(line) ? OTHER : UNREADABLE;
}

function readJsonValue(value: Readonly<Record<string, unknown>>, origin: Origin): ReportLine {
  const record = isRecord(value.record) ? value.record : {};
  if (value.type === JSON_REPORT) return readJsonReport(record, origin);
  if (value.type === "platform.start") {
    const { requestId, version } = record;
    return typeof requestId === "string" && typeof version === "string" ? { kind: "start", requestId, version } : OTHER;
  }
  const exported = {
    ...readStream(value.logStreamName ?? value["@logStream"] ?? value.logStream),
    ...readGroup(value.logGroup ?? value["@log"]),
    ...origin,
  };
  const message = value.message ?? value["@message"];
  if (typeof message === "string") return readReportLine(message, exported);
  return isRecord(message) ? readJsonValue(message, exported) : OTHER;
}

function readJsonReport(record: Readonly<Record<string, unknown>>, origin: Origin): ReportLine {
  const metrics = isRecord(record.metrics) ? record.metrics : {};
  return checkReport({
    ...readFigures((name) => (typeof metrics[name] === "number" ? metrics[name] : undefined)),
    status: toStatus(record.status),
    errorType: typeof record.errorType === "string" ? record.errorType : undefined,
    requestId: typeof record.requestId === "string" ? record.requestId : undefined,
    ...NO_ORIGIN,
    ...origin,
  });
}

/** A report of which any field may be missing. */
type PartialReport = { readonly [Name in keyof RunReport]: RunReport[Name] | undefined };

/** A report that was cut off has no used memory, which is the last of its required fields. */
function checkReport(report: PartialReport): ReportLine {
  return isComplete(report) ? { kind: "report", report } : UNREADABLE;
}

function isComplete(report: PartialReport): report is RunReport {
  const { durationMs, memorySizeMiB = 0, maxMemoryUsedMiB } = report;
  return (
    isMeasure(durationMs) &&
    isMeasure(maxMemoryUsedMiB) &&
    memorySizeMiB > 0 &&
    isMeasure(report.billedDurationMs ?? 0) &&
    isMeasure(report.initDurationMs ?? 0) &&
    isMeasure(report.restoreDurationMs ?? 0)
  );
}

const isMeasure = (value: number | undefined): boolean => value !== undefined && Number.isFinite(value) && value >= 0;

/** Lambda writes `failure` where its own platform ended the run, and `error` where the code failed. */
function toStatus(status: unknown): RunStatus {
  if (status === "timeout" || status === "success") return status;
  return status === "error" || status === "failure" ? "error" : "unknown";
}

/** `2026/01/31/[12]4f…`, or `2026/01/31/<function>[12]4f…` where functions share a group. */
const STREAM = /\d{4}\/\d\d\/\d\d\/([\w-]*)\[([\w$]+)\]/;

function readStream(text: unknown): Origin {
  const [, functionName, version] = (typeof text === "string" && STREAM.exec(text)) || [];
  if (version === undefined) return {};
  return functionName ? { version, functionName } : { version };
}

/** Lambda's own log groups have the function's name; an account's id may stand before it. */
function readGroup(name: unknown): Origin {
  const functionName = typeof name === "string" ? /(?:^|:)\/aws\/lambda\/([\w-]+)$/.exec(name)?.[1] : undefined;
  return functionName === undefined ? {} : { functionName };
}

/** Reads the origin of a log stream's lines from the names of the group and the stream. */
export function readOrigin(group: string, stream: string): Origin {
  return { ...readGroup(group), ...readStream(stream) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
