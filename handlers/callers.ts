import type { APIGatewayProxyEvent } from "aws-lambda";
import { CallerUnknownError } from "./errors";
import type { Authorization } from "./settings";

/**
 * Names the owner of what the event asks for: `iam:<account>:<role or user id>`, `key:<api key id>` or `anonymous`.
 * Only what the gateway itself vouches for counts, never a header or the body.
 * Throws {@link CallerUnknownError} where the gateway does not say who calls, though it should.
 */
export function callerOf(event: APIGatewayProxyEvent, authorization: Authorization): string {
  if (authorization === "none") return "anonymous";
  const { accountId, apiKeyId, caller } = event.requestContext.identity ?? {};
  if (authorization === "api_key") return apiKeyId ? `key:${apiKeyId}` : refuse();
  // A role's caller reads `<role id>:<session name>`, and whoever takes the role picks the session name.
  const id = caller?.split(":")[0];
  return accountId && id ? `iam:${accountId}:${id}` : refuse();
}

function refuse(): never {
  throw new CallerUnknownError("The caller is not known. Sign the request, or send your API key.");
}
