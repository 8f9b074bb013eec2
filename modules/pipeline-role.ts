import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { address, countWhen, interpolate, jsonencoded } from "./expressions";
import type { PermissionSet } from "./permission-sets";

/** Who signs a pipeline's tokens. */
export interface Forge {
  /** Terraform expression: the issuer's URL. */
  readonly url: string;
  /** Terraform expression: whom the tokens must be made for. */
  readonly audience: string;
  /** Terraform expression: true where there are roles for it. */
  readonly enabled: string;
  /**
   * Terraform expression: ARN of the identity provider that the account has for this URL already, or null for one of
   * our own; IAM takes one a URL.
   */
  readonly existingProviderArn: string;
}

/** Who of a forge's jobs may take a role on: the subjects that its tokens name. */
export type Subjects =
  | { /** Terraform expression: list of whole subjects. */ readonly exactly: string }
  | { /** Terraform expression: list of subjects with `*` for what may differ. */ readonly like: string };

export interface PipelineRoleProps {
  readonly roleName: string;
  /** One sentence for the console. */
  readonly description: string;
  readonly subjects: Subjects;
  /** Terraform expression: ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: string;
  /** What it may do, by names that the role's attachments have. */
  readonly policies: Readonly<Record<string, PermissionSet>>;
}

/** A forge whose jobs come without stored keys: by tokens that it signs, good for an hour and for a role. */
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
    this.provider.addOverride("count", countWhen(`${enabled} && ${existingProviderArn} == null`));
  }

  /**
   * Adds a role that jobs with these subjects may take on.
   * @returns Terraform expression of its ARN, null where there is none
   */
  addRole(id: string, props: PipelineRoleProps): string {
    const { enabled } = this.forge;
    const role = new IamRole(this, id, {
      name: props.roleName,
      description: props.description,
      assumeRolePolicy: jsonencoded(this, `${id}_trust`, this.trust(props.subjects)),
      permissionsBoundary: interpolate(props.permissionsBoundaryArn),
    });
    role.addOverride("count", countWhen(enabled));
    for (const [name, { arn, when }] of Object.entries(props.policies)) {
      const attached = new IamRolePolicyAttachment(this, `${id}-${name}`, {
        role: interpolate(`${address(role)}[0].name`),
        policyArn: arn,
      });
      attached.addOverride("count", countWhen(when === undefined ? enabled : `${enabled} && ${when}`));
    }
    return `one(${address(role)}[*].arn)`;
  }

  private trust(subjects: Subjects): object {
    const { url, audience, existingProviderArn } = this.forge;
    // Condition keys begin with the issuer's address without its scheme.
    const key = (claim: string) => `\${trimprefix(${url}, "https://")}:${claim}`;
    const made = { [key("aud")]: interpolate(audience) };
    const condition =
      "exactly" in subjects
        ? { StringEquals: { ...made, [key("sub")]: interpolate(subjects.exactly) } }
        : { StringEquals: made, StringLike: { [key("sub")]: interpolate(subjects.like) } };
    const principal = interpolate(
      `${existingProviderArn} == null ? one(${address(this.provider)}[*].arn) : ${existingProviderArn}`,
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
