import { createHash, timingSafeEqual } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { ORIGIN_SECRET_HEADER } from "../environment";
import type { Authorization } from "../settings";
import { CallerUnknownError, DirectAccessRefusedError, TokenExpiredError } from "./errors";
import { readHeader } from "./gateway";

/**
 * Identifies the caller: `iam:<account>:<role or user id>`, `key:<api key id>`, `jwt:<principal>` or `anonymous`. Only
 * what the gateway itself vouches for counts, never a header or the body. Throws {@link CallerUnknownError} if the
 * gateway does not say who calls, and {@link TokenExpiredError} if the token has expired since the gateway checked it.
 * @param nowMs milliseconds since 1970
 */
export function identifyCaller(event: APIGatewayProxyEvent, authorization: Authorization, nowMs: () => number): string {
  if (authorization === "none") return "anonymous";
  if (authorization === "jwt") return identifyTokenOwner(event, nowMs);
  const { accountId, apiKeyId, caller } = event.requestContext.identity ?? {};
  if (authorization === "api_key") return apiKeyId ? `key:${apiKeyId}` : throwUnknown();
  // The caller of a role reads `<role id>:<session name>`, and whoever assumes the role chooses the session name.
  const id = caller?.split(":")[0];
  return accountId && id ? `iam:${accountId}:${id}` : throwUnknown();
}

/** Reads the authorizer's context. The caller must match `principalId`, because the gateway keys its cache by that. */
function identifyTokenOwner({ requestContext }: APIGatewayProxyEvent, nowMs: () => number): string {
  const context: Readonly<Record<string, unknown>> = requestContext.authorizer ?? {};
  const { principalId, caller, expires_at: expiresAt } = context;
  if (typeof principalId !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(principalId) || caller !== `jwt:${principalId}`)
    return throwUnknown();
  if (typeof expiresAt !== "string" || !/^\d{1,16}$/.test(expiresAt)) return throwUnknown();
  // The gateway caches the authorizer's answer for authorizer_ttl_in_seconds, which may outlast the token.
  if (nowMs() >= Number(expiresAt) * 1_000)
    throw new TokenExpiredError("The token has expired. Get a new one, and send the request again.");
  return caller;
}

function throwUnknown(): never {
  throw new CallerUnknownError("The caller is not known. Sign the request, or send your API key or token.");
}

/**
 * Refuses requests without the distribution's secret. Throws {@link DirectAccessRefusedError}.
 * @param expectedSha256 lower-case hex; two with a comma between while the secret is replaced; "" = all may pass
 */
export function refuseDirectAccess(event: APIGatewayProxyEvent, expectedSha256: string): void {
  if (expectedSha256 === "") return;
  const [secret, ...others] = readHeader(event, ORIGIN_SECRET_HEADER);
  // Hashes have one length, so that comparing them reveals nothing about the secret's length.
  const actual = createHash("sha256")
    .update(secret ?? "", "utf8")
    .digest();
  const isKnown = expectedSha256.split(",").some((expected) => timingSafeEqual(actual, Buffer.from(expected, "hex")));
  if (secret === undefined || others.length > 0 || !isKnown)
    throw new DirectAccessRefusedError("This API is reached through its distribution only.");
}
