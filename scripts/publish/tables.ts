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
 * The table of settings in Markdown, with a column for each profile where any setting follows it.
 * @param settings in the table's order. Default: all of `agent-api`
 */
export function settingsTable(settings: readonly Setting[] = SETTINGS): string {
  const profiles = settings.some(followsProfile) ? PROFILES : (["optimized"] as const);
  const values = profiles.length > 1 ? profiles : ["default"];
  const head = ["setting", "type", ...values, "allowed", "a change", "what it is"];
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
 * The table of outputs in Markdown.
 * @param descriptions a sentence for each output. Default: those of `agent-api`
 */
export function outputsTable(descriptions: Readonly<Record<string, string>> = OUTPUT_DESCRIPTIONS): string {
  return table(
    ["output", "what it is"],
    Object.entries(descriptions).map(([name, description]) => [`\`${name}\``, description]),
  );
}

/** RUNBOOK's table of alarms in Markdown, with the monthly cost of each alarm and set in us-east-1. */
export function alarmsTable(): string {
  const head = ["alarm", "severity", "set", "rings when", "setting of the threshold", "USD a month", "heading"];
  const { essential, full } = alarmSetCosts();
  const costs =
    `The set \`essential\` costs $${essential.toFixed(2)} a month, \`full\` $${full.toFixed(2)}, where every ` +
    "feature is on (us-east-1 list prices; the dashboard is $3.00 beside them).";
  return `${table(head, listAlarms().map(describeAlarm))}\n\n${costs}`;
}

/** Dollars a month of each `alarm_set`, with every feature on. */
export function alarmSetCosts(): { readonly essential: number; readonly full: number } {
  const alarms = listAlarms();
  const cost = (chosen: readonly ListedAlarm[]) => alarmSetCost(chosen.flatMap(({ shapes }) => shapes));
  return { essential: cost(alarms.filter(({ set }) => set === "essential")), full: cost(alarms) };
}

/** An alarm with what its row shows and what decides its price. */
interface ListedAlarm extends Pick<KpiAlarm, "name" | "severity" | "set"> {
  readonly ringsWhen: string;
  readonly setting: string;
  readonly runbook: string;
  readonly shapes: readonly AlarmShape[];
}

function describeAlarm({ name, severity, set, ringsWhen, setting, runbook, shapes }: ListedAlarm): string[] {
  const cost = alarmSetCost(shapes).toFixed(2);
  return [`\`${name}\``, severity, set, ringsWhen, `\`${setting}\``, cost, runbook];
}

const UNITS: Readonly<Record<Kpi["unit"], string>> = { ms: " ms", s: " s", percent: " %", USD: " USD", count: "" };

const listAlarms = (): ListedAlarm[] => [
  ...KPIS.flatMap((kpi) =>
    kpi.alarms.map(
      (alarm): ListedAlarm => ({
        ...alarm,
        ringsWhen: describeRinging(kpi.title, describeLimit(kpi, alarm), alarm),
        setting: alarm.thresholdSetting,
        runbook: kpi.runbook,
        shapes: [{ metrics: kpiQuery(kpi, () => "1")?.metrics.length ?? 0 }],
      }),
    ),
  ),
  ...BURN_RATES.map(
    ({ name, severity, factor, longSeconds, shortSeconds }): ListedAlarm => ({
      name,
      severity,
      set: "essential",
      ringsWhen:
        `Failed requests: more than ${factor} times ${String(findDefault("kpi_error_rate"))} % over ` +
        `${describeSpan(longSeconds)}, and over ${describeSpan(shortSeconds)}`,
      setting: "kpi_error_rate",
      runbook: "Error budget",
      shapes: [{ metrics: 1 }, { metrics: 1 }, { metrics: 0, composite: true }],
    }),
  ),
];

function describeLimit({ better, unit }: Kpi, { thresholdSetting }: KpiAlarm): string {
  const threshold = Number(findDefault(thresholdSetting)).toLocaleString("en");
  return `${better === "lower" ? "more" : "less"} than ${threshold}${UNITS[unit]}`;
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

function findDefault(name: string): unknown {
  const settings: readonly Setting[] = SETTINGS;
  const setting = settings.find((candidate) => candidate.name === name);
  return setting && defaultValue(setting, "optimized");
}

function describeType(setting: Setting): string {
  if (setting.type === "number") return `number, ${setting.unit}`;
  if (setting.type !== "structured") return setting.type;
  // The description names an object's fields.
  if (setting.terraformType.startsWith("list(object")) return "list of objects";
  return setting.terraformType.startsWith("object") ? "object" : setting.terraformType;
}

function describeAllowed(setting: Setting): string {
  if (setting.type === "bool") return "true, false";
  if (setting.type === "structured") return "see the text";
  if (setting.allowed) return setting.allowed.join(", ");
  if (setting.type === "number") return `${setting.minimum} to ${setting.maximum}`;
  const { meaning } = setting.pattern ?? { meaning: "any" };
  // As code, because Markdown takes a placeholder such as <region> for HTML.
  return meaning.includes("<") ? `\`${meaning}\`` : meaning;
}

function formatCode(value: unknown): string {
  return value === null ? "null" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
