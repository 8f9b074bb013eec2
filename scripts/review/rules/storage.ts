import { isAnybody } from "../access-findings";
import type { AuditedPlan, AuditedResource } from "../audited-plan";
import {
  attribute,
  isOneOf,
  PASS,
  fail,
  of,
  unknown,
  when,
  type Judgement,
  type Rule,
  attributeRule,
  isTrue,
} from "../rule";
import { BUCKET_POLICY, attached, deniesPlainHttp, letsIn, policyOf } from "../policy-documents";
import { Unknown } from "../plan-json";

const BUCKET = ["aws_s3_bucket"];

/** Judges what stands beside a bucket; fails where nothing of the type does. */
function beside(type: string, judge: (found: AuditedResource) => readonly Judgement[]) {
  return (bucket: AuditedResource, plan: AuditedPlan): readonly Judgement[] => {
    const {
      found: [first],
      unclear,
    } = attached(plan, bucket, type, "bucket");
    if (first !== undefined) return judge(first);
    return [
      unclear
        ? unknown(`Nobody can tell which ${type} is this bucket's.`)
        : fail(`No ${type} leads to the bucket; allowed: one.`),
    ];
  };
}

const BLOCKS = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

const BUCKET_IS_NOT_PUBLIC: Rule = {
  id: "bucket-is-not-public",
  title: "No policy and no list can make the bucket public",
  asks: ["CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6", "AwsSolutions-S2"],
  severity: "critical",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_public_access_block", (block) =>
    BLOCKS.map((name) => of(name, attribute(block, [name], isOneOf(true), "true"))),
  ),
};

const BUCKET_TAKES_TLS_ONLY: Rule = {
  id: "bucket-takes-tls-only",
  title: "The bucket refuses calls that are not encrypted on their way",
  asks: ["CKV_AWS_379", "AwsSolutions-S10"],
  severity: "warning",
  types: BUCKET,
  evaluate: (bucket, plan) => {
    const statements = policyOf(bucket, plan, BUCKET_POLICY);
    if (statements instanceof Unknown) return [unknown("The bucket's policy is known only after the apply.")];
    return [
      when(
        deniesPlainHttp(statements),
        "The policy does not deny calls with aws:SecureTransport false to everybody; allowed: a statement that does.",
      ),
    ];
  },
};

/** Neither let in by nobody's name, nor locked out for good. */
const BUCKET_POLICY_NAMES_CALLERS: Rule = {
  id: "bucket-policy-names-callers",
  title: "The bucket's policy lets in nobody without a name, and locks nobody out",
  asks: ["CKV_AWS_70", "CKV_AWS_93", "AwsSolutions-S5"],
  severity: "critical",
  types: BUCKET,
  evaluate: (bucket, plan) => {
    const statements = policyOf(bucket, plan, BUCKET_POLICY);
    if (statements instanceof Unknown) return [unknown("The bucket's policy is known only after the apply.")];
    const open = statements.find((statement) => letsIn(statement, isAnybody));
    const locked = statements.find(
      ({ effect, hasCondition, principals, actions }) =>
        effect === "Deny" &&
        !hasCondition &&
        principals.some((name) => /^(.*: )?\*$/.test(name)) &&
        actions.some((action) => ["*", "s3:*", "s3:PutBucketPolicy"].includes(action)),
    );
    if (open !== undefined)
      return [
        fail(`The policy allows ${open.actions.join(", ")} to anybody without a condition; allowed: named callers.`),
      ];
    return [
      when(
        locked === undefined,
        `The policy denies ${locked?.actions.join(", ") ?? ""} to everybody without a condition, so nobody can change it any more; allowed: a condition.`,
      ),
    ];
  },
};

const BUCKET_IS_ENCRYPTED: Rule = {
  id: "bucket-is-encrypted",
  title: "The bucket says how its objects are encrypted",
  asks: ["CKV_AWS_19"],
  severity: "warning",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_server_side_encryption_configuration", (encryption) => [
    attribute(
      encryption,
      ["rule", 0, "apply_server_side_encryption_by_default", 0, "sse_algorithm"],
      isOneOf("AES256", "aws:kms", "aws:kms:dsse"),
      '"AES256" or "aws:kms"',
    ),
  ]),
};

const BUCKET_KEEPS_VERSIONS: Rule = {
  id: "bucket-keeps-versions",
  title: "What is replaced in the bucket can be had again",
  asks: ["CKV_AWS_21"],
  severity: "warning",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_versioning", (versioning) => [
    attribute(versioning, ["versioning_configuration", 0, "status"], isOneOf("Enabled"), '"Enabled"'),
  ]),
};

const BUCKET_LOGS_ACCESS: Rule = {
  id: "bucket-logs-access",
  title: "Who reads the bucket is written down",
  asks: ["CKV_AWS_18", "AwsSolutions-S1"],
  severity: "info",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_logging", () => [PASS]),
};

const BUCKET_IS_REPLICATED: Rule = {
  id: "bucket-is-replicated",
  title: "The bucket is copied to another region",
  asks: ["CKV_AWS_144"],
  severity: "info",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_replication_configuration", (replication) => [
    attribute(replication, ["rule", 0, "status"], isOneOf("Enabled"), '"Enabled"'),
  ]),
};

const BUCKET_TELLS_OF_CHANGES: Rule = {
  id: "bucket-tells-of-changes",
  title: "The bucket tells somebody of its changes",
  asks: ["CKV2_AWS_62"],
  severity: "info",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_notification", () => [PASS]),
};

const BUCKET_FORGETS: Rule = {
  id: "bucket-forgets",
  title: "Objects, and uploads that were not finished, are deleted some day",
  asks: ["CKV2_AWS_61", "CKV_AWS_300"],
  severity: "warning",
  types: BUCKET,
  evaluate: beside("aws_s3_bucket_lifecycle_configuration", (lifecycle) => {
    const rules = (lifecycle.get("rule") ?? []) as readonly Readonly<Record<string, unknown>>[];
    const isWhole = ({ filter }: Readonly<Record<string, unknown>>) =>
      ((filter as { prefix?: string | null }[] | undefined) ?? []).every((one) => !one.prefix);
    const gives = rules.some(
      (rule) =>
        rule["status"] === "Enabled" &&
        isWhole(rule) &&
        ((rule["abort_incomplete_multipart_upload"] ?? []) as unknown[]).length > 0,
    );
    return [
      when(
        gives,
        "rule has none that is Enabled, for all objects, with abort_incomplete_multipart_upload; allowed: one.",
      ),
    ];
  }),
};

/**
 * New buckets have no lists (S3 user guide, "Controlling ownership of objects", since April 2023): who gives one has to
 * take it back.
 */
const BUCKET_HAS_NO_ACCESS_LISTS: Rule = {
  id: "bucket-has-no-access-lists",
  title: "Access to the bucket is by policy alone",
  asks: ["CKV2_AWS_65", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "CKV2_AWS_43"],
  severity: "warning",
  types: BUCKET,
  evaluate: (bucket, plan) => {
    const list = attached(plan, bucket, "aws_s3_bucket_acl", "bucket").found[0];
    const controls = attached(plan, bucket, "aws_s3_bucket_ownership_controls", "bucket").found[0];
    if (list !== undefined) return [fail(`${list.address} gives the bucket an access control list; allowed: none.`)];
    return [
      controls === undefined
        ? PASS
        : attribute(controls, ["rule", 0, "object_ownership"], isOneOf("BucketOwnerEnforced"), '"BucketOwnerEnforced"'),
    ];
  },
};

const TABLE = "aws_dynamodb_table";

const TABLE_CAN_BE_RESTORED = attributeRule({
  id: "table-can-be-restored",
  title: "The table can be restored to any second of the last 35 days",
  asks: ["CKV_AWS_28", "AwsSolutions-DDB3", "DynamoDBInBackupPlan"],
  severity: "warning",
  type: TABLE,
  path: ["point_in_time_recovery", 0, "enabled"],
  holds: isTrue,
  allowed: "true",
});

/** Terraform's own guard is none against a console. */
const TABLE_IS_PROTECTED = attributeRule({
  id: "table-is-protected-from-deletion",
  title: "DynamoDB refuses to delete the table",
  asks: [],
  severity: "warning",
  type: TABLE,
  path: ["deletion_protection_enabled"],
  holds: isTrue,
  allowed: "true",
});

const TABLE_SCALES: Rule = {
  id: "table-scales-by-itself",
  title: "The table takes whatever comes",
  asks: ["CKV2_AWS_16"],
  severity: "info",
  types: [TABLE],
  evaluate: (table, plan) => {
    const scaled = plan
      .ofType("aws_appautoscaling_target")
      .some((target) => String(target.get("resource_id")) === `table/${String(table.get("name"))}`);
    return [
      scaled
        ? PASS
        : when(
            table.get("billing_mode") === "PAY_PER_REQUEST",
            `billing_mode is ${table.shown("billing_mode")}; allowed: "PAY_PER_REQUEST", or a target of automatic scaling.`,
          ),
    ];
  },
};

export const STORAGE_RULES: readonly Rule[] = [
  BUCKET_IS_NOT_PUBLIC,
  BUCKET_TAKES_TLS_ONLY,
  BUCKET_POLICY_NAMES_CALLERS,
  BUCKET_IS_ENCRYPTED,
  BUCKET_KEEPS_VERSIONS,
  BUCKET_LOGS_ACCESS,
  BUCKET_IS_REPLICATED,
  BUCKET_TELLS_OF_CHANGES,
  BUCKET_FORGETS,
  BUCKET_HAS_NO_ACCESS_LISTS,
  TABLE_SCALES,
  TABLE_CAN_BE_RESTORED,
  TABLE_IS_PROTECTED,
];
