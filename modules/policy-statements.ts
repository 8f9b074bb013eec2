/** One statement of an IAM policy, as IAM's JSON has it. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  /** One ARN, several, or a Terraform template that yields a list. */
  readonly Resource: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** IAM's policy document around statements. */
export function policyDocument(statements: readonly PolicyStatement[]): object {
  return { Version: "2012-10-17", Statement: statements };
}

/** Actions of a service. @param names with spaces between, without the service, such as `GetItem PutItem` */
export function actionsOf(service: string, names: string): string[] {
  return names.split(" ").map((name) => `${service}:${name}`);
}

/** Allows actions on resources. */
export function allow(sid: string, actions: readonly string[], resource: string | readonly string[]): PolicyStatement {
  return { Sid: sid, Effect: "Allow", Action: actions, Resource: resource };
}

/** Denies actions on resources, whatever else is allowed. */
export function deny(sid: string, actions: readonly string[], resource: string | readonly string[]): PolicyStatement {
  return { Sid: sid, Effect: "Deny", Action: actions, Resource: resource };
}

/** The operator's keys, as permissions name them. */
export interface UsableKeys {
  /** Terraform template that yields a list of ARNs. */
  readonly arns: string;
  /** AWS region of what they encrypt, as Terraform template. */
  readonly region: string;
}

/** How keys may be used. */
interface KeyUse {
  /** Actions of KMS, as {@link actionsOf} takes them. */
  readonly actions: string;
  /** Services through which alone the keys may be used, as their endpoints begin, such as `sqs`. */
  readonly services: readonly string[];
}

/** Allows the use of keys through services, on what these encrypt by them. */
export function allowKeys(sid: string, { arns, region }: UsableKeys, { actions, services }: KeyUse): PolicyStatement {
  return {
    ...allow(sid, actionsOf("kms", actions), arns),
    Condition: { StringEquals: { "kms:ViaService": services.map((service) => `${service}.${region}.amazonaws.com`) } },
  };
}

/** Denies every call that does not come over TLS. */
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

/** Trust policy of a role that one AWS service assumes. */
export function trustService(service: string): object {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  };
}
