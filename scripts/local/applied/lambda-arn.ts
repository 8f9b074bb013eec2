/** A function's ARN in parts. */
export interface LambdaArn {
  readonly region: string;
  readonly accountId: string;
  readonly functionName: string;
  /** Alias or version, or undefined where the ARN names the function alone. */
  readonly qualifier: string | undefined;
}

const PATTERN = /^arn:[\w-]+:lambda:([\w-]+):(\d{12}):function:([\w-]+)(?::([\w$-]+))?$/;

/** Reads `arn:aws:lambda:<region>:<account>:function:<name>[:<alias or version>]`; undefined for anything else. */
export function parseLambdaArn(arn: string): LambdaArn | undefined {
  const match = PATTERN.exec(arn);
  if (match === null) return undefined;
  return { region: match[1]!, accountId: match[2]!, functionName: match[3]!, qualifier: match[4] };
}
