import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Construct } from "constructs";
import { address, countWhen, interpolate, jsonencoded } from "./expressions";
import { policyDocument, type PolicyStatement, allow } from "./policy-statements";

/** A policy that roles may be given. */
export interface PermissionSet {
  /** Terraform template. */
  readonly arn: string;
  /** Terraform expression: true where the policy is there. Undefined: always. */
  readonly when: string | undefined;
}

/**
 * Policies of their own, so that several roles share them: what stands in a role itself is limited to 10,240
 * characters, IAM's quota.
 */
export class PermissionSets extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly namePrefix: string,
  ) {
    super(scope, id);
  }

  /**
   * Adds a policy. IAM takes 6,144 characters, white space left out.
   * @param when Terraform expression: true where it is there. Default: always
   */
  add(id: string, description: string, statements: readonly PolicyStatement[], when?: string): PermissionSet {
    const policy = new IamPolicy(this, id, {
      name: `${this.namePrefix}-${id}`,
      description,
      policy: jsonencoded(this, `${id}_statements`, policyDocument(statements)),
    });
    if (when === undefined) return { arn: policy.arn, when };
    policy.addOverride("count", countWhen(when));
    return { arn: interpolate(`${address(policy)}[0].arn`), when };
  }
}

/** One stack's state in a bucket. */
export interface StateObject {
  readonly partition: string;
  readonly bucketName: string;
  /** Of the object, such as `quickturn-dev/agent-api.tfstate`. */
  readonly key: string;
}

/** What Terraform's s3 backend asks to plan: it reads the state, and locks it so that nobody changes it meanwhile. */
export function readState(state: StateObject): PolicyStatement[] {
  const { bucket, object, lock } = arnsOf(state);
  return [
    // Of the bucket, because S3 answers "not there" only to those who may list it; a condition on the prefix would make
    // it "not allowed".
    allow("FindState", ["s3:ListBucket"], bucket),
    allow("ReadState", ["s3:GetObject"], object),
    allow("LockState", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], lock),
  ];
}

/** What it asks beside that to apply. The state is never deleted. */
export function writeState(state: StateObject): PolicyStatement[] {
  return [allow("WriteState", ["s3:PutObject"], arnsOf(state).object)];
}

/**
 * What a bucket's objects need of the key that encrypts them, to be read and to be written: a lock is an object too.
 */
export function useStateKey(kmsKeyArn: string): PolicyStatement[] {
  return [allow("UseStateKey", ["kms:Decrypt", "kms:GenerateDataKey"], kmsKeyArn)];
}

function arnsOf({ partition, bucketName, key }: StateObject) {
  const bucket = `arn:${partition}:s3:::${bucketName}`;
  const object = `${bucket}/${key}`;
  return { bucket, object, lock: `${object}.tflock` };
}
