import type { AuditedPlan, AuditedResource } from "../audited-plan";
import { attribute, isAtLeast, fail, of, unknown, when, PASS, type Judgement, type Rule } from "../rule";
import { attached } from "../policy-documents";
import { Unknown } from "../plan-json";

const MAPPING = "aws_lambda_event_source_mapping";
const QUEUE = "aws_sqs_queue";

/**
 * Lambda developer guide, "Using Lambda with Amazon SQS": throttled batches come back before the message is seen again.
 */
const VISIBILITY_TIMEOUTS = 6;

/** The same guide: throttling alone then sends nothing to the dead-letter queue. */
const LEAST_RECEIVES = 5;

/** The queue that a mapping polls; undefined for a stream. */
function queueOf(mapping: AuditedResource, plan: AuditedPlan): AuditedResource | "elsewhere" | "unclear" | undefined {
  const queue = plan.target(mapping, "event_source_arn", QUEUE);
  if (queue !== "elsewhere") return queue;
  return /^arn:[\w-]+:sqs:/.test(String(mapping.get("event_source_arn"))) ? queue : undefined;
}

/** Judges a mapping of a queue. */
function ofQueue(
  judge: (mapping: AuditedResource, queue: AuditedResource | "elsewhere" | "unclear", plan: AuditedPlan) => Judgement,
) {
  return (mapping: AuditedResource, plan: AuditedPlan): readonly Judgement[] => {
    const queue = queueOf(mapping, plan);
    return queue === undefined ? [] : [judge(mapping, queue, plan)];
  };
}

/** Else one poisoned message has its whole batch run again, the finished ones too. */
const MAPPING_REPORTS_PARTIAL_FAILURES: Rule = {
  id: "mapping-reports-partial-failures",
  title: "A batch says which of its messages failed",
  asks: [],
  severity: "warning",
  types: [MAPPING],
  evaluate: ofQueue((mapping) =>
    attribute(
      mapping,
      ["function_response_types"],
      (types) => Array.isArray(types) && types.includes("ReportBatchItemFailures"),
      '["ReportBatchItemFailures"]',
    ),
  ),
};

const MAPPING_CONCURRENCY_IS_LIMITED: Rule = {
  id: "mapping-concurrency-is-limited",
  title: "A queue's messages take no more functions than they are given",
  asks: [],
  severity: "warning",
  types: [MAPPING],
  evaluate: ofQueue((mapping) =>
    attribute(mapping, ["scaling_config", 0, "maximum_concurrency"], isAtLeast(2), "a number from 2 to 1000"),
  ),
};

const VISIBILITY_COVERS_THE_FUNCTION: Rule = {
  id: "queue-visibility-covers-its-function",
  title: "A message stays hidden for six time-outs of its function",
  asks: ["LambdaEventSourceSQSVisibilityTimeout"],
  severity: "warning",
  types: [MAPPING],
  evaluate: ofQueue(visibility),
};

function visibility(
  mapping: AuditedResource,
  queue: AuditedResource | "elsewhere" | "unclear",
  plan: AuditedPlan,
): Judgement {
  const target = functionOf(mapping, plan);
  if (typeof queue === "string" || target === undefined)
    return unknown("The queue or the function of the mapping is not of this plan.");
  const [hidden = 30, timeout = 3, window = 0] = [
    queue.get("visibility_timeout_seconds"),
    target.get("timeout"),
    mapping.get("maximum_batching_window_in_seconds"),
  ];
  if (![hidden, timeout, window].every((value) => typeof value === "number"))
    return unknown("visibility_timeout_seconds or timeout is known only after the apply.");
  const least = VISIBILITY_TIMEOUTS * (timeout as number) + (window as number);
  return when(
    (hidden as number) >= least,
    `visibility_timeout_seconds of ${queue.address} is ${String(hidden)}; allowed: from ${least} s on, six times the ${String(timeout)} s of ${target.address} and the batching window.`,
  );
}

/** The function that a mapping calls, by an alias or by itself. */
function functionOf(mapping: AuditedResource, plan: AuditedPlan): AuditedResource | undefined {
  const target = plan.target(mapping, "function_name", "aws_lambda_function", "aws_lambda_alias");
  if (typeof target === "string") return undefined;
  if (target.type === "aws_lambda_function") return target;
  const aliased = plan.target(target, "function_name", "aws_lambda_function");
  return typeof aliased === "string" ? undefined : aliased;
}

/** A queue's redrive policy, in it or beside it: parsed, undefined where there is none. */
function redriveOf(queue: AuditedResource, plan: AuditedPlan): Readonly<Record<string, unknown>> | Unknown | undefined {
  const { found, unclear } = attached(plan, queue, "aws_sqs_queue_redrive_policy", "queue_url");
  const text = queue.get("redrive_policy") ?? found[0]?.get("redrive_policy") ?? (unclear ? new Unknown() : undefined);
  if (typeof text !== "string") return text instanceof Unknown ? text : undefined;
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** Whether another queue sends its failures to this one; undefined where nobody can tell. */
function isDeadLetterQueue(queue: AuditedResource, plan: AuditedPlan): boolean | undefined {
  const redrives = plan.ofType(QUEUE).map((other) => redriveOf(other, plan));
  const targets = redrives.map((redrive) =>
    redrive instanceof Unknown ? undefined : redrive?.["deadLetterTargetArn"],
  );
  if (
    targets.some((to) => typeof to === "string" && (to === queue.get("arn") || to.startsWith(`\${${queue.address}.`)))
  )
    return true;
  return redrives.some((redrive) => redrive instanceof Unknown) ? undefined : false;
}

const QUEUE_HAS_A_DEAD_LETTER_QUEUE: Rule = {
  id: "queue-has-a-dead-letter-queue",
  title: "Messages that fail for good are kept in a queue of their own",
  asks: ["AwsSolutions-SQS3", "SQSRedrivePolicy"],
  severity: "warning",
  types: [QUEUE],
  evaluate: (queue, plan) => {
    const [isLast, redrive] = [isDeadLetterQueue(queue, plan), redriveOf(queue, plan)];
    if (isLast === true) return [PASS];
    if (redrive instanceof Unknown || (isLast === undefined && redrive === undefined))
      return [unknown("redrive_policy is known only after the apply.")];
    return [
      when(
        redrive?.["deadLetterTargetArn"] !== undefined,
        "redrive_policy is not given, and no queue sends its failures here; allowed: a deadLetterTargetArn.",
      ),
    ];
  },
};

const REDRIVE_GIVES_FIVE_TRIES: Rule = {
  id: "redrive-gives-five-tries",
  title: "A message is tried five times before it counts as failed",
  asks: [],
  severity: "warning",
  types: [QUEUE],
  evaluate: (queue, plan) => {
    const redrive = redriveOf(queue, plan);
    if (redrive === undefined) return [];
    if (redrive instanceof Unknown) return [unknown("redrive_policy is known only after the apply.")];
    const count = redrive["maxReceiveCount"];
    return [
      when(
        Number(count) >= LEAST_RECEIVES,
        `redrive_policy has maxReceiveCount ${JSON.stringify(count) ?? "not given"}; allowed: from ${LEAST_RECEIVES} on, so that throttling alone fails nothing.`,
      ),
    ];
  },
};

/** Lambda's own are six hours and two retries, and what fails then is lost without a word. */
const ASYNCHRONOUS_EVENTS_EXPIRE: Rule = {
  id: "asynchronous-events-expire",
  title: "How long an asynchronous event may wait is chosen",
  asks: [],
  severity: "info",
  types: ["aws_lambda_function_event_invoke_config"],
  evaluate: (config) => [attribute(config, ["maximum_event_age_in_seconds"], isAtLeast(60), "60 to 21600 s")],
};

/** Kept, or lost on purpose: whoever says 0 retries has decided. */
const FAILED_EVENTS_ARE_KEPT: Rule = {
  id: "failed-events-are-kept-or-given-up",
  title: "An event that fails goes somewhere, or is not tried again on purpose",
  asks: ["LambdaAsyncFailureDestination", "EventBusDLQ"],
  severity: "info",
  types: ["aws_lambda_function_event_invoke_config", "aws_cloudwatch_event_target"],
  evaluate: (resource) => {
    const isTarget = resource.type === "aws_cloudwatch_event_target";
    const kept = isTarget
      ? resource.get("dead_letter_config", 0, "arn")
      : resource.get("destination_config", 0, "on_failure", 0, "destination");
    const retries = isTarget
      ? resource.get("retry_policy", 0, "maximum_retry_attempts")
      : resource.get("maximum_retry_attempts");
    if (kept !== undefined || retries === 0) return [PASS];
    if (retries instanceof Unknown)
      return [of("retries", unknown("maximum_retry_attempts is known only after the apply."))];
    return [
      fail(
        `${isTarget ? "dead_letter_config" : "destination_config[0].on_failure"} is not given and maximum_retry_attempts is ${String(retries ?? "not given")}; allowed: a place for what fails, or 0 retries.`,
      ),
    ];
  },
};

export const DELIVERY_RULES: readonly Rule[] = [
  MAPPING_REPORTS_PARTIAL_FAILURES,
  MAPPING_CONCURRENCY_IS_LIMITED,
  VISIBILITY_COVERS_THE_FUNCTION,
  QUEUE_HAS_A_DEAD_LETTER_QUEUE,
  REDRIVE_GIVES_FIVE_TRIES,
  ASYNCHRONOUS_EVENTS_EXPIRE,
  FAILED_EVENTS_ARE_KEPT,
];
