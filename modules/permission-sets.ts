import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Construct } from "constructs";
import { address, countWhen, expression, interpolate, jsonencoded, type Expression } from "./expressions";
import { policyDocument, type PolicyStatement, allow } from "./policy-statements";

/** A policy that roles may be given. */
export interface PermissionSet {
  /** Terraform template. */
  readonly arn: string;
  /** Whether the policy exists; undefined: always. */
  readonly enabled: Expression | undefined;
}

interface PermissionSetProps {
  /** One sentence for the console. */
  readonly description: string;
  /** IAM takes 6,144 characters of them, white space left out. */
  readonly statements: readonly PolicyStatement[];
  /** Whether the policy exists. Default: always. */
  readonly enabled?: Expression;
}

/** Policies that several roles share. IAM takes only 10,240 characters of policies inside a role. */
export class PermissionSets extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly namePrefix: string,
  ) {
    super(scope, id);
  }

  /** Adds a policy. */
  add(id: string, { description, statements, enabled }: PermissionSetProps): PermissionSet {
    const policy = new IamPolicy(this, id, {
      name: `${this.namePrefix}-${id}`,
      description,
      policy: jsonencoded(this, `${id}_statements`, policyDocument(statements)),
    });
    if (enabled === undefined) return { arn: policy.arn, enabled };
    policy.addOverride("count", countWhen(enabled));
    return { arn: interpolate(expression`${address(policy)}[0].arn`), enabled };
  }
}

/** One stack's state, an object in a bucket. */
export interface StateObject {
  readonly partition: string;
  readonly bucketName: string;
  /** The object's key, such as `quickturn-dev/agent-api.tfstate`. */
  readonly key: string;
}

/** Permissions that Terraform's s3 backend needs to plan: it reads the state, and locks it against changes. */
export function readStatePermissions(state: StateObject): PolicyStatement[] {
  const { bucket, object, lock } = stateArns(state);
  return [
    // S3 answers "not found" only to those who may list the bucket; a condition on the prefix would make it "denied".
    allow("FindState", ["s3:ListBucket"], bucket),
    allow("ReadState", ["s3:GetObject"], object),
    allow("LockState", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], lock),
  ];
}

/** Further permissions that the backend needs to apply. The state is never deleted. */
export function writeStatePermissions(state: StateObject): PolicyStatement[] {
  return [allow("WriteState", ["s3:PutObject"], stateArns(state).object)];
}

/** Permissions on the key that encrypts the state. Also a plan writes an object, the lock. */
export function stateKeyPermissions(kmsKeyArn: string): PolicyStatement[] {
  return [allow("UseStateKey", ["kms:Decrypt", "kms:GenerateDataKey"], kmsKeyArn)];
}

function stateArns({ partition, bucketName, key }: StateObject) {
  const bucket = `arn:${partition}:s3:::${bucketName}`;
  const object = `${bucket}/${key}`;
  return { bucket, object, lock: `${object}.tflock` };
}
