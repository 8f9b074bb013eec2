import { attribute, attributeRule, isGiven, placeName } from "../attribute-rule";
import { attached } from "../documents";
import { fail, unknown, type Rule } from "../rule";

/** Where a resource names the customer's key that it is encrypted by. */
const PLACES = [
  ["function-environment", "The function's environment", "CKV_AWS_173", "aws_lambda_function", ["kms_key_arn"]],
  ["log-group", "The log group", "CKV_AWS_158", "aws_cloudwatch_log_group", ["kms_key_id"]],
  ["table", "The table", "CKV_AWS_119", "aws_dynamodb_table", ["server_side_encryption", 0, "kms_key_arn"]],
  ["topic", "The topic", "CKV_AWS_26", "aws_sns_topic", ["kms_master_key_id"]],
] as const;

/** Encrypted by a key of the customer's, whose policy and log say who reads. */
export const CUSTOMER_KEYS: readonly Rule[] = PLACES.map(([noun, subject, asks, type, path]) =>
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

const KEY = ["rule", 0, "apply_server_side_encryption_by_default", 0, "kms_master_key_id"] as const;

/** A bucket names its key in a resource beside it. */
export const BUCKET_HAS_A_CUSTOMER_KEY: Rule = {
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
    if (encryption !== undefined) return [attribute(encryption, KEY, isGiven, "the ARN of a KMS key")];
    return [
      unclear
        ? unknown("Nobody can tell which encryption is this bucket's.")
        : fail(
            `No aws_s3_bucket_server_side_encryption_configuration leads to the bucket; allowed: one with ${placeName(KEY)}.`,
          ),
    ];
  },
};
