import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { address, countWhen, expression, type Expression, interpolate, jsonencoded } from "./expressions";
import type { PermissionSet } from "./permission-sets";

/** Who signs a pipeline's tokens. */
interface Forge {
  /** The issuer's URL. */
  readonly url: Expression;
  /** Whom the tokens must be made for. */
  readonly audience: Expression;
  /** Whether there are roles for it. */
  readonly enabled: Expression;
  /**
   * ARN of the identity provider that the account has for this URL already, or null for one of
   * our own; IAM takes one a URL.
   */
  readonly existingProviderArn: Expression;
}

/** The jobs of a forge that may assume a role, by the subjects that their tokens name. */
export type Subjects =
  | { /** List of whole subjects. */ readonly exactly: Expression }
  | { /** List of subjects with `*` for what may differ. */ readonly like: Expression };

interface PipelineRoleProps {
  readonly roleName: string;
  /** One sentence for the console. */
  readonly description: string;
  readonly subjects: Subjects;
  /** ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: Expression;
  /** What the role may do, by the last part of each attachment's construct id. */
  readonly policies: Readonly<Record<string, PermissionSet>>;
}

/** A forge whose jobs use no stored keys but tokens that it signs, each good for an hour and for a role. */
export class PipelineIdentity extends Construct {
  private readonly provider: IamOpenidConnectProvider;

  constructor(
    scope: Construct,
    id: string,
    private readonly forge: Forge,
  ) {
    super(scope, id);
    const { url, audience, enabled, existingProviderArn } = forge;
    // No thumbprints: AWS checks the issuer's certificate by its own store of authorities (IAM user guide, "Create an
    // OpenID Connect identity provider").
    this.provider = new IamOpenidConnectProvider(this, "provider", {
      url: interpolate(url),
      clientIdList: [interpolate(audience)],
    });
    this.provider.addOverride("count", countWhen(expression`${enabled} && ${existingProviderArn} == null`));
  }

  /**
   * Adds a role that jobs with these subjects may assume.
   * @returns the role's ARN, null where the role does not exist
   */
  addRole(id: string, props: PipelineRoleProps): Expression {
    const { enabled } = this.forge;
    const role = new IamRole(this, id, {
      name: props.roleName,
      description: props.description,
      assumeRolePolicy: jsonencoded(this, `${id}_trust`, this.trustPolicy(props.subjects)),
      permissionsBoundary: interpolate(props.permissionsBoundaryArn),
    });
    role.addOverride("count", countWhen(enabled));
    for (const [name, policy] of Object.entries(props.policies)) {
      const attached = new IamRolePolicyAttachment(this, `${id}-${name}`, {
        role: interpolate(expression`${address(role)}[0].name`),
        policyArn: policy.arn,
      });
      attached.addOverride(
        "count",
        countWhen(policy.enabled === undefined ? enabled : expression`${enabled} && ${policy.enabled}`),
      );
    }
    return expression`one(${address(role)}[*].arn)`;
  }

  private trustPolicy(subjects: Subjects): object {
    const { url, audience, existingProviderArn } = this.forge;
    // Condition keys begin with the issuer's address without its scheme.
    const issuer = interpolate(expression`trimprefix(${url}, "https://")`);
    const audienceMatches = { [`${issuer}:aud`]: interpolate(audience) };
    const subject = `${issuer}:sub`;
    const condition =
      "exactly" in subjects
        ? { StringEquals: { ...audienceMatches, [subject]: interpolate(subjects.exactly) } }
        : { StringEquals: audienceMatches, StringLike: { [subject]: interpolate(subjects.like) } };
    const principal = interpolate(
      expression`${existingProviderArn} == null ? one(${address(this.provider)}[*].arn) : ${existingProviderArn}`,
    );
    return {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Federated: principal },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: condition,
        },
      ],
    };
  }
}
