import type { AuditedPlan, AuditedResource } from "../audited-plan";
import { Unknown } from "../plan-json";
import { isAnybody, judgePlainHttp, judgePolicy, letsIn } from "../policy-documents";
import {
  attributeRule,
  type Evaluate,
  fail,
  isAtLeast,
  judgeAttribute,
  type Judgement,
  namePart,
  NOT_APPLICABLE,
  PASS,
  passIf,
  type Rule,
  unknown,
  unknownUntilApply,
} from "../rule";

const MAPPING = "aws_lambda_event_source_mapping";
const QUEUE = "aws_sqs_queue";
const TOPIC = "aws_sns_topic";
const EVENT_TARGET = "aws_cloudwatch_event_target";
const INVOKE_CONFIG = "aws_lambda_function_event_invoke_config";

/** Throttled batches return before the message is visible again (Lambda guide, "Using Lambda with Amazon SQS"). */
const TIMEOUTS_HIDDEN = 6;

/** With fewer, throttling alone sends messages to the dead-letter queue (the same guide). */
const LEAST_RECEIVES = 5;

const isAccount = (principal: string): boolean => isAnybody(principal) || /^AWS: /.test(principal);

const judgeCallers: Evaluate = judgePolicy((statements) => {
  const open = statements.find(
    (statement) => letsIn(statement, isAccount) || (statement.effect === "Allow" && statement.actions.includes("*")),
  );
  if (open === undefined) return PASS;
  const condition = open.hasCondition ? "" : " without a condition";
  return fail(
    `The policy allows ${open.actions.join(", ")} to ${open.principals.join(", ")}${condition}; ` +
      "allowed: services and accounts under a condition, and actions by name.",
  );
});

/** The queue that a mapping polls; undefined for a stream. */
function findQueue(mapping: AuditedResource, plan: AuditedPlan): AuditedResource | "elsewhere" | "unclear" | undefined {
  const queue = plan.findTarget(mapping, "event_source_arn", QUEUE);
  if (queue !== "elsewhere") return queue;
  return /^arn:[\w-]+:sqs:/.test(String(mapping.get("event_source_arn"))) ? queue : undefined;
}

/** Judges mappings of queues; those of streams are left out. */
const judgeQueueMapping =
  (judge: (mapping: AuditedResource) => Judgement): Evaluate =>
  (mapping, plan) =>
    findQueue(mapping, plan) === undefined ? NOT_APPLICABLE : judge(mapping);

const judgeVisibility: Evaluate = (mapping, plan) => {
  const [queue, target] = [findQueue(mapping, plan), findFunction(mapping, plan)];
  if (queue === undefined) return NOT_APPLICABLE;
  if (typeof queue === "string" || target === undefined)
    return unknown("The queue or the function of the mapping is not in this plan.");
  // The defaults are those of SQS and Lambda.
  const [hidden = 30, timeout = 3, window = 0] = [
    queue.get("visibility_timeout_seconds"),
    target.get("timeout"),
    mapping.get("maximum_batching_window_in_seconds"),
  ];
  if (typeof hidden !== "number" || typeof timeout !== "number" || typeof window !== "number")
    return unknownUntilApply("visibility_timeout_seconds or timeout");
  const least = TIMEOUTS_HIDDEN * timeout + window;
  return passIf(
    hidden >= least,
    `visibility_timeout_seconds of ${queue.address} is ${hidden}; allowed: from ${least} s on, ` +
      `six times the ${timeout} s of ${target.address} and the batching window.`,
  );
};

/** The function that a mapping calls, directly or by an alias. */
function findFunction(mapping: AuditedResource, plan: AuditedPlan): AuditedResource | undefined {
  const target = plan.findTarget(mapping, "function_name", "aws_lambda_function", "aws_lambda_alias");
  if (typeof target === "string") return undefined;
  if (target.type === "aws_lambda_function") return target;
  const aliased = plan.findTarget(target, "function_name", "aws_lambda_function");
  return typeof aliased === "string" ? undefined : aliased;
}

/** A queue's redrive policy, in the queue or beside it. */
interface RedrivePolicy {
  readonly deadLetterTargetArn?: string;
  readonly maxReceiveCount?: unknown;
}

function findRedrive(queue: AuditedResource, plan: AuditedPlan): RedrivePolicy | Unknown | undefined {
  const { found, isUnclear } = plan.findCompanions(queue, "aws_sqs_queue_redrive_policy", "queue_url");
  const policy = queue.get("redrive_policy") ?? found[0]?.get("redrive_policy") ?? (isUnclear && new Unknown());
  if (typeof policy === "string") return JSON.parse(policy) as RedrivePolicy;
  return policy instanceof Unknown ? policy : undefined;
}

/** Whether another queue sends its failures to this one; undefined where that is not clear. */
function isDeadLetterQueue(queue: AuditedResource, plan: AuditedPlan): boolean | undefined {
  const redrives = plan.ofType(QUEUE).map((other) => findRedrive(other, plan));
  const leadsHere = redrives.some((redrive) => {
    const arn = redrive instanceof Unknown ? undefined : redrive?.deadLetterTargetArn;
    return arn !== undefined && (arn === queue.get("arn") || arn.startsWith(`\${${queue.address}.`));
  });
  if (leadsHere) return true;
  return redrives.some((redrive) => redrive instanceof Unknown) ? undefined : false;
}

const judgeFailedEvents: Evaluate = (resource) => {
  const [destination, target, retries] =
    resource.type === EVENT_TARGET
      ? ([
          "dead_letter_config",
          ["dead_letter_config", 0, "arn"],
          ["retry_policy", 0, "maximum_retry_attempts"],
        ] as const)
      : ([
          "destination_config[0].on_failure",
          ["destination_config", 0, "on_failure", 0, "destination"],
          ["maximum_retry_attempts"],
        ] as const);
  const attempts = resource.get(...retries);
  if (resource.get(...target) !== undefined || attempts === 0) return PASS;
  if (attempts instanceof Unknown) return namePart("retries", unknownUntilApply("maximum_retry_attempts"));
  return fail(
    `${destination} is not given and maximum_retry_attempts is ${String(attempts ?? "not given")}; ` +
      "allowed: a place for what fails, or 0 retries.",
  );
};

export const QUEUE_RULES: readonly Rule[] = [
  {
    id: "queue-is-encrypted",
    title: "The queue's messages are encrypted",
    asks: ["CKV_AWS_27", "AwsSolutions-SQS2"],
    severity: "warning",
    types: [QUEUE],
    evaluate: (queue) =>
      passIf(
        queue.get("sqs_managed_sse_enabled") === true || queue.get("kms_master_key_id") !== undefined,
        `sqs_managed_sse_enabled is ${queue.describe("sqs_managed_sse_enabled")} ` +
          "and kms_master_key_id is not given; allowed: true, or a key.",
      ),
  },
  // The policy of AWS's own key cannot be changed, and lets in no other account and no service.
  attributeRule({
    id: "queue-key-can-be-granted",
    title: "The queue's key, where it has one, is not AWS's own",
    asks: ["CKV2_AWS_73"],
    severity: "warning",
    types: [QUEUE],
    path: ["kms_master_key_id"],
    demand: {
      holds: (key) => key !== "alias/aws/sqs",
      allowed: "a key of your own, or sqs_managed_sse_enabled = true instead",
    },
  }),
  {
    id: "queue-takes-tls-only",
    title: "The queue refuses calls without TLS",
    asks: ["AwsSolutions-SQS4"],
    severity: "warning",
    types: [QUEUE],
    evaluate: judgePlainHttp,
  },
  {
    id: "topic-takes-tls-only",
    title: "The topic refuses calls without TLS",
    asks: ["AwsSolutions-SNS3"],
    severity: "warning",
    types: [TOPIC],
    evaluate: judgePlainHttp,
  },
  {
    id: "queue-is-not-public",
    title: "Only named callers may use the queue",
    asks: ["CKV_AWS_72", "CKV_AWS_168", "CKV_AWS_387"],
    severity: "critical",
    types: [QUEUE],
    evaluate: judgeCallers,
  },
  {
    id: "topic-is-not-public",
    title: "Only named callers may use the topic",
    asks: ["CKV_AWS_169", "CKV_AWS_385"],
    severity: "critical",
    types: [TOPIC],
    evaluate: judgeCallers,
  },
  // Otherwise one failed message makes its whole batch run again, including the finished messages.
  {
    id: "mapping-reports-partial-failures",
    title: "A batch says which of its messages failed",
    severity: "warning",
    types: [MAPPING],
    evaluate: judgeQueueMapping((mapping) =>
      judgeAttribute(mapping, ["function_response_types"], {
        holds: (types) => Array.isArray(types) && types.includes("ReportBatchItemFailures"),
        allowed: '["ReportBatchItemFailures"]',
      }),
    ),
  },
  {
    id: "mapping-concurrency-is-limited",
    title: "How many functions a queue's messages take at once is limited",
    severity: "warning",
    types: [MAPPING],
    evaluate: judgeQueueMapping((mapping) =>
      judgeAttribute(mapping, ["scaling_config", 0, "maximum_concurrency"], isAtLeast(2, "a number from 2 to 1000")),
    ),
  },
  {
    id: "queue-visibility-covers-its-function",
    title: "A message stays hidden for six time-outs of its function",
    asks: ["LambdaEventSourceSQSVisibilityTimeout"],
    severity: "warning",
    types: [MAPPING],
    evaluate: judgeVisibility,
  },
  {
    id: "queue-has-a-dead-letter-queue",
    title: "Messages that fail for good are moved to a dead-letter queue",
    asks: ["AwsSolutions-SQS3", "SQSRedrivePolicy"],
    severity: "warning",
    types: [QUEUE],
    evaluate: (queue, plan) => {
      const [isLast, redrive] = [isDeadLetterQueue(queue, plan), findRedrive(queue, plan)];
      if (isLast === true) return PASS;
      if (redrive instanceof Unknown || (isLast === undefined && redrive === undefined))
        return unknownUntilApply("redrive_policy");
      return passIf(
        redrive?.deadLetterTargetArn !== undefined,
        "redrive_policy is not given, and no queue sends its failures here; allowed: a deadLetterTargetArn.",
      );
    },
  },
  {
    id: "redrive-gives-five-tries",
    title: "A message is tried five times before it counts as failed",
    severity: "warning",
    types: [QUEUE],
    evaluate: (queue, plan) => {
      const redrive = findRedrive(queue, plan);
      if (redrive === undefined) return NOT_APPLICABLE;
      if (redrive instanceof Unknown) return unknownUntilApply("redrive_policy");
      const { maxReceiveCount: count } = redrive;
      return passIf(
        Number(count) >= LEAST_RECEIVES,
        `redrive_policy has maxReceiveCount ${JSON.stringify(count) ?? "not given"}; ` +
          `allowed: from ${LEAST_RECEIVES} on, so that throttling alone fails nothing.`,
      );
    },
  },
  // Lambda's defaults are six hours and two retries; an event that fails then is lost silently.
  attributeRule({
    id: "asynchronous-events-expire",
    title: "How long an asynchronous event may wait is chosen",
    severity: "info",
    types: [INVOKE_CONFIG],
    path: ["maximum_event_age_in_seconds"],
    demand: isAtLeast(60, "60 to 21600 s"),
  }),
  // Setting 0 retries is a decision to lose the event.
  {
    id: "failed-events-are-kept-or-given-up",
    title: "A failed event is kept, or its retries are set to 0",
    asks: ["LambdaAsyncFailureDestination", "EventBusDLQ"],
    severity: "info",
    types: [INVOKE_CONFIG, EVENT_TARGET],
    evaluate: judgeFailedEvents,
  },
];
