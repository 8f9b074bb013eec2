import type { PlannedChange } from "../../scripts/kit/terraform";
import { EmulatedStack } from "../support/emulated-stack";
import { inPlace, updated } from "../support/in-place";

/**
 * Each setting flipped on an applied stack (more of them: access.test). Each apply goes on from the settings of the one
 * before, which it takes back, so the tests need their order.
 */

let stack: EmulatedStack;
/** The attributes before the first flip. */
let first: Record<string, unknown>;

beforeAll(async () => {
  stack = await EmulatedStack.applied();
  first = withoutDrift(values());
});
afterAll(() => stack?.stop());

/**
 * Attributes that may differ between two states of the same settings: they count, date or name the applies. The root
 * resource's id is among them because the emulator makes a new one for a new body; API Gateway keeps it.
 */
const COUNTERS = new Set([
  "version",
  "qualified_arn",
  "qualified_invoke_arn",
  "last_modified",
  "function_version",
  "deployment_id",
  "created_date",
  "root_resource_id",
]);

function values(): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(stack.attributes()).map(([address, attributes]) => [
      address,
      given(address, Object.fromEntries(Object.entries(attributes).filter(([name]) => !COUNTERS.has(name)))),
    ]),
  );
}

/**
 * What is not given stands in an alarm's state as null, or as "", 0, [] or {}, as the last plan or refresh had it; and
 * its queries, which are a set, in the order of either.
 */
function given(address: string, attributes: Record<string, unknown>): Record<string, unknown> {
  if (!address.startsWith("aws_cloudwatch_metric_alarm.")) return attributes;
  const isNothing = (part: unknown) =>
    part === null || part === "" || part === 0 || (typeof part === "object" && Object.keys(part).length === 0);
  const spelled = JSON.parse(
    JSON.stringify(attributes, (_, part: unknown) => (isNothing(part) ? undefined : part)),
  ) as Record<string, unknown>;
  const queries = spelled["metric_query"] as { id: string }[] | undefined;
  queries?.sort((a, b) => (a.id < b.id ? -1 : 1));
  return spelled;
}

/** What the emulator gives back otherwise depends on when it was last read, so it is no part of the comparison. */
function withoutDrift(state: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const {
    ["aws_lambda_event_source_mapping.work_delivery"]: mapping,
    ["aws_sqs_queue.work_queue"]: queue,
    ["aws_api_gateway_deployment.rest_deployment"]: deployment,
    ...rest
  } = state;
  return {
    ...rest,
    mapping: { ...mapping, function_name: "", function_arn: "" },
    queue: { ...queue, policy: "", redrive_policy: "" },
    // A deployment is replaced, so its id is another; what it deploys is the same.
    deployment: { ...deployment, id: "" },
  };
}

describe("a flip changes what it names in place, and takes back what was flipped before", () => {
  /**
   * What is applied, one after the other: the settings, and the addresses that have to change for them, there and back.
   */
  const FLIPS: readonly [flip: readonly string[], addresses: readonly string[]][] = [
    [
      ["memory_size=1024", "reserved_concurrent_executions=10"],
      [
        "aws_lambda_function.worker_function",
        "aws_lambda_alias.worker_live_alias",
        "aws_lambda_event_source_mapping.work_delivery",
      ],
    ],
    [["memory_size=2048"], ["aws_lambda_function.worker_function"]],
    [["reserved_concurrent_executions=-1"], ["aws_lambda_event_source_mapping.work_delivery"]],
    [["max_parallel_agents=1"], ["aws_lambda_function.worker_function"]],
    [["cache_enabled=false"], ["aws_api_gateway_method_settings.live_status_method"]],
    [["live_version=1"], ["aws_lambda_alias.worker_live_alias"]],
    [["cache_enabled=false", "cache_cluster_enabled=false"], ["aws_api_gateway_stage.live_stage"]],
    [["cache_ttl_in_seconds=60"], ["aws_api_gateway_method_settings.live_status_method"]],
    [["live_version=1", "canary_weight=0.1"], ["aws_lambda_alias.worker_live_alias"]],
    [["profile=baseline"], ["aws_lambda_function.worker_function"]],
  ];

  test.each(FLIPS.map(([flip, addresses], index) => [flip, addresses, FLIPS[index - 1]?.[1] ?? []] as const))(
    "%j",
    async (flip, addresses, before) => {
      const changes = await stack.flip(flip);
      inPlace(changes);
      expect(updated(changes)).toEqual(expect.arrayContaining([...addresses, ...before]));
      if (flip[0] === "memory_size=1024") {
        expect(await stack.terraform.output()).toMatchObject({
          settings: {
            memory_size: 1024,
            reserved_concurrent_executions: 10,
            cache_enabled: true,
            profile: "optimized",
          },
        });
      }
    },
  );
});

/** The rest, all at once: a setting, and an address that has to change. */
const OTHERS: readonly [setting: string, address: string][] = [
  ["timeout=600", "aws_sqs_queue.work_queue"],
  ["api_memory_size=1024", "aws_lambda_function.api_function"],
  ["cache_cluster_size=1.6", "aws_api_gateway_stage.live_stage"],
  ["throttling_rate_limit=50", "aws_api_gateway_method_settings.live_every_method"],
  ["throttling_burst_limit=100", "aws_api_gateway_method_settings.live_status_method"],
  ["log_retention_in_days=90", "aws_cloudwatch_log_group.worker_log_group"],
  ["alarm_duration_threshold=300000", "aws_cloudwatch_metric_alarm.alarm_worker_duration[0]"],
  ["alarm_errors_threshold=1", "aws_cloudwatch_metric_alarm.alarm_worker_errors[0]"],
  ["alarm_5xx_threshold=1", "aws_cloudwatch_metric_alarm.alarm_api_5xx[0]"],
  ["authorization=api_key", "aws_api_gateway_deployment.rest_deployment"],
];

/** What an API needs beside in-place updates to ask for keys: the keys, and their plan. */
const MADE_FOR_API_KEYS = new Set([
  "aws_api_gateway_api_key",
  "aws_api_gateway_usage_plan",
  "aws_api_gateway_usage_plan_key",
]);
const inPlaceButKeys = (changes: readonly PlannedChange[]) =>
  inPlace(changes.filter(({ type }) => !MADE_FOR_API_KEYS.has(type)));

test("all the other settings flip at once in place, and with all of them taken back the stack is what it was at first", async () => {
  const there = await stack.flip(OTHERS.map(([setting]) => setting));
  inPlaceButKeys(there);
  expect(updated(there)).toEqual(expect.arrayContaining(OTHERS.map(([, address]) => address)));
  inPlaceButKeys(await stack.flip([]));
  expect(withoutDrift(values())).toEqual(first);
});

test("alarms are the only resources that alarm_set makes or takes away, and back again the stack is what it was at first", async () => {
  const flips = [
    ["alarm_set=full", "create"],
    ["alarm_set=essential", "delete"],
  ] as const;
  for (const [setting, action] of flips) {
    const made = (await stack.flip([setting])).filter((change) => change.action !== "update");
    expect(new Set(made.map(({ type, action: done }) => `${done} ${type}`))).toEqual(
      new Set([`${action} aws_cloudwatch_metric_alarm`]),
    );
    expect(made.length).toBeGreaterThan(5);
  }
  expect(withoutDrift(values())).toEqual(first);
});
