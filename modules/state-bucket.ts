import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import * as encryption from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import { type Expression, expression, interpolate, interpolateAny, jsonencoded } from "./expressions";
import { denyPlainHttp, policyDocument } from "./policy-statements";

interface StateBucketProps {
  readonly bucketName: string;
  /** ARN of the key that encrypts the objects, or null for S3's own keys. */
  readonly kmsKeyArn: Expression;
  /** Days until a version that another has replaced is deleted. */
  readonly replacedVersionsKeptInDays: number;
  /** Whether Terraform refuses a plan that destroys the bucket. Terraform takes no expression here. */
  readonly preventDestroy: boolean;
}

/** A bucket for Terraform's state. Every version can be restored, and nothing in it is public. */
export class StateBucket extends Construct {
  readonly bucket: S3Bucket;

  constructor(scope: Construct, id: string, props: StateBucketProps) {
    super(scope, id);
    // Terraform never empties it: it holds the state of other stacks.
    this.bucket = new S3Bucket(this, "bucket", {
      bucket: props.bucketName,
      forceDestroy: false,
      lifecycle: { preventDestroy: props.preventDestroy },
    });
    this.keepVersions(props);
    this.encrypt(props);
    this.blockPublicAccess();
  }

  private keepVersions({ replacedVersionsKeptInDays }: StateBucketProps): void {
    const versioning = new S3BucketVersioningA(this, "versioning", {
      bucket: this.bucket.id,
      versioningConfiguration: { status: "Enabled" },
    });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      bucket: this.bucket.id,
      rule: [
        {
          id: "expire-replaced-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          noncurrentVersionExpiration: [{ noncurrentDays: replacedVersionsKeptInDays }],
          // Each released lock leaves a marker.
          expiration: [{ expiredObjectDeleteMarker: true }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 1 }],
        },
      ],
      // S3 takes rules for versions only in a versioned bucket.
      dependsOn: [versioning],
    });
  }

  private encrypt({ kmsKeyArn }: StateBucketProps): void {
    new encryption.S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
      bucket: this.bucket.id,
      rule: [
        {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: interpolate(expression`${kmsKeyArn} == null ? "AES256" : "aws:kms"`),
            kmsMasterKeyId: interpolate(kmsKeyArn),
          },
          // One call of KMS serves many objects: each lock is one.
          bucketKeyEnabled: interpolateAny(expression`${kmsKeyArn} != null`),
        },
      ],
    });
  }

  private blockPublicAccess(): void {
    const block = new S3BucketPublicAccessBlock(this, "public-access", {
      bucket: this.bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    // Without access control lists, also objects of other writers belong to the account.
    const ownership = new S3BucketOwnershipControls(this, "ownership", {
      bucket: this.bucket.id,
      rule: { objectOwnership: "BucketOwnerEnforced" },
      dependsOn: [block],
    });
    new S3BucketPolicy(this, "policy", {
      bucket: this.bucket.id,
      policy: jsonencoded(
        this,
        "tls_only",
        policyDocument([denyPlainHttp("s3", [this.bucket.arn, `${this.bucket.arn}/*`])]),
      ),
      // S3 answers 409 to two changes of a bucket's policies at once.
      dependsOn: [block, ownership],
    });
  }
}
