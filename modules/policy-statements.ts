/** One statement of an IAM policy, as IAM's JSON has it. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  /** One ARN, several, or a Terraform expression that yields a list. */
  readonly Resource: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** IAM's policy document around statements. */
export function policyDocument(statements: readonly PolicyStatement[]): object {
  return { Version: "2012-10-17", Statement: statements };
}

/** Allows actions on resources. */
export function allow(sid: string, actions: readonly string[], resource: string | readonly string[]): PolicyStatement {
  return { Sid: sid, Effect: "Allow", Action: actions, Resource: resource };
}

/** Refuses actions on resources, whatever else is allowed. */
export function deny(sid: string, actions: readonly string[], resource: string | readonly string[]): PolicyStatement {
  return { Sid: sid, Effect: "Deny", Action: actions, Resource: resource };
}

/** Refuses every call that does not come over TLS. */
export function denyPlainHttp(service: string, resource: string | readonly string[]): PolicyStatement {
  return {
    Sid: "DenyPlainHttp",
    Effect: "Deny",
    Principal: "*",
    Action: [`${service}:*`],
    Resource: resource,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}

/** Trust policy of a role that one AWS service takes on. */
export function trustService(service: string): object {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  };
}
