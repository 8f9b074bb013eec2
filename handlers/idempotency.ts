import { createHash } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { InvalidRequestError } from "./errors";
import { headerValues } from "./http";

const KEY = /^[\x21-\x7e]{1,255}$/;
/** A string of RFC 8941: a backslash stands only before a quote or another backslash. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The key of the header `Idempotency-Key`, or undefined where it was not sent. A bare key and the same one as a
 * quoted string (RFC 8941) are one key. Throws {@link InvalidRequestError} where it is sent twice or breaks the rule.
 * It lives as long as its request is kept.
 */
export function idempotencyKeyOf(event: APIGatewayProxyEvent): string | undefined {
  const [value, ...more] = headerValues(event, "idempotency-key");
  if (value === undefined) return undefined;
  if (more.length > 0) throw new InvalidRequestError("Send the header Idempotency-Key once.");
  const key = unquoted(value.trim());
  if (key === undefined || !KEY.test(key)) {
    throw new InvalidRequestError(
      "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces, bare or in double quotes.",
    );
  }
  return key;
}

/**
 * The id of the one request that a caller's key stands for: a UUID of SHA-256. To create the request is then to
 * claim the key, in one write; and nobody who does not know the owner and the key can work the id out.
 */
export function requestIdOf(owner: string, key: string): string {
  const hash = createHash("sha256").update(`${owner}\0${key}`, "utf8").digest();
  // RFC 9562: version 8, "custom", and the variant.
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function unquoted(value: string): string | undefined {
  if (!value.startsWith('"')) return value;
  return QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, "$1");
}
