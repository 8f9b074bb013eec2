import { createHash } from "node:crypto";
import { errors, jwtVerify, type JWTPayload } from "jose";
import type { SigningKeys } from "./keys";

/** Why a token is refused. The reason is logged and never shown to the caller. */
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

/** The token does not prove who calls. The message names the reason and nothing of the token. */
export class TokenRefusedError extends Error {
  override readonly name = "TokenRefusedError";

  constructor(
    readonly reason: RefusalReason,
    options?: ErrorOptions,
  ) {
    super(`The token is refused: ${reason}`, options);
  }
}

/** The token cannot be checked, because no keys are known. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}

/**
 * Names whom a token is about: the same for all tokens of one subject, and different for each issuer. The name is a
 * hash (SHA-256 as base64url, 43 characters), because it appears in headers, logs and tables and a subject may be an
 * e-mail address.
 */
export function hashPrincipal(issuer: string, subject: string): string {
  return createHash("sha256")
    .update(JSON.stringify([issuer, subject]))
    .digest("base64url");
}

/**
 * Algorithms by which a token may be signed: key pairs only. With a shared secret, whoever checks tokens could also
 * make them, and the issuer's public key could be abused as that secret (RFC 8725, sections 2.1 and 3.1).
 */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** What a token must contain. */
export interface TokenRules {
  /** Value of `iss`. */
  readonly issuer: string;
  /** At least one of them must be in `aud`. */
  readonly audiences: readonly string[];
  /** All of them must be in `scope` or `scp`. */
  readonly scopes: readonly string[];
  /** Seconds by which the issuer's clock may differ. */
  readonly clockSkewSeconds: number;
}

export interface VerifierParts {
  readonly rules: TokenRules;
  readonly keys: SigningKeys;
  readonly nowMs: () => number;
}

/** What an accepted token says. */
export interface VerifiedToken {
  /** See {@link hashPrincipal}. */
  readonly principal: string;
  /** Seconds since 1970 at which the token ends, clock skew included. */
  readonly expiresAtSeconds: number;
  /** Whether the token has every required scope. */
  readonly permitted: boolean;
}

/** Checks a token in compact form. Throws {@link TokenRefusedError} or {@link KeysUnavailableError}. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** Makes the verifier of one issuer's tokens. */
export function openVerifier({ rules, keys, nowMs }: VerifierParts): VerifyToken {
  const { issuer, audiences, scopes, clockSkewSeconds } = rules;
  return async (token) => {
    const { payload } = await jwtVerify(token, (header) => keys.find(header), {
      issuer,
      audience: [...audiences],
      algorithms: ALGORITHMS,
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(nowMs()),
      requiredClaims: ["sub", "exp"],
    }).catch(throwRefusal);
    const { sub, exp } = payload;
    if (typeof sub !== "string" || sub === "" || exp === undefined) throw new TokenRefusedError("claims");
    const tokenScopes = readScopes(payload);
    return {
      principal: hashPrincipal(issuer, sub),
      expiresAtSeconds: Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(exp) + clockSkewSeconds),
      permitted: scopes.every((scope) => tokenScopes.has(scope)),
    };
  };
}

/** Reads `scope`, a text with spaces (RFC 8693, section 4.2), and `scp`, which some issuers write as a list. */
function readScopes({ scope, scp }: JWTPayload): Set<string> {
  const texts = [scope, ...[scp].flat()].filter((each): each is string => typeof each === "string");
  return new Set(texts.flatMap((text) => text.split(" ")).filter((each) => each !== ""));
}

/** Reasons by the code of jose's error. */
const REASONS: Readonly<Record<string, RefusalReason>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: "algorithm",
  ERR_JOSE_NOT_SUPPORTED: "algorithm",
  ERR_JWKS_NO_MATCHING_KEY: "unknown_key",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "ambiguous_key",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "signature",
  ERR_JWT_EXPIRED: "expired",
};
/** Reasons by the claim that failed. */
const CLAIM_REASONS: Readonly<Record<string, RefusalReason>> = {
  iss: "issuer",
  aud: "audience",
  nbf: "not_yet_valid",
};

function throwRefusal(cause: unknown): never {
  if (cause instanceof errors.JWTClaimValidationFailed)
    throw new TokenRefusedError(CLAIM_REASONS[cause.claim] ?? "claims", { cause });
  if (cause instanceof errors.JOSEError) throw new TokenRefusedError(REASONS[cause.code] ?? "malformed", { cause });
  // Node's own cryptography rejects keys of the issuer that are too short, or of another kind than they claim.
  if (cause instanceof TypeError || cause instanceof DOMException)
    throw new TokenRefusedError("unusable_key", { cause });
  throw cause;
}
