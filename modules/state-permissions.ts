import { allow, type PolicyStatement } from "./policy-statements";

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
