import { KPIS, kpiQuery, nameMetric } from "../../stacks/contract/settings";
import { encoded, resource, stackJson, stackText } from "../support/stack-json";
import { frontDoor } from "../../handlers/http/front-door";
import { deadLetterHandler } from "../../handlers/requests/batch";
import { METRIC_NAMESPACE, METRICS } from "../../handlers/environment";
import { heartbeat } from "../../handlers/heartbeat";
import { runJob } from "../../handlers/requests/job";
import { writeMessage } from "../../handlers/requests/work-queue";
import { memoryWorkQueue } from "../support/memory-work-queue";
import { memoryRequests } from "../support/memory-requests";
import { memoryResults } from "../support/memory-results";
import { memorySessions } from "../support/memory-sessions";
import { sweep } from "../../handlers/requests/sweep";
import { jsonLines } from "../../handlers/telemetry";
import {
  DEADLINE_MS,
  DEAD_LETTER_QUEUE_ARN,
  gatewayEvent,
  newProcess,
  newRequest,
  NOW_MS,
  readyAgent,
  REQUEST_ID,
  sqsBatch,
} from "../handlers/fixtures";
import { SOURCES } from "../support/source-names";

const stack = stackJson();

/** A cell of a chart's row in CloudWatch's own form. */
type Cell = string | { readonly id?: string; readonly expression?: string };

interface Widget {
  readonly type: "alarm" | "metric" | "text";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: string;
    readonly metrics?: readonly (readonly Cell[])[];
    readonly annotations?: { readonly horizontal: string };
    readonly yAxis?: { readonly left: { readonly label: string } };
  };
}
const body = encoded(stack, resource(stack, "aws_cloudwatch_dashboard.dashboard_dashboard")["dashboard_body"]) as {
  readonly widgets: readonly Widget[];
};
const { widgets } = body;

describe("the widgets", () => {
  const charts = widgets.filter(({ type }) => type === "metric");
  const chartOf = (title: string) => charts.find(({ properties }) => properties.title === title);

  test("an introduction and the state of the alarms come first, and then the KPIs", () => {
    expect(widgets.slice(0, 3).map(({ type }) => type)).toEqual(["text", "alarm", "text"]);
    expect(widgets[0]?.properties.markdown).toMatch(/^# \$\{var\.name\}-\$\{var\.environment\}\n/);
    expect(widgets[2]?.properties.markdown).toBe("## KPIs");
    for (const { runbook } of KPIS) expect(widgets[0]?.properties.markdown).toContain(runbook);
  });

  test("the alarm widget shows every alarm that calls a person", () => {
    for (const type of ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"]) {
      const calling = Object.entries(stack.resource[type] ?? {}).filter(
        ([, alarm]) => alarm["alarm_actions"] !== undefined,
      );
      for (const [name] of calling) expect(widgets[1]?.properties.alarms).toContain(`${type}.${name}[*].arn`);
    }
    expect(widgets[1]?.properties.alarms).not.toContain("_long");
  });

  const drawn = KPIS.filter(({ measure }) => !["cost", "capacity", "fill"].includes(measure.kind));
  test.each(drawn.map((kpi) => [kpi.name, kpi] as const))(
    "%s has a chart in its unit, with its target and its alarms as lines",
    (_, { title, unit, targetSetting, alarms }) => {
      const chart = chartOf(`${title} (${unit})`);
      expect(chart?.properties.yAxis?.left.label).toBe(unit);
      const lines = String(chart?.properties.annotations?.horizontal ?? "");
      for (const { name, thresholdSetting } of alarms)
        expect(lines).toContain(`label = "${name}", value = var.${thresholdSetting}`);
      if (targetSetting !== undefined) expect(lines).toContain(`label = "target", value = var.${targetSetting}`);
    },
  );

  test("a line without a value is left out", () => {
    for (const {
      properties: { annotations },
    } of charts)
      if (annotations)
        expect(annotations.horizontal).toMatch(/^\$\{\[for line in \[.+\] : line if line\.value != null\]\}$/);
  });

  test("a placeholder of CloudWatch in a label is escaped for Terraform", () => {
    const text = stackText();
    expect(text).toContain("[last $${LAST}]");
    expect(text).not.toMatch(/[^$]\$\{(LAST|PROP)/);
  });

  test("the widgets fit CloudWatch's grid without overlap, three charts in a row", () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, index) => `${x + (index % width)}/${y + Math.floor(index / width)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
    expect(new Set(charts.map(({ x }) => x))).toEqual(new Set([0, 8, 16]));
  });

  test("there are fewer than 100 widgets, at most ten rows in a chart, and less than 100 KB", () => {
    expect(widgets.length).toBeLessThan(100);
    for (const { properties } of charts) expect(properties.metrics?.length).toBeLessThanOrEqual(10);
    expect(JSON.stringify(body).length).toBeLessThan(100_000);
  });

  test("a chart's ids are different, and its expressions name no others", () => {
    for (const { properties } of charts) {
      const options = (properties.metrics ?? []).map((row) => row.at(-1) as { id?: string; expression?: string });
      const ids = options.flatMap(({ id }) => id ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { expression = "" } of options)
        for (const [id] of expression.matchAll(/\bm\d+\b/g)) expect(ids).toContain(id);
    }
  });
});

describe("the metrics of alarms and charts", () => {
  /** A metric that an alarm or a chart reads. */
  interface Read {
    readonly where: string;
    readonly namespace: string;
    readonly metric: string;
    readonly dimensions: Readonly<Record<string, string>>;
  }

  interface RawAlarm {
    readonly namespace?: string;
    readonly metric_name?: string;
    readonly dimensions?: Record<string, string>;
    readonly metric_query?: readonly {
      readonly metric?: {
        readonly namespace: string;
        readonly metric_name: string;
        readonly dimensions?: Record<string, string>;
      };
    }[];
  }

  const ofAlarms = Object.entries(stack.resource["aws_cloudwatch_metric_alarm"] ?? {}).flatMap(
    ([where, raw]): Read[] => {
      const { namespace, metric_name: metric, dimensions, metric_query: queries = [] } = raw as RawAlarm;
      const single =
        namespace !== undefined && metric !== undefined
          ? [{ where, namespace, metric, dimensions: dimensions ?? {} }]
          : [];
      return [
        ...single,
        ...queries.flatMap(({ metric: query }) =>
          query
            ? [{ where, namespace: query.namespace, metric: query.metric_name, dimensions: query.dimensions ?? {} }]
            : [],
        ),
      ];
    },
  );

  const rows = widgets
    .filter(({ type }) => type === "metric")
    .flatMap(({ properties: { title, metrics = [] } }) => metrics.map((row) => ({ where: `chart "${title}"`, row })));
  const ofCharts = rows.flatMap(({ where, row }): Read[] => {
    const [namespace, metric, ...rest] = row.filter((part): part is string => typeof part === "string");
    if (namespace === undefined || metric === undefined) return [];
    return [
      {
        where,
        namespace,
        metric,
        dimensions: Object.fromEntries(
          Array.from({ length: rest.length / 2 }, (_, index) => [rest[2 * index]!, rest[2 * index + 1]!]),
        ),
      },
    ];
  });
  const reads = [...ofAlarms, ...ofCharts];

  /**
   * The dimensions that AWS publishes these metrics with (facts of AWS: CloudWatch metrics of Lambda, API Gateway, SQS,
   * DynamoDB and EventBridge; read in the developer guides of each in 2026). Without detailed metrics an API has no
   * others.
   */
  const AWS_METRICS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    "AWS/Lambda": {
      Duration: ["FunctionName"],
      Errors: ["FunctionName"],
      Invocations: ["FunctionName"],
      Throttles: ["FunctionName"],
      ConcurrentExecutions: ["FunctionName", ""],
      ClaimedAccountConcurrency: [""],
      ProvisionedConcurrencySpilloverInvocations: ["FunctionName,Resource"],
    },
    "AWS/ApiGateway": Object.fromEntries(
      ["Count", "4XXError", "5XXError", "Latency", "IntegrationLatency", "CacheHitCount", "CacheMissCount"].map(
        (name) => [name, ["ApiName,Stage"]],
      ),
    ),
    "AWS/SQS": Object.fromEntries(
      [
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateAgeOfOldestMessage",
      ].map((name) => [name, ["QueueName"]]),
    ),
    "AWS/DynamoDB": Object.fromEntries(
      ["ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"].map(
        (name) => [name, ["TableName"]],
      ),
    ),
    "AWS/Events": { Invocations: ["RuleName"] },
  };

  /** The attribute that a dimension's value refers to. */
  const REFERENCES: Readonly<Record<string, RegExp>> = {
    FunctionName: /^\$\{(aws_lambda_function\.\w+)\.function_name\}$/,
    Resource: /^\$\{(aws_lambda_function\.\w+)\.function_name\}:\$\{(aws_lambda_alias\.\w+)\.name\}$/,
    ApiName: /^\$\{(aws_api_gateway_rest_api\.\w+)\.name\}$/,
    QueueName: /^\$\{(aws_sqs_queue\.\w+)\.name\}$/,
    TableName: /^\$\{(aws_dynamodb_table\.\w+)\.name\}$/,
    RuleName: /^\$\{(aws_cloudwatch_event_rule\.\w+)\.name\}$/,
  };

  const DEPLOYMENT = "${var.name}-${var.environment}";

  test.each(
    reads
      .filter(({ namespace }) => namespace !== METRIC_NAMESPACE)
      .map((read) => [read.where, read.metric, read] as const),
  )(
    "%s reads %s as AWS publishes it, of a resource that the stack has",
    (_where, _metric, { namespace, metric, dimensions }) => {
      expect(AWS_METRICS[namespace]?.[metric]).toContain(Object.keys(dimensions).sort().join(","));
      for (const [dimension, value] of Object.entries(dimensions)) {
        if (dimension === "Stage")
          expect(resource(stack, "aws_api_gateway_stage.live_stage")["stage_name"]).toBe(value);
        // The authorizer is there only where tokens are taken, so that nothing can refer to it: its name is the same.
        else if (value === `${DEPLOYMENT}-authorizer`)
          expect(resource(stack, "aws_lambda_function.authorizer_function")["function_name"]).toBe(value);
        else
          for (const address of (REFERENCES[dimension]?.exec(value) ?? [`no reference of ${dimension}`, ""]).slice(1))
            resource(stack, address);
      }
    },
  );

  /**
   * What the handlers really write, as `metric|dimension,dimension`, and the values of the dimensions that are not a
   * deployment's.
   */
  async function emitted(): Promise<{ pairs: Set<string>; functions: Set<string> }> {
    const lines: string[] = [];
    let nowMs = NOW_MS;
    const log = jsonLines(
      (line) => lines.push(line),
      () => nowMs,
      "test",
    );
    const own = { ...newProcess(), memoryUsedPercent: () => 50, version: "7", log, nowMs: () => nowMs };
    const sessions = memorySessions();
    const requests = memoryRequests(sessions);
    const agents = [
      readyAgent("a", async () => ({ text: "yes", tokens: { input: 1, output: 2 }, model: "m" })),
      readyAgent("b", () => Promise.reject(new Error("no"))),
    ];
    const parts = {
      ...own,
      agents: { agents, maxParallel: 0, policy: "any" as const, quorum: 0 },
      requests,
      sessions,
      results: memoryResults(),
      newId: () => "bid",
    };
    await requests.create(newRequest(), NOW_MS);
    for (const name of ["CacheHit", "CacheMiss", "PoolIdleDropped", "PoolOpened", "PoolReused", "BreakerOpen"] as const)
      own.counters.add(name);
    await runJob(parts, { requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 }, 60_000);
    const fine = async () => ({ status: 200, body: {} });
    for (const name of ["CacheHit", "CacheMiss"] as const) own.counters.add(name);
    await frontDoor({ ...own, routes: { health: fine, invoke: fine, status: fine }, originSecretSha256: "" })(
      gatewayEvent() as never,
      { awsRequestId: "l", getRemainingTimeInMillis: () => 1_000 } as never,
    );
    for (const name of ["api", "worker"])
      await heartbeat({ name, identify: async () => undefined, counters: own.counters, log, holdMs: 1 });
    for (const requestId of ["dead", "late"]) await requests.create(newRequest({ requestId }), NOW_MS);
    await deadLetterHandler({ queueArn: DEAD_LETTER_QUEUE_ARN, requests, nowMs: () => nowMs, log })(
      sqsBatch(DEAD_LETTER_QUEUE_ARN, writeMessage({ requestId: "dead", deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 })),
      { getRemainingTimeInMillis: () => 50_000 },
    );
    nowMs += DEADLINE_MS + 60_000;
    await sweep({ requests, queue: memoryWorkQueue(), nowMs: () => nowMs, log }, 50_000);
    const directives = lines.flatMap((line) => {
      const record = JSON.parse(line) as {
        Function?: string;
        _aws?: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
      };
      return (record._aws?.CloudWatchMetrics ?? []).map((directive) => ({ ...directive, of: record.Function }));
    });
    expect(new Set(directives.map(({ Namespace }) => Namespace))).toEqual(new Set([METRIC_NAMESPACE]));
    const pairs = directives.flatMap(({ Dimensions, Metrics, of }) =>
      Dimensions.flatMap((names) =>
        Metrics.map(
          ({ Name }) => `${Name}|${[...names].sort().join(",")}${names.includes("Function") ? `=${of}` : ""}`,
        ),
      ),
    );
    return { pairs: new Set(pairs), functions: new Set(directives.flatMap(({ of }) => of ?? [])) };
  }

  describe("our own metrics", () => {
    const ours = reads.filter(({ namespace }) => namespace === METRIC_NAMESPACE);

    test("alarms and charts read only what the handlers write, with the same dimensions", async () => {
      const { pairs } = await emitted();
      expect(ours.length).toBeGreaterThan(20);
      const unknown = ours.filter(
        ({ metric, dimensions }) =>
          !pairs.has(
            [`${metric}|${Object.keys(dimensions).sort().join(",")}`, dimensions["Function"] ?? []].flat().join("="),
          ),
      );
      expect(unknown).toEqual([]);
      for (const { metric } of ours) expect(Object.keys(METRICS)).toContain(metric);
    });

    test("charts search only for what the handlers write", async () => {
      const { pairs } = await emitted();
      const searched = rows.flatMap(({ row }) =>
        row.flatMap((part) =>
          typeof part === "object" && part.expression?.startsWith("SEARCH") === true ? [part.expression] : [],
        ),
      );
      expect(searched).toHaveLength(4);
      for (const expression of searched) {
        const [, namespace, dimensions = "", deployment, metric] =
          /^SEARCH\('\{(\w+),([\w,]+)\} Deployment="([^"]+)" MetricName="(\w+)"', '\w+'\)$/.exec(expression) ?? [];
        expect([namespace, deployment]).toEqual([METRIC_NAMESPACE, DEPLOYMENT]);
        expect(pairs).toContain(`${metric}|${dimensions.split(",").sort().join(",")}`);
      }
    });

    test("the handlers write the metrics of a canary by version", async () => {
      const { pairs } = await emitted();
      for (const metric of ["JobDuration", "RequestFailed"]) expect(pairs).toContain(`${metric}|Deployment,Version`);
    });

    test("every function gets the deployment that the metrics have as dimension", () => {
      for (const { dimensions } of ours) expect(dimensions["Deployment"]).toBe(DEPLOYMENT);
      for (const name of ["api", "sweeper", "worker"]) {
        const { environment } = resource(stack, `aws_lambda_function.${name}_function`) as {
          environment: { variables: Record<string, string> };
        };
        expect(environment.variables["DEPLOYMENT"]).toBe(DEPLOYMENT);
      }
    });
  });

  test("a chart reads every metric of each KPI that CloudWatch can compute", () => {
    for (const kpi of KPIS) {
      for (const { reference } of kpiQuery(kpi, () => "1")?.metrics ?? []) {
        const { namespace, metric } = nameMetric(reference, SOURCES);
        expect(ofCharts.map((read) => `${read.namespace} ${read.metric}`)).toContain(`${namespace} ${metric}`);
      }
    }
  });
});
