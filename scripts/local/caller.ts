/** Someone who may sign requests. */
export interface Caller {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Becomes `requestContext.identity.caller` and `.user`. */
  readonly userId: string;
  readonly accountId: string;
}

/** The ARN that IAM gives a user of that name: `requestContext.identity.userArn`. */
export function userArnOf(caller: Caller): string {
  return `arn:aws:iam::${caller.accountId}:user/${caller.name}`;
}

/** Two callers that look alike to a handler would see each other's answers. */
export function assertDistinct(callers: readonly Caller[]): void {
  for (const read of [(caller: Caller) => caller.accessKeyId, (caller: Caller) => caller.userId, userArnOf]) {
    const values = callers.map(read);
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined)
      throw new Error(`Two callers share "${twice}". Give each its own name, accessKeyId and userId.`);
  }
}
