import type { APIGatewayProxyEvent } from "aws-lambda";
import { CallerUnknownError, TokenExpiredError, DirectAccessRefusedError } from "./errors";
import type { Authorization } from "../settings";
import { createHash, timingSafeEqual } from "node:crypto";
import { ORIGIN_SECRET_HEADER } from "../environment";
import { headerValues } from "./http";

/**
 * Names the owner of what the event asks for: `iam:<account>:<role or user id>`, `key:<api key id>`, `jwt:<principal>`
 * or `anonymous`. Only what the gateway itself vouches for counts, never a header or the body.
 * Throws {@link CallerUnknownError} where the gateway does not say who calls, though it should, and
 * {@link TokenExpiredError} where it let a token pass that has ended.
 * @param nowMs milliseconds since 1970
 */
export function callerOf(event: APIGatewayProxyEvent, authorization: Authorization, nowMs: () => number): string {
  if (authorization === "none") return "anonymous";
  if (authorization === "jwt") return tokenOwner(event, nowMs);
  const { accountId, apiKeyId, caller } = event.requestContext.identity ?? {};
  if (authorization === "api_key") return apiKeyId ? `key:${apiKeyId}` : refuse();
  // A role's caller reads `<role id>:<session name>`, and whoever takes the role picks the session name.
  const id = caller?.split(":")[0];
  return accountId && id ? `iam:${accountId}:${id}` : refuse();
}

/**
 * What the authorizer found. The gateway keys its cache by `principalId`: an owner of another name would be cached for
 * somebody else.
 */
function tokenOwner(event: APIGatewayProxyEvent, nowMs: () => number): string {
  const {
    principalId,
    caller,
    expires_at: expiresAt,
  } = (event.requestContext.authorizer ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof principalId !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(principalId) || caller !== `jwt:${principalId}`)
    return refuse();
  if (typeof expiresAt !== "string" || !/^\d{1,16}$/.test(expiresAt)) return refuse();
  // The gateway keeps what the authorizer said for authorizer_ttl_in_seconds, which may outlast the token.
  if (nowMs() >= Number(expiresAt) * 1_000)
    throw new TokenExpiredError("The token has expired. Get a new one, and send the request again.");
  return caller;
}

function refuse(): never {
  throw new CallerUnknownError("The caller is not known. Sign the request, or send your API key or token.");
}

/**
 * Lets only requests pass that carry the distribution's secret, as `expectedSha256` (lower-case hex) has it; all of
 * them where that is "". While the secret is replaced it has two, with a comma between.
 * Throws {@link DirectAccessRefusedError}.
 */
export function refuseDirectAccess(event: APIGatewayProxyEvent, expectedSha256: string): void {
  if (expectedSha256 === "") return;
  const [secret, ...more] = headerValues(event, ORIGIN_SECRET_HEADER);
  // Hashes have one length, so comparing them tells nothing about the secret's.
  const given = createHash("sha256")
    .update(secret ?? "", "utf8")
    .digest();
  const known = expectedSha256.split(",").some((expected) => timingSafeEqual(given, Buffer.from(expected, "hex")));
  if (secret === undefined || more.length > 0 || !known) {
    throw new DirectAccessRefusedError("This API is reached through its distribution only.");
  }
}
