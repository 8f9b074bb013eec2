import { isAnybody, isExactlyAnybody, judgePlainHttp, judgePolicy, letsIn } from "../policy-documents";
import type { AuditedResource } from "../audited-plan";
import {
  attributeRule,
  type Evaluate,
  fail,
  isGiven,
  isOneOf,
  isTrue,
  judgeAttribute,
  judgeCompanion,
  type Judgements,
  namePart,
  PASS,
  passIf,
  type Rule,
} from "../rule";

const BUCKET = "aws_s3_bucket";
const TABLE = "aws_dynamodb_table";

/** Judges the resource that configures a bucket; fails where there is none. */
const judgeBucketCompanion = (type: string, judge?: (companion: AuditedResource) => Judgements): Evaluate =>
  judgeCompanion({ type, attribute: "bucket" }, judge);

const BLOCKS = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

const ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration";
const DEFAULT_ENCRYPTION = ["rule", 0, "apply_server_side_encryption_by_default", 0] as const;

/** Fails where somebody without a name is let in, and where nobody could change the policy any more. */
const judgeBucketPolicy = judgePolicy((statements) => {
  const open = statements.find((statement) => letsIn(statement, isAnybody));
  if (open !== undefined)
    return fail(`The policy allows ${open.actions.join(", ")} to anybody without a condition; allowed: named callers.`);
  const locked = statements.find(
    ({ effect, hasCondition, principals, actions }) =>
      effect === "Deny" &&
      !hasCondition &&
      principals.some(isExactlyAnybody) &&
      actions.some((action) => ["*", "s3:*", "s3:PutBucketPolicy"].includes(action)),
  );
  return passIf(
    locked === undefined,
    `The policy denies ${locked?.actions.join(", ") ?? ""} to everybody without a condition, ` +
      "so nobody can change it any more; allowed: a condition.",
  );
});

/** A rule of a bucket's lifecycle, as far as it is read here. */
interface LifecycleRule {
  readonly status?: string;
  readonly filter?: readonly { readonly prefix?: string | null }[] | null;
  readonly abort_incomplete_multipart_upload?: readonly unknown[] | null;
}

function endsAllUploads({ status, filter, abort_incomplete_multipart_upload: abort }: LifecycleRule): boolean {
  return status === "Enabled" && (filter ?? []).every(({ prefix }) => !prefix) && (abort ?? []).length > 0;
}

/**
 * New buckets have no access control lists (S3 user guide, "Controlling ownership of objects", since April 2023), so
 * only a bucket that is given one fails.
 */
const judgeAccessLists: Evaluate = (bucket, plan) => {
  const [list] = plan.listPointingAt(bucket, "aws_s3_bucket_acl", "bucket");
  if (list !== undefined) return fail(`${list.address} gives the bucket an access control list; allowed: none.`);
  const [controls] = plan.listPointingAt(bucket, "aws_s3_bucket_ownership_controls", "bucket");
  return controls === undefined
    ? PASS
    : judgeAttribute(controls, ["rule", 0, "object_ownership"], isOneOf("BucketOwnerEnforced"));
};

const judgeScaling: Evaluate = (table, plan) => {
  const isScaled = plan
    .ofType("aws_appautoscaling_target")
    .some((target) => String(target.get("resource_id")) === `table/${String(table.get("name"))}`);
  return passIf(
    isScaled || table.get("billing_mode") === "PAY_PER_REQUEST",
    `billing_mode is ${table.describe("billing_mode")}; allowed: "PAY_PER_REQUEST", or a target of automatic scaling.`,
  );
};

export const STORAGE_RULES: readonly Rule[] = [
  {
    id: "bucket-is-not-public",
    title: "No policy and no access control list can make the bucket public",
    asks: ["CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6", "AwsSolutions-S2"],
    severity: "critical",
    types: [BUCKET],
    evaluate: judgeBucketCompanion("aws_s3_bucket_public_access_block", (block) =>
      BLOCKS.map((name) => namePart(name, judgeAttribute(block, [name], isTrue))),
    ),
  },
  {
    id: "bucket-takes-tls-only",
    title: "The bucket refuses calls without TLS",
    asks: ["CKV_AWS_379", "AwsSolutions-S10"],
    severity: "warning",
    types: [BUCKET],
    evaluate: judgePlainHttp,
  },
  {
    id: "bucket-policy-names-callers",
    title: "The bucket's policy lets in only named callers, and locks nobody out",
    asks: ["CKV_AWS_70", "CKV_AWS_93", "AwsSolutions-S5"],
    severity: "critical",
    types: [BUCKET],
    evaluate: judgeBucketPolicy,
  },
  {
    id: "bucket-is-encrypted",
    title: "The bucket says how its objects are encrypted",
    asks: ["CKV_AWS_19"],
    severity: "warning",
    types: [BUCKET],
    evaluate: judgeBucketCompanion(ENCRYPTION, (encryption) =>
      judgeAttribute(
        encryption,
        [...DEFAULT_ENCRYPTION, "sse_algorithm"],
        isOneOf("AES256", "aws:kms", "aws:kms:dsse"),
      ),
    ),
  },
  {
    id: "bucket-has-a-customer-key",
    title: "The bucket is encrypted by a customer's key",
    asks: ["CKV_AWS_145"],
    severity: "info",
    types: [BUCKET],
    evaluate: judgeBucketCompanion(ENCRYPTION, (encryption) =>
      judgeAttribute(encryption, [...DEFAULT_ENCRYPTION, "kms_master_key_id"], isGiven("the ARN of a KMS key")),
    ),
  },
  {
    id: "bucket-keeps-versions",
    title: "The bucket keeps versions of replaced objects",
    asks: ["CKV_AWS_21"],
    severity: "warning",
    types: [BUCKET],
    evaluate: judgeBucketCompanion("aws_s3_bucket_versioning", (versioning) =>
      judgeAttribute(versioning, ["versioning_configuration", 0, "status"], isOneOf("Enabled")),
    ),
  },
  {
    id: "bucket-logs-access",
    title: "Access to the bucket is logged",
    asks: ["CKV_AWS_18", "AwsSolutions-S1"],
    severity: "info",
    types: [BUCKET],
    evaluate: judgeBucketCompanion("aws_s3_bucket_logging"),
  },
  {
    id: "bucket-is-replicated",
    title: "The bucket is replicated to another region",
    asks: ["CKV_AWS_144"],
    severity: "info",
    types: [BUCKET],
    evaluate: judgeBucketCompanion("aws_s3_bucket_replication_configuration", (replication) =>
      judgeAttribute(replication, ["rule", 0, "status"], isOneOf("Enabled")),
    ),
  },
  {
    id: "bucket-tells-of-changes",
    title: "The bucket sends events of its changes",
    asks: ["CKV2_AWS_62"],
    severity: "info",
    types: [BUCKET],
    evaluate: judgeBucketCompanion("aws_s3_bucket_notification"),
  },
  {
    id: "bucket-forgets",
    title: "Old objects and unfinished uploads are deleted",
    asks: ["CKV2_AWS_61", "CKV_AWS_300"],
    severity: "warning",
    types: [BUCKET],
    evaluate: judgeBucketCompanion("aws_s3_bucket_lifecycle_configuration", (lifecycle) =>
      passIf(
        ((lifecycle.get("rule") ?? []) as readonly LifecycleRule[]).some(endsAllUploads),
        "rule has none that is Enabled, for all objects, with abort_incomplete_multipart_upload; allowed: one.",
      ),
    ),
  },
  {
    id: "bucket-has-no-access-lists",
    title: "Only policies grant access to the bucket",
    asks: ["CKV2_AWS_65", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "CKV2_AWS_43"],
    severity: "warning",
    types: [BUCKET],
    evaluate: judgeAccessLists,
  },
  {
    id: "table-scales-by-itself",
    title: "The table's capacity scales with its load",
    asks: ["CKV2_AWS_16"],
    severity: "info",
    types: [TABLE],
    evaluate: judgeScaling,
  },
  attributeRule({
    id: "table-can-be-restored",
    title: "The table can be restored to any second of the last 35 days",
    asks: ["CKV_AWS_28", "AwsSolutions-DDB3", "DynamoDBInBackupPlan"],
    severity: "warning",
    types: [TABLE],
    path: ["point_in_time_recovery", 0, "enabled"],
    demand: isTrue,
  }),
  // Terraform's own guard does not stop a deletion in the console.
  attributeRule({
    id: "table-is-protected-from-deletion",
    title: "DynamoDB refuses to delete the table",
    severity: "warning",
    types: [TABLE],
    path: ["deletion_protection_enabled"],
    demand: isTrue,
  }),
];
