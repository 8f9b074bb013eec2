import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { Construct } from "constructs";
import type { AgentFunction } from "./agent-function";
import { countWhen, createLocal, expression, interpolate, type Expression } from "./expressions";
import { HEALTH_METHOD, openApiDocument } from "./openapi";

/** Sid that tells this policy from one that somebody else gave the API. */
const OWN_SID = "LetInCallers";

interface RestApiProps {
  readonly apiName: string;
  /** Alias of the front door, which answers every route. */
  readonly frontDoor: LambdaAlias;
  /** `iam`, `api_key`, `jwt` or `none`. */
  readonly authorization: Expression;
  /** The function that checks tokens; it exists only with `jwt`. */
  readonly authorizer: AgentFunction;
  /** Seconds that the authorizer's answer to a token is kept. */
  readonly authorizerTtlInSeconds: Expression;
  /** Whether a distribution stands in front. */
  readonly edgeEnabled: Expression;
  /** Header by which the distribution proves itself. */
  readonly originHeader: string;
  /**
   * List of the endpoints through which alone the API can be called; [] = it is public again; null = it always was
   * public, and has no policy of ours.
   */
  readonly vpcEndpointIds: Expression;
  /** Terraform template: `arn:…:execute-api:<region>:<account>:*`. */
  readonly apiArns: string;
}

/** A REST API, regional or private, from one OpenAPI body. A changed value of that body makes a new deployment. */
export class RestApi extends Construct {
  readonly api: ApiGatewayRestApi;
  readonly deployment: ApiGatewayDeployment;

  constructor(scope: Construct, id: string, props: RestApiProps) {
    super(scope, id);
    const policy = this.createPolicy(props);
    const body = this.createBody(props, policy);
    this.api = this.createApi(props, body, policy);
    const permissions = [this.allowInvocation(props), this.allowAuthorization(props)];
    this.deployment = this.createDeployment(body, permissions);
  }

  /** The resource policy, as a local. */
  private createPolicy(props: RestApiProps): Expression {
    const apiArns = createLocal(this, "apis", props.apiArns);
    return createLocal(this, "callers", resourcePolicy(props, apiArns));
  }

  /** The OpenAPI body as JSON. It holds the policy, so that a changed policy is deployed. */
  private createBody(props: RestApiProps, policy: Expression): Expression {
    const { authorizer, frontDoor, vpcEndpointIds } = props;
    const document = createLocal(
      this,
      "openapi",
      openApiDocument({
        ...props,
        title: props.apiName,
        invokeArn: frontDoor.invokeArn,
        tokenAuthorizer: {
          invokeArn: authorizer.attribute(authorizer.function, "invoke_arn"),
          ttlInSeconds: props.authorizerTtlInSeconds,
        },
      }),
    );
    const key = "x-amazon-apigateway-policy";
    const policyIfAny = expression`{ for key in ["${key}"] : key => ${policy} if ${vpcEndpointIds} != null }`;
    return expression`jsonencode(merge(${document}, ${policyIfAny}))`;
  }

  private createApi({ apiName, vpcEndpointIds: ids }: RestApiProps, body: Expression, policy: Expression) {
    const api = new ApiGatewayRestApi(this, "api", {
      name: apiName,
      body: interpolate(body),
      // The body is the whole API: whatever it no longer names is deleted.
      putRestApiMode: "overwrite",
      // In the body alone the policy could never be changed: after each import of the body the provider writes the
      // policy of its state back.
      policy: interpolate(expression`${ids} == null ? null : jsonencode(${policy})`),
      // No vpc_endpoint_ids, which would give each endpoint a name of the API's own: the provider cannot remove them,
      // and AWS refuses to make an API with some public. AWS also refuses a private API with IPv4 addresses alone.
      endpointConfiguration: {
        types: [interpolate(expression`${isPrivate(ids)} ? "PRIVATE" : "REGIONAL"`)],
        ipAddressType: interpolate(expression`${ids} == null ? null : ${isPrivate(ids)} ? "dualstack" : "ipv4"`),
      },
    });
    api.addOverride("lifecycle.postcondition", [requirePolicyIsWanted(ids)]);
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
      functionName: interpolate(authorizer.attribute(authorizer.function, "function_name")),
      principal: "apigateway.amazonaws.com",
      // API Gateway makes the authorizer's id when it reads the body; this API has no other authorizer.
      sourceArn: `${this.api.executionArn}/authorizers/*`,
    });
    permission.addOverride("count", countWhen(expression`${authorization} == "jwt"`));
    return permission;
  }

  private createDeployment(body: Expression, permissions: LambdaPermission[]): ApiGatewayDeployment {
    return new ApiGatewayDeployment(this, "deployment", {
      restApiId: this.api.id,
      // The applied body and not the API's attributes: AWS rewrites those, and ids never change.
      triggers: { redeployment: interpolate(expression`sha1(${body})`) },
      // A stage points to the old deployment until it is moved.
      lifecycle: { createBeforeDestroy: true },
      dependsOn: permissions,
    });
  }
}

/** Whether the API can be called only through endpoints. */
const isPrivate = (vpcEndpointIds: Expression): Expression => expression`length(coalesce(${vpcEndpointIds}, [])) > 0`;

/**
 * AWS's own pattern for a private API: one statement lets callers in, and one denies every other way (API Gateway
 * developer guide, "API Gateway resource policy examples").
 *
 * A signed call, or one with a token, passes by the caller's own policy *or* by this one (there, "How API Gateway
 * resource policies affect authorization workflow", table A). Where the API asks for either, this policy therefore lets
 * callers in only to methods that ask for nothing; otherwise every role of the account could call.
 */
function resourcePolicy({ vpcEndpointIds, authorization }: RestApiProps, apiArns: Expression): object {
  const everybody = `Principal = "*", Action = "execute-api:Invoke"`;
  const asksForCaller = expression`contains(["iam", "jwt"], ${authorization})`;
  const methods = expression`${asksForCaller} ? format("%s/*/${HEALTH_METHOD}", ${apiArns}) : ${apiArns}`;
  const letIn = expression`{ Sid = "${OWN_SID}", Effect = "Allow", ${everybody}, Resource = ${methods} }`;
  const otherWays = expression`{ StringNotEquals = { "aws:SourceVpce" = ${vpcEndpointIds} } }`;
  const keepOut =
    `{ Sid = "DenyOtherWays", Effect = "Deny", ${everybody}, Resource = ${apiArns}, ` + `Condition = ${otherWays} }`;
  return {
    Version: "2012-10-17",
    Statement: interpolate(expression`concat([${letIn}], ${isPrivate(vpcEndpointIds)} ? [${keepOut}] : [])`),
  };
}

/**
 * A postcondition that refuses an API with a policy that the settings no longer ask for: the provider keeps a policy
 * that the configuration does not give, and writes it back after each import of the body.
 */
function requirePolicyIsWanted(vpcEndpointIds: Expression): object {
  return {
    condition: interpolate(
      expression`${vpcEndpointIds} != null || !strcontains(coalesce(self.policy, "-"), "\\"${OWN_SID}\\"")`,
    ),
    error_message:
      "The API has the policy of a private API, or of one that was private, and Terraform keeps a policy that nobody " +
      "gives. Give vpc_endpoint_ids: [] for an API that everybody reaches whom authorization lets in, or the " +
      "endpoints' ids.",
  };
}
