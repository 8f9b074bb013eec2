import type { APIGatewayAuthorizerResult } from "aws-lambda";
import type { VerifiedToken } from "./verify";

/** Up to the method: the path after it is what the caller wrote, and may hold anything. */
const STAGE_ARN = /^(arn:[\w-]+:execute-api:[\w-]+:\d{12}:[a-z0-9]+\/[\w-]+)\/[A-Z]+\//;

/**
 * What the gateway is told of a token that proves who calls. It names every route of the stage: the gateway keeps it by
 * token, whatever the route, and one for the route that was asked for would refuse the same caller's next route.
 * @param methodArn `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`
 */
export function policyFor(
  { principal, expiresAtSeconds, permitted }: VerifiedToken,
  methodArn: string,
): APIGatewayAuthorizerResult {
  const stage = STAGE_ARN.exec(methodArn)?.[1];
  if (stage === undefined)
    throw new Error(
      "The gateway names no method; expected arn:<partition>:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>",
    );
  return {
    principalId: principal,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: permitted ? "Allow" : "Deny", Resource: `${stage}/*/*` }],
    },
    // The front door checks both: the gateway's answer may be older than the token's end.
    context: { caller: `jwt:${principal}`, expires_at: String(expiresAtSeconds) },
  };
}
