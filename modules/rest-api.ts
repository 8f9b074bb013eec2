import { interpolate, countWhen, encodedLocal, inner, jsonencoded } from "./expressions";
import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import type { AgentFunction } from "./agent-function";
import { HEALTH_METHOD, openApiDocument } from "./openapi";

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

export interface RestApiProps {
  readonly apiName: string;
  /** Alias of the front door, which answers every route. */
  readonly frontDoor: LambdaAlias;
  /** Terraform expression: `iam`, `api_key`, `jwt` or `none`. */
  readonly authorization: string;
  /** Checks tokens; there only with `jwt`. */
  readonly authorizer: AgentFunction;
  /** Terraform expression: seconds that its answer is kept, by token. */
  readonly authorizerTtlInSeconds: string;
  /** Terraform expression: true while a distribution stands in front. */
  readonly edgeEnabled: string;
  /** Header by which the distribution proves itself. */
  readonly originHeader: string;
  /**
   * Terraform expression: endpoints through which alone the API can be called; [] = it is public again; null = it
   * always was.
   */
  readonly vpcEndpointIds: string;
  /** Terraform template: `arn:…:execute-api:<region>:<account>:*`. */
  readonly apiArns: string;
}

/**
 * A REST API, regional or private, from one OpenAPI body, and a deployment whenever an applied value of that body
 * changes.
 */
export class RestApi extends Construct {
  readonly api: ApiGatewayRestApi;
  readonly deployment: ApiGatewayDeployment;

  constructor(scope: Construct, id: string, props: RestApiProps) {
    super(scope, id);
    const { authorizer, frontDoor, authorizerTtlInSeconds: ttlInSeconds } = props;
    const tokenAuthorizer = { invokeArn: inner(authorizer.attribute(authorizer.function, "invoke_arn")), ttlInSeconds };
    const apiArns = `local.${new TerraformLocal(this, "apis", props.apiArns).friendlyUniqueId}`;
    const policy = jsonencoded(this, "callers", resourcePolicy({ ...props, apiArns, openMethod: HEALTH_METHOD }));
    const document = jsonencoded(
      this,
      "openapi",
      openApiDocument({ ...props, title: props.apiName, invokeArn: frontDoor.invokeArn, tokenAuthorizer }),
    );
    const json = withPolicy(document, policy, props);
    this.api = this.createApi(props, json, policy);
    const permissions = [this.allowInvocation(props), this.allowAuthorization(props)];
    this.deployment = this.createDeployment(json, permissions);
  }

  private createApi({ apiName, vpcEndpointIds: ids }: RestApiProps, body: string, policy: string): ApiGatewayRestApi {
    const api = new ApiGatewayRestApi(this, "api", {
      name: apiName,
      body,
      // The body is the whole API: what it no longer names goes.
      putRestApiMode: "overwrite",
      // In the body alone it could never be changed: after each import of the body the provider writes the policy of
      // its state back.
      policy: interpolate(`${ids} == null ? null : ${inner(policy)}`),
      // No vpc_endpoint_ids, which would give each endpoint a name of the API's own: the provider cannot take them
      // away, and AWS refuses to make an API public that has some. An IPv4 address alone is refused of a private API.
      endpointConfiguration: {
        types: [interpolate(`${isPrivate(ids)} ? "PRIVATE" : "REGIONAL"`)],
        ipAddressType: interpolate(`${ids} == null ? null : ${isPrivate(ids)} ? "dualstack" : "ipv4"`),
      },
    });
    api.addOverride("lifecycle.postcondition", [policyIsAskedFor(ids)]);
    return api;
  }

  private allowInvocation({ frontDoor }: RestApiProps): LambdaPermission {
    return new LambdaPermission(this, "permission", {
      statementId: "AllowThisApi",
      action: "lambda:InvokeFunction",
      functionName: frontDoor.functionName,
      qualifier: frontDoor.name,
      principal: "apigateway.amazonaws.com",
      sourceArn: `${this.api.executionArn}/*/*/api/v1/*`,
    });
  }

  private allowAuthorization({ authorizer, authorization }: RestApiProps): LambdaPermission {
    const permission = new LambdaPermission(this, "authorizer-permission", {
      statementId: "AllowThisApisAuthorizer",
      action: "lambda:InvokeFunction",
      functionName: authorizer.attribute(authorizer.function, "function_name"),
      principal: "apigateway.amazonaws.com",
      // API Gateway makes the authorizer's id when it reads the body; this API has no other.
      sourceArn: `${this.api.executionArn}/authorizers/*`,
    });
    permission.addOverride("count", countWhen(`${authorization} == "jwt"`));
    return permission;
  }

  private createDeployment(body: string, permissions: LambdaPermission[]): ApiGatewayDeployment {
    return new ApiGatewayDeployment(this, "deployment", {
      restApiId: this.api.id,
      // The applied body, not the resource's attributes: those change when AWS rewrites them, and ids never change.
      triggers: { redeployment: interpolate(`sha1(${inner(body)})`) },
      // A stage points to the old one until it is moved.
      lifecycle: { createBeforeDestroy: true },
      dependsOn: permissions,
    });
  }
}

/**
 * The body with the policy in it, so that a policy that changes is deployed; as it is, to the letter, where there is
 * none.
 */
function withPolicy(document: string, policy: string, { vpcEndpointIds }: RestApiProps): string {
  return interpolate(
    `jsonencode(merge(${encodedLocal(document)}, { for key in ["x-amazon-apigateway-policy"] : key => ${encodedLocal(policy)} if ${vpcEndpointIds} != null }))`,
  );
}
