import { readReportLine, type RunReport } from "../analyze/report-line";
import type { TuningRun } from "./size";

/** What one line of a replay file is; `wrong` with what is wrong and what is allowed. */
export type RunLine =
  | { readonly kind: "run"; readonly run: TuningRun }
  | { readonly kind: "other" }
  | { readonly kind: "wrong"; readonly problem: string };

/** Fields of a run as JSON, and whether they must be there. */
const FIELDS = {
  memory_mb: true,
  duration_ms: true,
  billed_ms: false,
  init_ms: false,
  max_memory_mb: false,
  failed: false,
} as const;
type Field = keyof typeof FIELDS;
const NUMBERS = ["memory_mb", "duration_ms", "billed_ms", "init_ms", "max_memory_mb"] as const;

/**
 * Reads a line of a replay file: a run as JSON, as `quickturn tune --save` writes it, or a REPORT line of Lambda in any
 * shape that `quickturn analyze` takes. Other lines of a log are `other`.
 */
export function readRunLine(line: string): RunLine {
  if (/^\s*\{.*"memory_mb"/.test(line)) return ofJson(line);
  const read = readReportLine(line);
  if (read.kind === "unreadable")
    return { kind: "wrong", problem: "it says that it is a report and cannot be read; allowed: a whole REPORT line" };
  return read.kind === "report" ? { kind: "run", run: runOfReport(read.report) } : { kind: "other" };
}

/** A run as its report tells it. */
export function runOfReport({
  memorySizeMiB,
  durationMs,
  initDurationMs,
  restoreDurationMs,
  billedDurationMs,
  maxMemoryUsedMiB,
  status,
  errorType,
}: RunReport): TuningRun {
  const failed = status === "error" || status === "timeout" || errorType !== undefined;
  return {
    memoryMiB: memorySizeMiB,
    durationMs,
    initMs: initDurationMs ?? restoreDurationMs ?? null,
    billedMs: billedDurationMs ?? null,
    usedMiB: maxMemoryUsedMiB,
    failure: failed ? (errorType ?? status) : null,
  };
}

/** The run as a line of a replay file, without its end. */
export function writeRun({ memoryMiB, durationMs, billedMs, initMs, usedMiB, failure }: TuningRun): string {
  return JSON.stringify({
    memory_mb: memoryMiB,
    duration_ms: durationMs,
    billed_ms: billedMs,
    init_ms: initMs,
    max_memory_mb: usedMiB,
    failed: failure,
  } satisfies Record<Field, unknown>);
}

function ofJson(line: string): RunLine {
  const fields = parsed(line);
  if (fields === undefined) return { kind: "wrong", problem: "it is no JSON object" };
  const problems = problemsOf(fields);
  if (problems.length > 0) return { kind: "wrong", problem: problems.join("; ") };
  const figure = (name: Field) => (fields[name] as number | null | undefined) ?? null;
  const { failed = null } = fields as { failed?: string | boolean | null };
  return {
    kind: "run",
    run: {
      memoryMiB: figure("memory_mb")!,
      durationMs: figure("duration_ms")!,
      billedMs: figure("billed_ms"),
      initMs: figure("init_ms"),
      usedMiB: figure("max_memory_mb"),
      failure: failed === true ? "failed" : failed || null,
    },
  };
}

function problemsOf(fields: Readonly<Record<string, unknown>>): string[] {
  const unknown = Object.keys(fields).filter((name) => !(name in FIELDS));
  const failed = fields["failed"] ?? null;
  // A size that Lambda refuses has no time.
  const wrong = NUMBERS.filter(
    (name) =>
      !isFigure(fields[name], FIELDS[name]) &&
      !(name === "duration_ms" && fields[name] === 0 && failed !== null && failed !== false),
  );
  return [
    ...(unknown.length > 0
      ? [`it has the fields ${unknown.join(", ")}; allowed: ${Object.keys(FIELDS).join(", ")}`]
      : []),
    ...wrong.map(
      (name) =>
        `${name} is ${JSON.stringify(fields[name]) ?? "missing"}; allowed: a number ${FIELDS[name] ? "above 0" : "from 0 on, or null"}`,
    ),
    ...(failed === null || typeof failed === "string" || typeof failed === "boolean"
      ? []
      : [`failed is ${JSON.stringify(failed)}; allowed: false, null, true or the reason`]),
  ];
}

/** A time or a size of nothing is none. */
function isFigure(value: unknown, isRequired: boolean): boolean {
  if (value === undefined || value === null) return !isRequired;
  return typeof value === "number" && Number.isFinite(value) && (isRequired ? value > 0 : value >= 0);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
