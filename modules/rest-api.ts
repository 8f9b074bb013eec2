import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { Construct } from "constructs";
import type { AgentFunction } from "./agent-function";
import { countWhen, inner, interpolate, jsonencoded } from "./expressions";
import { openApiDocument } from "./openapi";

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
}

/** A regional REST API from one OpenAPI body, and a deployment whenever an applied value of that body changes. */
export class RestApi extends Construct {
  readonly api: ApiGatewayRestApi;
  readonly deployment: ApiGatewayDeployment;

  constructor(scope: Construct, id: string, props: RestApiProps) {
    super(scope, id);
    const { authorizer, frontDoor, authorizerTtlInSeconds: ttlInSeconds } = props;
    const tokenAuthorizer = { invokeArn: inner(authorizer.attribute(authorizer.function, "invoke_arn")), ttlInSeconds };
    const json = jsonencoded(this, "openapi", openApiDocument({ ...props, title: props.apiName, invokeArn: frontDoor.invokeArn, tokenAuthorizer }));
    this.api = this.createApi(props, json);
    const permissions = [this.allowInvocation(props), this.allowAuthorization(props)];
    this.deployment = this.createDeployment(json, permissions);
  }

  private createApi({ apiName }: RestApiProps, body: string): ApiGatewayRestApi {
    return new ApiGatewayRestApi(this, "api", {
      name: apiName,
      body,
      // The body is the whole API: what it no longer names goes.
      putRestApiMode: "overwrite",
      endpointConfiguration: { types: ["REGIONAL"] },
    });
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
