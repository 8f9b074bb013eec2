/** Where a widget stands on CloudWatch's grid of 24 columns; rows and columns from 0. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Markdown. */
export interface TextWidget extends Place {
  readonly type: "text";
  readonly markdown: string;
}

/** The states of alarms. */
export interface AlarmWidget extends Place {
  readonly type: "alarm";
  readonly title: string;
  readonly arns: readonly string[];
}

/** A row of a chart: a metric, or an expression over the ids of the others. */
export interface ChartRow {
  /** Named by expressions. Default: none. */
  readonly id?: string;
  /** As CloudWatch takes it, with `${LAST}` and `${PROP('Dim.X')}` in it. */
  readonly label: string;
  /** False: there for an expression alone. */
  readonly visible: boolean;
  readonly periodSeconds: number;
  readonly source: MetricSource | { readonly expression: string };
}

/** A metric and what is made of its samples. */
export interface MetricSource {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Such as `Sum` or `p95`. */
  readonly statistic: string;
}

/** A line across a chart. */
export interface Line {
  readonly label: string;
  readonly value: number;
  /** `#rrggbb`. */
  readonly color: string;
}

/** Lines over time. */
export interface ChartWidget extends Place {
  readonly type: "metric";
  readonly title: string;
  readonly region: string;
  /** What the values are in: the axis' label. Empty: not said. */
  readonly unit: string;
  readonly rows: readonly ChartRow[];
  readonly lines: readonly Line[];
}

export type Widget = TextWidget | AlarmWidget | ChartWidget;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The widgets of a dashboard's body (CloudWatch API reference, "Dashboard Body Structure and Syntax"), as far as
 * modules/dashboard.ts writes them, in reading order. Throws with the widget's number, what it has, and what is
 * allowed.
 */
export function parseBody(body: unknown): readonly Widget[] {
  const widgets = fields(body, "The dashboard's body")["widgets"];
  if (!Array.isArray(widgets))
    throw new Error(
      `The dashboard's body has the widgets ${given(widgets)}; allowed: a list. Apply the stack again: its body is made by modules/dashboard.ts.`,
    );
  return widgets.map(widget).sort((left, right) => left.y - right.y || left.x - right.x);
}

function widget(value: unknown, index: number): Widget {
  const name = `Widget ${index + 1}`;
  const all = fields(value, name);
  const properties = fields(all["properties"], `${name}'s properties`);
  const place = {
    x: whole(all, "x", name, 0),
    y: whole(all, "y", name, 0),
    width: whole(all, "width", name, 1),
    height: whole(all, "height", name, 1),
  };
  if (place.x + place.width > 24)
    throw new Error(
      `${name} reaches from column ${place.x} to ${place.x + place.width}; allowed: up to 24, which is CloudWatch's grid.`,
    );
  switch (all["type"]) {
    case "text":
      return { type: "text", ...place, markdown: text(properties, "markdown", name) };
    case "alarm":
      return {
        type: "alarm",
        ...place,
        title: optionalText(properties, "title", name) ?? "Alarms",
        arns: list(properties, "alarms", name).map((arn) => string(arn, `${name}'s alarm`)),
      };
    case "metric":
      return { type: "metric", ...place, ...chart(properties, name) };
    default:
      throw new Error(
        `${name} has the type ${given(all["type"])}; allowed: text, alarm and metric, which are those that modules/dashboard.ts makes. Take it out of the body, or look at it in CloudWatch.`,
      );
  }
}

function chart(properties: Fields, name: string): Omit<ChartWidget, keyof Place | "type"> {
  const title = optionalText(properties, "title", name) ?? "";
  const named = `${name} (${title || "without a title"})`;
  const view = properties["view"] ?? "timeSeries";
  if (view !== "timeSeries") throw new Error(`${named} has the view ${given(view)}; allowed: timeSeries.`);
  const period = whole(properties, "period", named, 1, 300);
  const left = optionalFields(optionalFields(properties["yAxis"], `${named}'s yAxis`)["left"], `${named}'s left axis`);
  const annotations = optionalFields(properties["annotations"], `${named}'s annotations`);
  return {
    title,
    region: text(properties, "region", named),
    unit: optionalText(left, "label", named) ?? "",
    rows: list(properties, "metrics", named).map((row, index) => chartRow(row, `${named}, row ${index + 1}`, period)),
    lines:
      annotations["horizontal"] === undefined
        ? []
        : list(annotations, "horizontal", named).map((line) => horizontal(line, `${named}'s line`)),
  };
}

function horizontal(value: unknown, name: string): Line {
  const line = fields(value, name);
  if (typeof line["value"] !== "number")
    throw new Error(`${name} ${given(line["label"])} has the value ${given(line["value"])}; allowed: a number.`);
  return {
    label: optionalText(line, "label", name) ?? "",
    value: line["value"],
    color: optionalText(line, "color", name) ?? "",
  };
}

function chartRow(value: unknown, name: string, widgetPeriod: number): ChartRow {
  if (!Array.isArray(value) || value.length === 0)
    throw new Error(
      `${name} is ${given(value)}; allowed: a list, [namespace, metric, dimension, value, …, options] or [{expression}].`,
    );
  const last: unknown = value.at(-1);
  const hasOptions = typeof last === "object" && last !== null;
  const options = hasOptions ? (last as Fields) : {};
  const names = (hasOptions ? value.slice(0, -1) : value).map((part: unknown) => string(part, name));
  const [id, expression, label] = ["id", "expression", "label"].map((key) => optionalText(options, key, name));
  const common = {
    ...(id !== undefined && { id }),
    visible: options["visible"] !== false,
    periodSeconds: whole(options, "period", name, 1, widgetPeriod),
  };
  if (expression !== undefined) return { ...common, label: label ?? expression, source: { expression } };
  const [namespace, metric, ...pairs] = names;
  if (
    namespace === undefined ||
    metric === undefined ||
    pairs.length % 2 > 0 ||
    names.some((part) => /^\.+$/.test(part))
  ) {
    throw new Error(
      `${name} is ${given(names)}; allowed: a namespace, a metric, and pairs of a dimension and its value, all written out ("." for "as above" is not read here).`,
    );
  }
  const dimensions = Object.fromEntries(
    pairs.flatMap((part, index) => (index % 2 === 0 ? [[part, pairs[index + 1]!]] : [])),
  );
  return {
    ...common,
    label: label ?? metric,
    source: { namespace, metric, dimensions, statistic: optionalText(options, "stat", name) ?? "Average" },
  };
}

function fields(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${name} is ${given(value)}; allowed: an object.`);
  return value as Fields;
}

const optionalFields = (value: unknown, name: string): Fields =>
  value === undefined || value === null ? {} : fields(value, name);

function list(from: Fields, key: string, name: string): readonly unknown[] {
  const value = from[key];
  if (!Array.isArray(value)) throw new Error(`${name} has the ${key} ${given(value)}; allowed: a list.`);
  return value;
}

function string(value: unknown, name: string): string {
  if (typeof value !== "string") throw new Error(`${name} has ${given(value)}; allowed: text.`);
  return value;
}

function text(from: Fields, key: string, name: string): string {
  if (typeof from[key] !== "string") throw new Error(`${name} has the ${key} ${given(from[key])}; allowed: text.`);
  return from[key];
}

const optionalText = (from: Fields, key: string, name: string): string | undefined =>
  from[key] === undefined ? undefined : text(from, key, name);

function whole(from: Fields, key: string, name: string, minimum: number, otherwise?: number): number {
  const value = from[key] ?? otherwise;
  if (!Number.isInteger(value) || (value as number) < minimum)
    throw new Error(`${name} has the ${key} ${given(from[key])}; allowed: a whole number from ${minimum} on.`);
  return value as number;
}

/** As it was given, so far as a message has room. */
const given = (value: unknown): string => (JSON.stringify(value) ?? "missing").slice(0, 200);
