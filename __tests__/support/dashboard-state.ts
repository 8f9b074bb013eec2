import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withDefaults } from "./defaults";
import { PROJECT, resource, type StackJson } from "./stack-json";

const GOLDEN = join(PROJECT, "__tests__/stacks/agent-api-stack.golden.json");

interface GoldenWidget {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>> & {
    readonly annotations?: { readonly horizontal: string };
    readonly alarms?: string;
  };
}

/**
 * An applied dashboard's body: what Terraform makes of the golden one with every setting's default and every alarm
 * there.
 */
export function appliedBody(): { readonly widgets: readonly object[] } {
  const stack = JSON.parse(readFileSync(GOLDEN, "utf8")) as StackJson;
  const { widgets } = stack.locals["dashboard_body"] as { widgets: readonly GoldenWidget[] };
  const resolved = widgets.map((widget) => {
    const { alarms, annotations, ...properties } = widget.properties;
    return {
      ...widget,
      properties: {
        ...properties,
        ...(alarms === undefined ? {} : { alarms: arns(stack, alarms) }),
        ...(annotations === undefined ? {} : { annotations: { horizontal: lines(annotations.horizontal) } }),
      },
    };
  });
  const text = (value: string) =>
    withDefaults(
      value.replaceAll(/\$\{(aws_\w+\.\w+)\.(\w+)\}/g, (_, address: string, attribute: string) =>
        withDefaults(String(resource(stack, address)[attribute])),
      ),
    ).replaceAll("$${", "${");
  const body = deep({ widgets: resolved }, text) as { widgets: readonly object[] };
  const left = JSON.stringify(body).match(/\$\{(?!LAST\}|PROP\()[^}]*\}/);
  if (left) throw new Error(`The body has ${left[0]} left, which nothing here resolves`);
  return body;
}

/** What `terraform show -json` prints of it, as far as it is read. */
export const shownState = (body: unknown = appliedBody(), name = "quickturn-dev"): unknown => ({
  format_version: "1.0",
  values: {
    root_module: {
      resources: [
        { address: "aws_sqs_queue.work_queue", type: "aws_sqs_queue", values: {} },
        {
          address: "aws_cloudwatch_dashboard.dashboard_dashboard",
          type: "aws_cloudwatch_dashboard",
          values: { dashboard_name: name, dashboard_body: typeof body === "string" ? body : JSON.stringify(body) },
        },
      ],
    },
  },
});

function deep(value: unknown, text: (value: string) => string): unknown {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return value.map((each) => deep(each, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deep(each, text)]));
}

const arns = (stack: StackJson, expression: string): string[] =>
  [...expression.matchAll(/(aws_cloudwatch_\w+\.\w+)\[\*\]\.arn/g)].map(
    ([, address]) =>
      `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${withDefaults(String(resource(stack, address!)["alarm_name"]))}`,
  );

/** `[for line in [{ label = "…", value = …, color = "…" }, …] : line if line.value != null]` */
function lines(expression: string): object[] {
  const all = [...expression.matchAll(/\{ label = "([^"]*)", value = (.*?), color = "(#\w+)" \}/g)].map(
    ([, label, value, color]) => ({ label, value: valueOf(value!), color }),
  );
  if (all.length === 0) throw new Error(`${expression}: no line is found in it`);
  return all.filter(({ value }) => value !== null);
}

/** Comparisons, products and conditions of Terraform are written as JavaScript's are. */
function valueOf(expression: string): unknown {
  const filled = expression.replaceAll(/\b(?:var|local)\.(\w+)/g, (_, name: string) =>
    withDefaults(`\${var.${name}}`).replace(/^undefined$/, "null"),
  );
  return new Function(`return (${filled.replaceAll(/(?<![=!])==(?!=)/g, "===")});`)();
}
