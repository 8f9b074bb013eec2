import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from "aws-lambda";
import { nowMs, openLog } from "../runtime/process";
import { readAuthorizerSettings, type Variables } from "../settings";
import { describeError, type Fields, type Log } from "../telemetry";
import { fetchKeys, openSigningKeys } from "./keys";
import { openVerifier, type VerifiedToken, TokenRefusedError, type VerifyToken } from "./verify";

/**
 * Answers the gateway with a policy. Rejects with `Unauthorized` if the token does not prove who calls: the gateway
 * answers 401. Rejects with another error if the token cannot be checked: the gateway answers 500.
 */
export type AuthorizeToken = (
  event: Pick<APIGatewayTokenAuthorizerEvent, "authorizationToken" | "methodArn">,
) => Promise<APIGatewayAuthorizerResult>;

/** Builds the authorizer from its environment, once per cold start. Throws if a variable is missing or wrong. */
export function openAuthorizer(variables: Variables): AuthorizeToken {
  const { deployment, ...rules } = readAuthorizerSettings(variables);
  const log = openLog(deployment);
  const keys = openSigningKeys({ fetchKeys: () => fetchKeys(rules.issuer), nowMs, log });
  return authorizeWith({ verify: openVerifier({ rules, keys, nowMs }), nowMs, log });
}

export interface AuthorizerParts {
  readonly verify: VerifyToken;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Makes the authorizer of a verifier. It logs the outcome and the reason, and nothing of the token. */
export function authorizeWith({ verify, nowMs, log }: AuthorizerParts): AuthorizeToken {
  return async ({ authorizationToken, methodArn }) => {
    const startedMs = nowMs();
    const logOutcome = (level: "info" | "error", outcome: string, fields: Fields = {}) =>
      log(level, "authorized", { outcome, ...fields, duration_ms: nowMs() - startedMs });
    try {
      const token = await verify(readBearer(authorizationToken));
      const policy = writePolicy(token, methodArn);
      logOutcome("info", token.permitted ? "allowed" : "scope_missing");
      return policy;
    } catch (error) {
      if (error instanceof TokenRefusedError) {
        logOutcome("info", "refused", { reason: error.reason });
        throw new UnauthorizedError();
      }
      logOutcome("error", "unavailable", { error: describeError(error) });
      throw new Error("The token cannot be checked", { cause: error });
    }
  };
}

/** Three parts of base64url, as a signed token has them. The gateway checks the same pattern (modules/openapi.ts). */
const BEARER = /^Bearer ([A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+)$/;
/** Bytes of all headers together that the gateway accepts (API Gateway quotas). */
const MAX_HEADER_CHARACTERS = 10_240;

function readBearer(header: unknown): string {
  const isShort = typeof header === "string" && header.length <= MAX_HEADER_CHARACTERS;
  const token = isShort ? BEARER.exec(header)?.[1] : undefined;
  if (token === undefined) throw new TokenRefusedError("malformed");
  return token;
}

/** The ARN up to the method. The path after it is what the caller wrote, and may contain anything. */
const STAGE_ARN = /^(arn:[\w-]+:execute-api:[\w-]+:\d{12}:[a-z0-9]+\/[\w-]+)\/[A-Z]+\//;

/**
 * Writes the policy of a verified token, for every route of the stage. The gateway caches it by token for all routes:
 * a policy for one route would refuse the caller's next route.
 * @param methodArn `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`
 */
export function writePolicy(
  { principal, expiresAtSeconds, permitted }: VerifiedToken,
  methodArn: string,
): APIGatewayAuthorizerResult {
  const stage = STAGE_ARN.exec(methodArn)?.[1];
  if (stage === undefined)
    throw new Error(
      "The event's methodArn names no method; expected " +
        "arn:<partition>:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>",
    );
  return {
    principalId: principal,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: permitted ? "Allow" : "Deny", Resource: `${stage}/*/*` }],
    },
    // The front door checks both, because the gateway's cached answer may outlive the token.
    context: { caller: `jwt:${principal}`, expires_at: String(expiresAtSeconds) },
  };
}

/** The gateway answers 401 for this message only. The stack is empty, because Lambda would log it for every attempt. */
class UnauthorizedError extends Error {
  constructor() {
    super("Unauthorized");
    this.stack = "Error: Unauthorized";
  }
}
