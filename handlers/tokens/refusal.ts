/** Why a token is not taken; stands in the log, and nowhere else. */
export type RefusalReason =
  | "malformed"
  | "algorithm"
  | "unknown_key"
  | "ambiguous_key"
  | "unusable_key"
  | "signature"
  | "expired"
  | "not_yet_valid"
  | "issuer"
  | "audience"
  | "claims";

/** The token proves nothing. Its message names the reason, and nothing of the token. */
export class TokenRefusedError extends Error {
  override readonly name = "TokenRefusedError";

  constructor(
    readonly reason: RefusalReason,
    options?: ErrorOptions,
  ) {
    super(`The token is refused: ${reason}`, options);
  }
}

/** Whether the token is good cannot be told: there are no keys to check it with. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}
