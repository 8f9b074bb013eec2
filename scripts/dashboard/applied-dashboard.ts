import type { NamedStatistic } from "../kit/metric-data";
import { moduleResources, type StateModule } from "../kit/state";

/** A dashboard as terraform applied it. */
interface AppliedDashboard {
  readonly name: string;
  /** In reading order. */
  readonly widgets: readonly Widget[];
}

export type Widget = TextWidget | AlarmWidget | ChartWidget;

/** Where a widget is on CloudWatch's grid of 24 columns; rows and columns count from 0. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface TextWidget extends Place {
  readonly type: "text";
  readonly markdown: string;
}

/** Shows the states of alarms. */
export interface AlarmWidget extends Place {
  readonly type: "alarm";
  readonly title: string;
  readonly arns: readonly string[];
}

/** Shows values over time. */
export interface ChartWidget extends Place {
  readonly type: "metric";
  readonly title: string;
  readonly region: string;
  /** Unit of the values: the label of the axis. Empty where the body has none. */
  readonly unit: string;
  readonly rows: readonly ChartRow[];
  readonly lines: readonly Line[];
}

/** A row of a chart: a metric, or an expression over the ids of other rows. */
export interface ChartRow {
  /** The name that expressions use. Default: none. */
  readonly id?: string;
  /** As CloudWatch takes it: it may hold `${LAST}` and `${PROP('Dim.X')}`. */
  readonly label: string;
  /** False where only an expression uses the row. */
  readonly visible: boolean;
  readonly periodSeconds: number;
  readonly source: NamedStatistic | { readonly expression: string };
}

/** A chart, with its number among the widgets. */
export interface NumberedChart {
  readonly widget: ChartWidget;
  readonly number: number;
}

export function listCharts(widgets: readonly Widget[]): readonly NumberedChart[] {
  return widgets.flatMap((widget, number) => (widget.type === "metric" ? [{ widget, number }] : []));
}

/** A horizontal line across a chart. */
export interface Line {
  readonly label: string;
  readonly value: number;
  /** `#rrggbb`. */
  readonly color: string;
}

/**
 * Reads the dashboard in what `terraform show -json` printed of a state or a plan. Throws where there is not exactly
 * one, or where a plan does not know its body yet.
 */
export function readAppliedDashboard(document: unknown): AppliedDashboard {
  const { values, planned_values: planned } = (document ?? {}) as Partial<
    Record<"values" | "planned_values", { readonly root_module?: StateModule }>
  >;
  const resources = moduleResources((values ?? planned)?.root_module ?? {});
  const dashboards = resources.filter(({ type }) => type === "aws_cloudwatch_dashboard");
  const [dashboard] = dashboards;
  if (dashboard === undefined || dashboards.length > 1)
    throw new Error(
      `It holds ${resources.length} resources and ${dashboards.length} dashboards` +
        `${dashboards.map(({ address }) => `, ${address}`).join("")}; allowed: what terraform show -json printed of ` +
        "one stack with one dashboard. Apply this release first: quickturn apply.",
    );
  const { address, values: attributes } = dashboard;
  const body = attributes["dashboard_body"];
  if (typeof body !== "string")
    throw new Error(
      `${address} has no dashboard_body, which terraform knows only after the apply. Give what terraform show -json ` +
        "prints then.",
    );
  return { name: String(attributes["dashboard_name"] ?? address), widgets: parseBody(parseJson(body, address)) };
}

function parseJson(body: string, address: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new Error(
      `The dashboard_body of ${address} is no JSON (${(cause as Error).message}): ${quoteValue(body)}; ` +
        "allowed: the text that the stack applied. Apply it again: quickturn apply.",
      { cause },
    );
  }
}

/**
 * Reads the widgets of a dashboard's body (CloudWatch API reference, "Dashboard Body Structure and Syntax"), as far as
 * modules/dashboard.ts writes them, in reading order. Throws with the widget's number, what it has, and what is
 * allowed.
 */
export function parseBody(body: unknown): readonly Widget[] {
  return new JsonObject(body, "The dashboard's body")
    .list("widgets")
    .map((widget, index) => parseWidget(new JsonObject(widget, `Widget ${index + 1}`)))
    .sort((left, right) => left.y - right.y || left.x - right.x);
}

function parseWidget(widget: JsonObject): Widget {
  const properties = widget.object("properties");
  const place = {
    x: widget.wholeNumber("x", 0),
    y: widget.wholeNumber("y", 0),
    width: widget.wholeNumber("width", 1),
    height: widget.wholeNumber("height", 1),
  };
  if (place.x + place.width > 24)
    throw new Error(
      `${widget.name} reaches from column ${place.x} to ${place.x + place.width}; allowed: up to 24, the width of ` +
        "CloudWatch's grid.",
    );
  const type = widget.text("type");
  switch (type) {
    case "text":
      return { type, ...place, markdown: properties.text("markdown") };
    case "alarm":
      return {
        type,
        ...place,
        title: properties.text("title", "Alarms"),
        arns: properties.list("alarms").map((arn) => readText(arn, `${properties.name}: alarms`)),
      };
    case "metric":
      return { type, ...place, ...parseChart(widget.name, properties) };
    default:
      throw refusal(`${widget.name}: type`, type, "text, alarm and metric, the types that modules/dashboard.ts writes");
  }
}

function parseChart(widgetName: string, given: JsonObject): Omit<ChartWidget, keyof Place | "type"> {
  const title = given.text("title", "");
  const properties = new JsonObject(given.fields, `${widgetName} (${title || "without a title"})`);
  const view = properties.text("view", "timeSeries");
  if (view !== "timeSeries") throw refusal(`${properties.name}: view`, view, "timeSeries");
  const periodSeconds = properties.wholeNumber("period", 1, 300);
  return {
    title,
    region: properties.text("region"),
    unit: properties.object("yAxis", {}).object("left", {}).text("label", ""),
    rows: properties
      .list("metrics")
      .map((row, index) => parseRow(row, `${properties.name}, row ${index + 1}`, periodSeconds)),
    lines: properties
      .object("annotations", {})
      .list("horizontal", [])
      .map((line, index) => parseLine(new JsonObject(line, `${properties.name}, line ${index + 1}`))),
  };
}

function parseLine(line: JsonObject): Line {
  const label = line.text("label", "");
  return { label, value: readNumber(line.fields["value"], `${line.name} "${label}"`), color: line.text("color", "") };
}

/** A row is `[namespace, metric, dimension, value, …, options]` or `[{expression, …}]`. */
function parseRow(row: unknown, name: string, chartPeriodSeconds: number): ChartRow {
  const cells: readonly unknown[] = Array.isArray(row) ? row : [];
  const hasOptions = typeof cells.at(-1) === "object";
  const options = new JsonObject(hasOptions ? cells.at(-1) : {}, name);
  const [id, expression] = [options.text("id", ""), options.text("expression", "")];
  const common = {
    ...(id !== "" && { id }),
    visible: options.fields["visible"] !== false,
    periodSeconds: options.wholeNumber("period", 1, chartPeriodSeconds),
  };
  if (expression !== "") return { ...common, label: options.text("label", expression), source: { expression } };
  const texts = (hasOptions ? cells.slice(0, -1) : cells).map((cell) => readText(cell, name));
  const [namespace, metric, ...pairs] = texts;
  if (
    namespace === undefined ||
    metric === undefined ||
    pairs.length % 2 > 0 ||
    texts.some((each) => /^\.+$/.test(each))
  )
    throw refusal(
      name,
      row,
      '[namespace, metric, dimension, value, …, options] or [{expression}], without "." for "as above"',
    );
  const dimensions: Record<string, string> = {};
  for (let at = 0; at < pairs.length; at += 2) dimensions[pairs[at]!] = pairs[at + 1]!;
  return {
    ...common,
    label: options.text("label", metric),
    source: { namespace, metric, dimensions, statistic: options.text("stat", "Average") },
  };
}

/** Reads the fields of a JSON object. Every error says which field it is, what it holds, and what is allowed. */
export class JsonObject {
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    /** What the object is, for errors. */
    readonly name: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal(name, value, "an object");
    this.fields = value as Readonly<Record<string, unknown>>;
  }

  object(key: string, otherwise?: object): JsonObject {
    return new JsonObject(this.fields[key] ?? otherwise, `${this.name}: ${key}`);
  }

  list(key: string, otherwise?: readonly unknown[]): readonly unknown[] {
    const value = this.fields[key] ?? otherwise;
    if (!Array.isArray(value)) throw refusal(`${this.name}: ${key}`, value, "a list");
    return value;
  }

  text(key: string, otherwise?: string): string {
    return readText(this.fields[key] ?? otherwise, `${this.name}: ${key}`);
  }

  wholeNumber(key: string, minimum: number, otherwise?: number): number {
    const value = this.fields[key] ?? otherwise;
    if (!Number.isInteger(value) || (value as number) < minimum)
      throw refusal(`${this.name}: ${key}`, value, `a whole number from ${minimum} on`);
    return value as number;
  }
}

function readText(value: unknown, name: string): string {
  if (typeof value !== "string") throw refusal(name, value, "text");
  return value;
}

export function readNumber(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw refusal(name, value, "a number");
  return value;
}

/** The error for a value that is not allowed. */
export const refusal = (name: string, value: unknown, allowed: string): Error =>
  new Error(`${name} is ${quoteValue(value)}; allowed: ${allowed}.`);

/** A value for a message, cut where it is long. */
const quoteValue = (value: unknown): string => (JSON.stringify(value) ?? "missing").slice(0, 200);
