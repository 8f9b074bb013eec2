import { interpolate } from "./expressions";

/** What tells this policy from one that somebody else gave the API. */
const OWN_SID = "LetInCallers";

export interface ResourcePolicyProps {
  /**
   * Terraform expression: ids of the endpoints through which alone the API can be called; [] = any way; null = the API
   * has no policy of ours.
   */
  readonly vpcEndpointIds: string;
  /** Terraform expression: `iam`, `api_key`, `jwt` or `none`. */
  readonly authorization: string;
  /**
   * Terraform expression: `arn:…:execute-api:<region>:<account>:*`. An API's own ARN would be a reference to itself.
   */
  readonly apiArns: string;
  /** Such as `GET/api/v1/health`: what anybody may call, whatever the authorization. */
  readonly openMethod: string;
}

/**
 * Who may call, by the way they come: AWS's own pattern for a private API, one statement that lets in and one that
 * denies every other way (API Gateway developer guide, "API Gateway resource policy examples").
 *
 * A signed call is let in by the caller's own policy *or* by this one (there, "How API Gateway resource policies affect
 * authorization workflow", table A), and the same holds for a token's authorizer. So this one lets nobody in where
 * either asks: else every role of the account could call. Only methods that ask nobody need it.
 */
export function resourcePolicy({ vpcEndpointIds, authorization, apiArns, openMethod }: ResourcePolicyProps): object {
  const everybody = `Principal = "*", Action = "execute-api:Invoke"`;
  const letIn = `{ Sid = "${OWN_SID}", Effect = "Allow", ${everybody}, Resource = contains(["iam", "jwt"], ${authorization}) ? format("%s/*/${openMethod}", ${apiArns}) : ${apiArns} }`;
  const keepOut = `{ Sid = "DenyOtherWays", Effect = "Deny", ${everybody}, Resource = ${apiArns}, Condition = { StringNotEquals = { "aws:SourceVpce" = ${vpcEndpointIds} } } }`;
  return {
    Version: "2012-10-17",
    Statement: interpolate(`concat([${letIn}], ${isPrivate(vpcEndpointIds)} ? [${keepOut}] : [])`),
  };
}

/** Terraform expression: whether only endpoints lead to the API. */
export const isPrivate = (vpcEndpointIds: string): string => `length(coalesce(${vpcEndpointIds}, [])) > 0`;

/**
 * A condition after which an apply would leave the API with a policy that the settings no longer ask for: the provider
 * keeps a policy that the configuration does not give, and writes it back after each import of the body.
 */
export function policyIsAskedFor(vpcEndpointIds: string): {
  readonly condition: string;
  readonly error_message: string;
} {
  return {
    condition: interpolate(`${vpcEndpointIds} != null || !strcontains(coalesce(self.policy, "-"), "\\"${OWN_SID}\\"")`),
    error_message:
      "The API has the policy of a private API, or of one that was private, and Terraform keeps a policy that nobody gives. Give vpc_endpoint_ids: [] for an API that everybody reaches whom authorization lets in, or the endpoints' ids.",
  };
}
