import { DynamodbTable, type DynamodbTableConfig } from "@cdktf/provider-aws/lib/dynamodb-table";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import type { IResolvable } from "cdktf";
import { Construct } from "constructs";
import { interpolate, jsonencoded } from "./expressions";
import {
  allow,
  allowKeys,
  denyPlainHttp,
  policyDocument,
  type PolicyStatement,
  type UsableKeys,
} from "./policy-statements";

export interface RequestStoreProps {
  readonly requestsTableName: string;
  readonly sessionsTableName: string;
  readonly resultsBucketName: string;
  /** First guard: DynamoDB refuses DeleteTable, S3 refuses to delete a bucket that is not empty. */
  readonly deletionProtection: IResolvable;
  /** Terraform expression of the same. */
  readonly deletionProtectionExpression: string;
  /**
   * Second guard: Terraform refuses a plan that destroys a table. Fixed at synth, because Terraform takes no expression
   * here.
   */
  readonly preventDestroy: boolean;
  /** Terraform expression: ARN of the key that encrypts everything, or null for AWS's own keys. */
  readonly kmsKeyArn: string;
  /** Terraform expression: list of the ARNs of keys that were that key. */
  readonly formerKmsKeyArns: string;
  /** Days until a large answer is deleted. */
  readonly retentionInDays: number;
}

/**
 * Index of the requests that have not ended, by when somebody has to look at them; `handlers/stores` writes its keys.
 */
const OPEN_REQUESTS = { name: "open-due", hashKey: "open", rangeKey: "due_at", projectionType: "KEYS_ONLY" };

/** Actions of KMS, without their service. */
export const TABLE_KEY_USES = [
  "Decrypt",
  "DescribeKey",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
];

/** Attributes of keys that are numbers; all others are texts. */
const NUMBERS = new Set(["due_at"]);

type TableProps = Pick<DynamodbTableConfig, "name" | "hashKey" | "rangeKey"> & {
  readonly index?: typeof OPEN_REQUESTS;
};

/** Where requests, conversations and large answers are kept. */
export class RequestStore extends Construct {
  readonly requests: DynamodbTable;
  readonly sessions: DynamodbTable;
  readonly results: S3Bucket;

  constructor(scope: Construct, id: string, props: RequestStoreProps) {
    super(scope, id);
    this.requests = this.createTable("requests", props, {
      name: props.requestsTableName,
      hashKey: "request_id",
      index: OPEN_REQUESTS,
    });
    this.sessions = this.createTable("sessions", props, {
      name: props.sessionsTableName,
      hashKey: "session",
      rangeKey: "turn",
    });
    this.results = this.createBucket(props);
    this.protectBucket(props);
    this.expireResults(props);
  }

  /** Write a new request, note that it was sent, take it back when it cannot be, read one. */
  frontDoorAccess(): PolicyStatement[] {
    return [
      allow(
        "ReadAndWriteRequests",
        ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        this.requests.arn,
      ),
      allow("ReadResults", ["s3:GetObject"], `${this.results.arn}/results/*`),
    ];
  }

  /** Claim a request, write its result, read and add turns of its conversation. */
  workerAccess(): PolicyStatement[] {
    return [
      allow("ClaimAndFinishRequests", ["dynamodb:GetItem", "dynamodb:UpdateItem"], this.requests.arn),
      allow(
        "ReadAndAddTurns",
        ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        this.sessions.arn,
      ),
      allow("WriteResults", ["s3:PutObject"], `${this.results.arn}/results/*`),
    ];
  }

  /** Find requests that nobody moves on, and move them on or end them. */
  sweeperAccess(): PolicyStatement[] {
    return [
      allow("FindOpenRequests", ["dynamodb:Query"], `${this.requests.arn}/index/${OPEN_REQUESTS.name}`),
      allow("ReadAndEndRequests", ["dynamodb:GetItem", "dynamodb:UpdateItem"], this.requests.arn),
    ];
  }

  /** What the front door needs of the key beside `frontDoorAccess`. */
  frontDoorKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [useTablesKey(keys), allowKeys("ReadResultsByKey", ["Decrypt"], ["s3"], keys)];
  }

  /** What the worker needs of the key beside `workerAccess`. An upload in parts would need kms:Decrypt too. */
  workerKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [useTablesKey(keys), allowKeys("WriteResultsByKey", ["GenerateDataKey"], ["s3"], keys)];
  }

  /** What the sweeper needs of the key beside `sweeperAccess`. */
  sweeperKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [useTablesKey(keys)];
  }

  private createTable(id: string, props: RequestStoreProps, { index, ...keys }: TableProps): DynamodbTable {
    const attributes = [keys.hashKey, keys.rangeKey, index?.hashKey, index?.rangeKey].filter(
      (name) => name !== undefined,
    );
    return new DynamodbTable(this, id, {
      ...keys,
      attribute: attributes.map((name) => ({ name, type: NUMBERS.has(name) ? "N" : "S" })),
      ...(index && { globalSecondaryIndex: [index] }),
      billingMode: "PAY_PER_REQUEST",
      ttl: { attributeName: "expires_at", enabled: true },
      pointInTimeRecovery: { enabled: true },
      serverSideEncryption: tableEncryption(props),
      deletionProtectionEnabled: props.deletionProtection,
      lifecycle: { preventDestroy: props.preventDestroy, postcondition: [leavesItsKey(props)] },
    });
  }

  private createBucket({ resultsBucketName, deletionProtectionExpression }: RequestStoreProps): S3Bucket {
    const bucket = new S3Bucket(this, "results", { bucket: resultsBucketName });
    bucket.addOverride("force_destroy", `\${!${deletionProtectionExpression}}`);
    return bucket;
  }

  private protectBucket({ kmsKeyArn }: RequestStoreProps): void {
    const block = new S3BucketPublicAccessBlock(this, "results-public-access", {
      bucket: this.results.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketServerSideEncryptionConfigurationA(this, "results-encryption", {
      bucket: this.results.id,
      rule: [
        {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: interpolate(`${kmsKeyArn} == null ? "AES256" : "aws:kms"`),
            kmsMasterKeyId: interpolate(kmsKeyArn),
          },
          // One call of KMS for many objects.
          bucketKeyEnabled: interpolate(`${kmsKeyArn} == null ? null : true`) as unknown as boolean,
        },
      ],
    });
    new S3BucketPolicy(this, "results-policy", {
      bucket: this.results.id,
      policy: jsonencoded(
        this,
        "results_tls_only",
        policyDocument([denyPlainHttp("s3", [this.results.arn, `${this.results.arn}/*`])]),
      ),
      // S3 answers 409 to two changes of a bucket's policies at once.
      dependsOn: [block],
    });
  }

  private expireResults({ retentionInDays }: RequestStoreProps): void {
    new S3BucketLifecycleConfiguration(this, "results-lifecycle", {
      bucket: this.results.id,
      rule: [
        {
          id: "expire",
          status: "Enabled",
          filter: [{ prefix: "" }],
          expiration: [{ days: retentionInDays }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 1 }],
        },
      ],
    });
  }
}

/**
 * What DynamoDB does to a table's key in the name of whoever reads or writes the table (DynamoDB developer guide,
 * "DynamoDB encryption at rest usage notes"), but for kms:CreateGrant, which whoever chooses the key needs.
 */
function useTablesKey(keys: UsableKeys): PolicyStatement {
  return allowKeys("UseTablesByKey", TABLE_KEY_USES, ["dynamodb"], keys);
}

/**
 * By a key, or by AWS's own. A key that is null is to the provider "the one that is there", and a table would stay
 * under it unseen (its issue 29811). It leaves a key by `enabled`: false stands for the key that DynamoDB owns, true
 * without a key for AWS's in the account.
 */
function tableEncryption({ kmsKeyArn, formerKmsKeyArns }: RequestStoreProps) {
  const enabled = interpolate(`${kmsKeyArn} != null || length(${formerKmsKeyArns}) == 0`);
  return { enabled: enabled as unknown as boolean, kmsKeyArn: interpolate(kmsKeyArn) };
}

/**
 * Refuses what would leave a table under a key that no function may use any more. The key of AWS's own stands in the
 * state as "".
 */
function leavesItsKey({ kmsKeyArn, formerKmsKeyArns }: RequestStoreProps) {
  return {
    condition: interpolate(
      `${kmsKeyArn} != null || length(${formerKmsKeyArns}) > 0 || try(!startswith(self.server_side_encryption[0].kms_key_arn, "arn:"), true)`,
    ),
    errorMessage:
      "kms_key_arn is null, and ${self.name} is encrypted by ${self.server_side_encryption[0].kms_key_arn}; allowed: null with that key in former_kms_key_arns, by which the table leaves it and what is still encrypted by it can be read.",
  };
}
