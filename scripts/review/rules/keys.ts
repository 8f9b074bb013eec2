import { isAnybody } from "../access-findings";
import { attributeRule, isGiven, isTrue, PASS, unknown, when, type Rule, attribute, placeName, fail } from "../rule";
import { letsIn, statementsIn, attached } from "../policy-documents";
import { Unknown } from "../plan-json";

const KEY = "aws_kms_key";

const KEY_ROTATES = attributeRule({
  id: "key-rotates",
  title: "The key is renewed every year",
  asks: ["CKV_AWS_7", "AwsSolutions-KMS5"],
  severity: "warning",
  type: KEY,
  path: ["enable_key_rotation"],
  holds: isTrue,
  allowed: "true",
});

const KEY_IS_ON = attributeRule({
  id: "key-is-on",
  title: "The key can be used",
  asks: ["CKV_AWS_227"],
  severity: "warning",
  type: KEY,
  path: ["is_enabled"],
  holds: (value) => value !== false,
  allowed: "true",
});

/** Whose key it is, is said by its own policy or by one beside it. */
const KEY_IS_NOT_PUBLIC: Rule = {
  id: "key-is-not-public",
  title: "The key has a policy, and it names who may use it",
  asks: ["CKV_AWS_33", "CKV2_AWS_64"],
  severity: "critical",
  types: [KEY],
  evaluate: (key, plan) => {
    const beside = plan.pointingAt(key, "aws_kms_key_policy", "key_id");
    const holders = [key, ...beside].filter((holder) => isGiven(holder.get("policy")));
    if (holders.length === 0) return [when(false, "policy is not given; allowed: one that names who may use the key.")];
    const documents = holders.map((holder) => statementsIn(holder, "policy"));
    const open = documents
      .flatMap((document) => (document instanceof Unknown ? [] : document))
      .find((statement) => letsIn(statement, isAnybody));
    if (open === undefined && documents.some((document) => document instanceof Unknown))
      return [unknown("policy is known only after the apply.")];
    return [
      open === undefined
        ? PASS
        : when(
            false,
            `policy allows ${open.actions.join(", ")} to anybody without a condition; allowed: named callers.`,
          ),
    ];
  },
};

/** Where a resource names the customer's key that it is encrypted by. */
const PLACES = [
  ["function-environment", "The function's environment", "CKV_AWS_173", "aws_lambda_function", ["kms_key_arn"]],
  ["log-group", "The log group", "CKV_AWS_158", "aws_cloudwatch_log_group", ["kms_key_id"]],
  ["table", "The table", "CKV_AWS_119", "aws_dynamodb_table", ["server_side_encryption", 0, "kms_key_arn"]],
  ["topic", "The topic", "CKV_AWS_26", "aws_sns_topic", ["kms_master_key_id"]],
] as const;

/** Encrypted by a key of the customer's, whose policy and log say who reads. */
const CUSTOMER_KEYS: readonly Rule[] = PLACES.map(([noun, subject, asks, type, path]) =>
  attributeRule({
    id: `${noun}-has-a-customer-key`,
    title: `${subject} is encrypted by a key of the customer's`,
    asks: [asks],
    severity: "info",
    type,
    path,
    holds: isGiven,
    allowed: "the ARN of a KMS key",
  }),
);

const DEFAULT_KEY = ["rule", 0, "apply_server_side_encryption_by_default", 0, "kms_master_key_id"] as const;

/** A bucket names its key in a resource beside it. */
const BUCKET_HAS_A_CUSTOMER_KEY: Rule = {
  id: "bucket-has-a-customer-key",
  title: "The bucket is encrypted by a key of the customer's",
  asks: ["CKV_AWS_145"],
  severity: "info",
  types: ["aws_s3_bucket"],
  evaluate: (bucket, plan) => {
    const {
      found: [encryption],
      unclear,
    } = attached(plan, bucket, "aws_s3_bucket_server_side_encryption_configuration", "bucket");
    if (encryption !== undefined) return [attribute(encryption, DEFAULT_KEY, isGiven, "the ARN of a KMS key")];
    return [
      unclear
        ? unknown("Nobody can tell which encryption is this bucket's.")
        : fail(
            `No aws_s3_bucket_server_side_encryption_configuration leads to the bucket; allowed: one with ${placeName(DEFAULT_KEY)}.`,
          ),
    ];
  },
};

export const KEY_RULES: readonly Rule[] = [
  KEY_IS_NOT_PUBLIC,
  ...CUSTOMER_KEYS,
  BUCKET_HAS_A_CUSTOMER_KEY,
  KEY_ROTATES,
  KEY_IS_ON,
];
