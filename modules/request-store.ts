import { DynamodbTable, type DynamodbTableConfig } from "@cdktf/provider-aws/lib/dynamodb-table";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import * as encryption from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { Construct } from "constructs";
import { type Expression, expression, interpolate, interpolateAny, jsonencoded } from "./expressions";
import {
  allow,
  allowKeys,
  denyPlainHttp,
  policyDocument,
  type PolicyStatement,
  type UsableKeys,
} from "./policy-statements";

interface RequestStoreProps {
  readonly requestsTableName: string;
  readonly sessionsTableName: string;
  readonly resultsBucketName: string;
  /** First guard: DynamoDB refuses DeleteTable, and S3 refuses to delete a bucket that is not empty. */
  readonly deletionProtection: Expression;
  /** Second guard: Terraform refuses a plan that destroys a table. Terraform takes no expression here. */
  readonly preventDestroy: boolean;
  /** ARN of the key that encrypts everything, or null for AWS's own keys. */
  readonly kmsKeyArn: Expression;
  /** List of the ARNs of keys that were `kmsKeyArn` before. */
  readonly formerKmsKeyArns: Expression;
  /** Days until a large answer is deleted. */
  readonly retentionInDays: number;
}

/** Index of the requests that have not ended, by the time when they are due; `handlers/requests` writes its keys. */
const OPEN_REQUESTS = { name: "open-due", hashKey: "open", rangeKey: "due_at", projectionType: "KEYS_ONLY" };

/**
 * Actions of KMS that DynamoDB calls in the name of whoever reads or writes a table (DynamoDB developer guide,
 * "DynamoDB encryption at rest usage notes"), except CreateGrant, which whoever chooses the key needs.
 */
export const TABLE_KEY_ACTIONS =
  "Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo";

/** Key attributes that are numbers; all others are texts. */
const NUMBERS = new Set(["due_at"]);

type TableProps = Pick<DynamodbTableConfig, "name" | "hashKey" | "rangeKey"> & {
  readonly index?: typeof OPEN_REQUESTS;
};

/** The tables of requests and conversations, and the bucket of large answers. */
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

  /** To write a new request, to record that it was sent, to withdraw it when it cannot be sent, and to read one. */
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

  /** To claim a request, to write its result, and to read and add turns of its conversation. */
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

  /** To find requests that nobody works on, and to send them again or end them. */
  sweeperAccess(): PolicyStatement[] {
    return [
      allow("FindOpenRequests", ["dynamodb:Query"], `${this.requests.arn}/index/${OPEN_REQUESTS.name}`),
      allow("ReadAndEndRequests", ["dynamodb:GetItem", "dynamodb:UpdateItem"], this.requests.arn),
    ];
  }

  /** The front door's permissions on the key, beside `frontDoorAccess`. */
  frontDoorKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [allowTablesKey(keys), allowKeys("ReadResultsByKey", keys, { actions: "Decrypt", services: ["s3"] })];
  }

  /** The worker's permissions on the key, beside `workerAccess`. An upload in parts would need kms:Decrypt too. */
  workerKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [
      allowTablesKey(keys),
      allowKeys("WriteResultsByKey", keys, { actions: "GenerateDataKey", services: ["s3"] }),
    ];
  }

  /** The sweeper's permissions on the key, beside `sweeperAccess`. */
  sweeperKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [allowTablesKey(keys)];
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
      deletionProtectionEnabled: interpolateAny(props.deletionProtection),
      lifecycle: { preventDestroy: props.preventDestroy, postcondition: [requireUsableKey(props)] },
    });
  }

  private createBucket({ resultsBucketName, deletionProtection }: RequestStoreProps): S3Bucket {
    const bucket = new S3Bucket(this, "results", { bucket: resultsBucketName });
    bucket.addOverride("force_destroy", interpolate(expression`!${deletionProtection}`));
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
    new encryption.S3BucketServerSideEncryptionConfigurationA(this, "results-encryption", {
      bucket: this.results.id,
      rule: [
        {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: interpolate(expression`${kmsKeyArn} == null ? "AES256" : "aws:kms"`),
            kmsMasterKeyId: interpolate(kmsKeyArn),
          },
          // One call of KMS serves many objects.
          bucketKeyEnabled: interpolateAny(expression`${kmsKeyArn} == null ? null : true`),
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

/** Allows DynamoDB to use the tables' key in the function's name. */
function allowTablesKey(keys: UsableKeys): PolicyStatement {
  return allowKeys("UseTablesByKey", keys, { actions: TABLE_KEY_ACTIONS, services: ["dynamodb"] });
}

/**
 * Encryption by the operator's key, or by one of AWS. For a null key the provider silently keeps the table's present
 * one (its issue 29811), so `enabled` says which of AWS's: false the key that DynamoDB owns, true the account's.
 */
function tableEncryption({ kmsKeyArn, formerKmsKeyArns }: RequestStoreProps) {
  const enabled = expression`${kmsKeyArn} != null || length(${formerKmsKeyArns}) == 0`;
  return { enabled: interpolateAny(enabled), kmsKeyArn: interpolate(kmsKeyArn) };
}

/**
 * A postcondition that refuses a table under a key that no function may use any more. The state has "" for a key of
 * AWS's own.
 */
function requireUsableKey({ kmsKeyArn, formerKmsKeyArns }: RequestStoreProps) {
  const presentKeyIsAws = `try(!startswith(self.server_side_encryption[0].kms_key_arn, "arn:"), true)`;
  return {
    condition: interpolate(expression`${kmsKeyArn} != null || length(${formerKmsKeyArns}) > 0 || ${presentKeyIsAws}`),
    errorMessage:
      "kms_key_arn is null, and ${self.name} is encrypted by ${self.server_side_encryption[0].kms_key_arn}; " +
      "allowed: null with that key in former_kms_key_arns, by which the table leaves it and what is still " +
      "encrypted by it can be read.",
  };
}
