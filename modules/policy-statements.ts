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

/** Keys of the operator's, as those who use them are allowed to. */
export interface UsableKeys {
  /** Terraform template that yields a list of ARNs. */
  readonly arns: string;
  /** AWS region of what they encrypt, as Terraform template. */
  readonly region: string;
}

/**
 * Allows the use of keys through services, on what these encrypt by them, and in no other way.
 * @param services as their endpoints begin, such as `sqs`
 */
export function allowKeys(
  sid: string,
  names: readonly string[],
  services: readonly string[],
  { arns, region }: UsableKeys,
): PolicyStatement {
  return {
    ...allow(
      sid,
      names.map((name) => `kms:${name}`),
      arns,
    ),
    Condition: { StringEquals: { "kms:ViaService": services.map((service) => `${service}.${region}.amazonaws.com`) } },
  };
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
