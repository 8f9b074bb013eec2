import { runSimulation } from "@cloud-copilot/iam-simulate";
import { ACCOUNT, type AwsCall } from "./aws-call";

/** A statement as AWS gives it back. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A role as IAM decides about it. */
export interface Role {
  readonly name: string;
  /** Of all its policies. */
  readonly statements: readonly Statement[];
  /** Of its permissions boundary. Default: it has none. */
  readonly boundary?: readonly Statement[];
}

/** `ImplicitlyDenied`: nothing allows it. `ExplicitlyDenied`: something refuses it, whatever else allows it. */
export type Decision = "Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied";

/**
 * What AWS's own keys, such as `alias/aws/dynamodb`, say about themselves: the account's roles may look at them, by
 * their own policies.
 */
const AWS_KEY = policy([
  {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
    Resource: "*",
  },
]);

/**
 * What AWS would decide about a call, by iam-simulate and its data of every service's actions and resources. An action
 * that there is not, a resource that the action does not take, and a policy that is none reject.
 * @param resourcePolicy statements of the resource's own policy. Default: it has none, but for keys
 */
export async function decide(role: Role, call: AwsCall, resourcePolicy?: readonly object[]): Promise<Decision> {
  const own =
    resourcePolicy === undefined ? (call.action.startsWith("kms:") ? AWS_KEY : undefined) : policy(resourcePolicy);
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/test`,
        action: call.action,
        resource: { resource: known(call, role), accountId: call.resource.split(":")[4] || ACCOUNT },
        contextVariables: { ...call.context },
      },
      identityPolicies: [{ name: "its own", policy: policy(reaching(role.statements, call)) }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(own && { resourcePolicy: own }),
      ...(role.boundary && {
        permissionBoundaryPolicies: [{ name: "its boundary", policy: policy(reaching(role.boundary, call)) }],
      }),
    },
    {},
  );
  if (result.resultType === "error")
    throw new Error(
      `${call.action} on ${call.resource} for ${role.name} is no question to IAM: ${JSON.stringify(result.errors)}`,
    );
  return result.overallResult as Decision;
}

/** Of calls those that a role may not make, as text, each once. */
export async function refused(role: Role, calls: readonly AwsCall[]): Promise<string[]> {
  return (await sorted(role, calls)).refused.map(text);
}

/** Of calls those that a role may make, as text, each once. */
export async function allowed(role: Role, calls: readonly AwsCall[]): Promise<string[]> {
  return (await sorted(role, calls)).allowed.map(text);
}

/** Calls without repetitions. */
export function distinct<Call extends AwsCall>(calls: readonly Call[]): Call[] {
  return [...new Map(calls.map((call) => [JSON.stringify([call.action, call.resource, call.context]), call])).values()];
}

export const text = ({ action, resource }: AwsCall): string => `${action} on ${resource}`;

async function sorted(role: Role, calls: readonly AwsCall[]) {
  const decided = await Promise.all(
    distinct(calls).map(async (call) => ({ call, may: (await decide(role, call)) === "Allowed" })),
  );
  const those = (may: boolean) => decided.filter((each) => each.may === may).map(({ call }) => call);
  return { allowed: those(true), refused: those(false) };
}

/** A call that names no resource is allowed only on all of them; the simulator would take any of them. */
function reaching(statements: readonly Statement[], { resource }: AwsCall): readonly Statement[] {
  return resource === "*"
    ? statements.filter(({ Effect, Resource }) => Effect === "Deny" || [Resource].flat().includes("*"))
    : statements;
}

/** What the simulator's data knows by two patterns in one, of REST and of HTTP APIs, which match nothing. */
const UNKNOWN = /^(arn:aws:apigateway:[\w-]+::\/restapis\/\w+\/)(authorizers|deployments|models|stages)(?=\/|$)/;

/** Another part of the same API that the action takes as well, where no policy tells them apart. */
function known({ resource }: AwsCall, { name, statements, boundary = [] }: Role): string {
  if (!UNKNOWN.test(resource)) return resource;
  const apart = [...statements, ...boundary]
    .flatMap(({ Resource }) => Resource)
    .filter((pattern) => /\/restapis\/[^/]+\/[^*]/.test(pattern));
  if (apart.length > 0)
    throw new Error(
      `${name} tells parts of an API apart (${apart.join(", ")}), and the simulator does not know ${resource}; decide about it otherwise`,
    );
  return resource.replace(UNKNOWN, "$1gatewayresponses");
}

function policy(statements: readonly object[]) {
  // Of no statements at all there is no policy: one that allows nothing stands for it.
  const nothing = { Effect: "Deny", Action: "none:none", Resource: "*" };
  return { Version: "2012-10-17", Statement: statements.length === 0 ? [nothing] : statements };
}
