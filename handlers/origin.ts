import type { APIGatewayProxyEvent } from "aws-lambda";
import { createHash, timingSafeEqual } from "node:crypto";
import { ORIGIN_SECRET_HEADER } from "./environment";
import { DirectAccessRefusedError } from "./errors";
import { headerValues } from "./http";

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
