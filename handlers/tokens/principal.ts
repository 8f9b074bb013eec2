import { createHash } from "node:crypto";

/**
 * Who a token is about, by one name that stays the same from token to token and from issuer to issuer differs. A hash
 * (SHA-256 as base64url, 43 characters), because it goes through headers, logs and tables, and a subject may be an
 * e-mail address.
 */
export function principalOf(issuer: string, subject: string): string {
  return createHash("sha256")
    .update(JSON.stringify([issuer, subject]))
    .digest("base64url");
}
