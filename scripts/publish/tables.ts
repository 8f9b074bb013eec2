import { alarmSetCost, type AlarmShape } from "../cost/watching";
import { OUTPUT_DESCRIPTIONS } from "../../stacks/contract/outputs";
import {
  BURN_RATES,
  KPIS,
  PROFILES,
  SETTINGS,
  defaultValue,
  followsProfile,
  isRequired,
  kpiQuery,
  type Kpi,
  type KpiAlarm,
  type Periods,
  type Setting,
} from "../../stacks/contract/settings";

/**
 * A page's table of settings, in Markdown; with a column a profile where any setting follows it.
 * @param settings those to show, in this order. Default: all of `agent-api`
 */
export function settingsTable(settings: readonly Setting[] = SETTINGS): string {
  const profiles = settings.some(followsProfile) ? PROFILES : (["optimized"] as const);
  const head = [
    "setting",
    "type",
    ...(profiles.length > 1 ? profiles : ["default"]),
    "allowed",
    "a change",
    "what it is",
  ];
  const rows = settings.map((setting) => [
    `\`${setting.name}\``,
    describeType(setting),
    ...profiles.map((profile) => (isRequired(setting) ? "required" : formatCode(defaultValue(setting, profile)))),
    describeAllowed(setting),
    setting.effect,
    setting.description,
  ]);
  return table(head, rows);
}

/**
 * A page's table of outputs, in Markdown.
 * @param descriptions one sentence an output. Default: those of `agent-api`
 */
export function outputsTable(descriptions: Readonly<Record<string, string>> = OUTPUT_DESCRIPTIONS): string {
  return table(
    ["output", "what it is"],
    Object.entries(descriptions).map(([name, description]) => [`\`${name}\``, description]),
  );
}

/** An alarm's row in the table, and what decides its price. */
interface AlarmRow {
  readonly cells: readonly string[];
  readonly set: KpiAlarm["set"];
  readonly shapes: readonly AlarmShape[];
}

/** RUNBOOK's table of alarms, in Markdown, with what they and the sets cost a month in us-east-1. */
export function alarmsTable(): string {
  const head = ["alarm", "severity", "set", "rings when", "setting of the threshold", "USD a month", "heading"];
  const rows = listAlarms().map(({ cells }) => cells);
  const { essential, full } = alarmSetCosts();
  return (
    `${table(head, rows)}\n\nThe set \`essential\` costs $${essential.toFixed(2)} a month, ` +
    `\`full\` $${full.toFixed(2)}, where every feature is on ` +
    "(us-east-1 list prices; the dashboard is $3.00 beside them)."
  );
}

/** Dollars a month of each `alarm_set`, with every feature on. */
export function alarmSetCosts(): { readonly essential: number; readonly full: number } {
  const rows = listAlarms();
  const cost = (chosen: readonly AlarmRow[]) => alarmSetCost(chosen.flatMap(({ shapes }) => shapes));
  return { essential: cost(rows.filter(({ set }) => set === "essential")), full: cost(rows) };
}

const listAlarms = (): AlarmRow[] => [
  ...KPIS.flatMap((kpi) => kpi.alarms.map((alarm) => describeAlarm(kpi, alarm))),
  ...BURN_RATES.map(describeBurnRate),
];

const UNITS: Readonly<Record<Kpi["unit"], string>> = { ms: " ms", s: " s", percent: " %", USD: " USD", count: "" };

function findDefault(name: string): unknown {
  const settings: readonly Setting[] = SETTINGS;
  const setting = settings.find((candidate) => candidate.name === name);
  return setting && defaultValue(setting, "optimized");
}

/** When an alarm rings, for a table's cell: `Worker errors: more than 5 in 2 of 2 periods of 5 minutes`. */
export function describeRinging(title: string, limit: string, periods: Periods): string {
  const { periodSeconds, evaluationPeriods, datapointsToAlarm } = periods;
  const when =
    evaluationPeriods === 1
      ? `within ${describeSpan(periodSeconds)}`
      : `in ${datapointsToAlarm} of ${evaluationPeriods} periods of ${describeSpan(periodSeconds)}`;
  return `${title}: ${limit} ${when}`;
}

/** `1 minute`, `6 hours`: whole minutes, and hours where they are whole. */
function describeSpan(seconds: number): string {
  const [count, unit] = seconds % 3_600 === 0 ? [seconds / 3_600, "hour"] : [seconds / 60, "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function describeAlarm(kpi: Kpi, alarm: KpiAlarm): AlarmRow {
  const { name, severity, set, thresholdSetting } = alarm;
  const shapes = [{ metrics: kpiQuery(kpi, () => "1")?.metrics.length ?? 0 }];
  const threshold = `${Number(findDefault(thresholdSetting)).toLocaleString("en")}${UNITS[kpi.unit]}`;
  const limit = `${kpi.better === "lower" ? "more" : "less"} than ${threshold}`;
  return {
    set,
    shapes,
    cells: [
      `\`${name}\``,
      severity,
      set,
      describeRinging(kpi.title, limit, alarm),
      `\`${thresholdSetting}\``,
      alarmSetCost(shapes).toFixed(2),
      kpi.runbook,
    ],
  };
}

function describeBurnRate({
  name,
  severity,
  factor,
  longSeconds,
  shortSeconds,
}: (typeof BURN_RATES)[number]): AlarmRow {
  const shapes = [{ metrics: 1 }, { metrics: 1 }, { metrics: 0, composite: true }];
  const limit = `more than ${factor} times ${String(findDefault("kpi_error_rate"))} %`;
  const rings = `Failed requests: ${limit} over ${describeSpan(longSeconds)}, and over ${describeSpan(shortSeconds)}`;
  return {
    set: "essential",
    shapes,
    cells: [
      `\`${name}\``,
      severity,
      "essential",
      rings,
      "`kpi_error_rate`",
      alarmSetCost(shapes).toFixed(2),
      "Error budget",
    ],
  };
}

function describeType(setting: Setting): string {
  if (setting.type === "structured") return describeStructure(setting.terraformType);
  return setting.type === "number" ? `number, ${setting.unit}` : setting.type;
}

/** A Terraform type for a table's cell: an object's fields stand in the description. */
function describeStructure(terraformType: string): string {
  if (terraformType.startsWith("list(object")) return "list of objects";
  return terraformType.startsWith("object") ? "object" : terraformType;
}

function describeAllowed(setting: Setting): string {
  if (setting.type === "number")
    return setting.allowed ? setting.allowed.join(", ") : `${setting.minimum} to ${setting.maximum}`;
  if (setting.type === "string")
    return setting.allowed ? setting.allowed.join(", ") : escapePlaceholder(setting.pattern?.meaning ?? "any");
  return setting.type === "bool" ? "true, false" : "see the text";
}

/** Markdown would take a placeholder such as <region> for HTML, and not show it. */
function escapePlaceholder(text: string): string {
  return text.includes("<") ? `\`${text}\`` : text;
}

function formatCode(value: unknown): string {
  return value === null ? "null" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
