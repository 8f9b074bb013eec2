import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from "aws-lambda";
import { describeError, type Fields, type Log } from "../telemetry";
import { policyFor } from "./policy";
import { TokenRefusedError } from "./refusal";
import type { VerifyToken } from "./verify";

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
