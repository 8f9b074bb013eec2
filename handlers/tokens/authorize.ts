import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from "aws-lambda";
import { type VerifiedToken, TokenRefusedError, type VerifyToken } from "./verify";
import { describeError, type Fields, type Log } from "../telemetry";

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

/** Three parts of base64url, as a signed token has them; modules/openapi.ts has the gateway check the same. */
const BEARER = /^Bearer ([A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+)$/;

/** Characters of a header: the gateway takes 10,240 bytes of them in all (API Gateway quotas). */
const MAX_HEADER_CHARACTERS = 10_240;

export interface AuthorizerParts {
  readonly verify: VerifyToken;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * Answers the gateway with a policy. Rejects with the one word `Unauthorized` where the token proves nothing, which the
 * gateway makes a 401 of, and with another error where that cannot be told: a 500, and no caller takes a good token for
 * a bad one.
 */
export type TokenAuthorizer = (
  event: Pick<APIGatewayTokenAuthorizerEvent, "authorizationToken" | "methodArn">,
) => Promise<APIGatewayAuthorizerResult>;

/** The authorizer. Its log has the outcome and the reason, and nothing of the token. */
export function tokenAuthorizer({ verify, nowMs, log }: AuthorizerParts): TokenAuthorizer {
  return async ({ authorizationToken, methodArn }) => {
    const startedMs = nowMs();
    const tell = (level: "info" | "error", outcome: string, fields: Fields = {}) =>
      log(level, "authorized", { outcome, ...fields, duration_ms: nowMs() - startedMs });
    try {
      const token = await verify(tokenIn(authorizationToken));
      const policy = policyFor(token, methodArn);
      tell("info", token.permitted ? "allowed" : "scope_missing");
      return policy;
    } catch (error) {
      if (error instanceof TokenRefusedError) {
        tell("info", "refused", { reason: error.reason });
        throw unauthorized();
      }
      tell("error", "unavailable", { error: describeError(error) });
      throw new Error("The token cannot be checked", { cause: error });
    }
  };
}

function tokenIn(header: unknown): string {
  const token =
    typeof header === "string" && header.length <= MAX_HEADER_CHARACTERS ? BEARER.exec(header)?.[1] : undefined;
  if (token === undefined) throw new TokenRefusedError("malformed");
  return token;
}

/**
 * The gateway knows it by this message alone. Without a stack: Lambda logs it, and it happens as often as somebody
 * likes.
 */
function unauthorized(): Error {
  const error = new Error("Unauthorized");
  error.stack = "Error: Unauthorized";
  return error;
}
