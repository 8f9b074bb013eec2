import { isAnybody, type Statement } from "../access-findings";
import type { AuditedPlan, AuditedResource } from "../audited-plan";
import { attribute, fail, unknown, when, PASS, type Judgement, type Rule } from "../rule";
import { QUEUE_POLICY, TOPIC_POLICY, deniesPlainHttp, letsIn, policyOf, type PolicyPlaces } from "../policy-documents";
import { Unknown } from "../plan-json";

/** Judges a resource's own policy, wherever it stands. */
function byPolicy(places: PolicyPlaces, judge: (statements: readonly Statement[]) => Judgement) {
  return (resource: AuditedResource, plan: AuditedPlan): readonly Judgement[] => {
    const statements = policyOf(resource, plan, places);
    return [statements instanceof Unknown ? unknown("The policy is known only after the apply.") : judge(statements)];
  };
}

/** AWS does it by default, and a plan shows it only where it is said. */
const QUEUE_IS_ENCRYPTED: Rule = {
  id: "queue-is-encrypted",
  title: "The queue's messages are encrypted",
  asks: ["CKV_AWS_27", "AwsSolutions-SQS2"],
  severity: "warning",
  types: ["aws_sqs_queue"],
  evaluate: (queue) => {
    const [managed, key] = [queue.get("sqs_managed_sse_enabled"), queue.get("kms_master_key_id")];
    return [
      managed === true || key !== undefined
        ? PASS
        : fail(
            `sqs_managed_sse_enabled is ${queue.shown("sqs_managed_sse_enabled")} and kms_master_key_id is not given; allowed: true, or a key.`,
          ),
    ];
  },
};

/** AWS's own key takes no other account and no service; it is nobody's to grant. */
const QUEUE_KEY_CAN_BE_GRANTED: Rule = {
  id: "queue-key-can-be-granted",
  title: "The queue's key, where it has one, is not AWS's own",
  asks: ["CKV2_AWS_73"],
  severity: "warning",
  types: ["aws_sqs_queue"],
  evaluate: (queue) => [
    attribute(
      queue,
      ["kms_master_key_id"],
      (key) => key !== "alias/aws/sqs",
      "a key of your own, or sqs_managed_sse_enabled = true instead",
    ),
  ],
};

const QUEUE_TAKES_TLS_ONLY: Rule = {
  id: "queue-takes-tls-only",
  title: "The queue refuses calls that are not encrypted on their way",
  asks: ["AwsSolutions-SQS4"],
  severity: "warning",
  types: ["aws_sqs_queue"],
  evaluate: byPolicy(QUEUE_POLICY, (statements) =>
    when(
      deniesPlainHttp(statements),
      "The policy does not deny calls with aws:SecureTransport false to everybody; allowed: a statement that does.",
    ),
  ),
};

const TOPIC_TAKES_TLS_ONLY: Rule = {
  id: "topic-takes-tls-only",
  title: "The topic refuses calls that are not encrypted on their way",
  asks: ["AwsSolutions-SNS3"],
  severity: "warning",
  types: ["aws_sns_topic"],
  evaluate: byPolicy(TOPIC_POLICY, (statements) =>
    when(
      deniesPlainHttp(statements),
      "The policy does not deny calls with aws:SecureTransport false to everybody; allowed: a statement that does.",
    ),
  ),
};

/** Who else may send, read or listen is named, and only for what is named. */
const QUEUE_IS_NOT_PUBLIC: Rule = {
  id: "queue-is-not-public",
  title: "Nobody but named callers may use the queue",
  asks: ["CKV_AWS_72", "CKV_AWS_168", "CKV_AWS_387"],
  severity: "critical",
  types: ["aws_sqs_queue"],
  evaluate: byPolicy(QUEUE_POLICY, closed),
};

const TOPIC_IS_NOT_PUBLIC: Rule = {
  id: "topic-is-not-public",
  title: "Nobody but named callers may use the topic",
  asks: ["CKV_AWS_169", "CKV_AWS_385"],
  severity: "critical",
  types: ["aws_sns_topic"],
  evaluate: byPolicy(TOPIC_POLICY, closed),
};

const isAccount = (principal: string): boolean => isAnybody(principal) || /^AWS: /.test(principal);

function closed(statements: readonly Statement[]): Judgement {
  const open = statements.find(
    (statement) => letsIn(statement, isAccount) || (statement.effect === "Allow" && statement.actions.includes("*")),
  );
  return open === undefined
    ? PASS
    : fail(
        `The policy allows ${open.actions.join(", ")} to ${open.principals.join(", ")}${open.hasCondition ? "" : " without a condition"}; allowed: services and accounts under a condition, and actions by name.`,
      );
}

export const QUEUE_RULES: readonly Rule[] = [
  QUEUE_IS_ENCRYPTED,
  QUEUE_KEY_CAN_BE_GRANTED,
  QUEUE_TAKES_TLS_ONLY,
  TOPIC_TAKES_TLS_ONLY,
  QUEUE_IS_NOT_PUBLIC,
  TOPIC_IS_NOT_PUBLIC,
];
