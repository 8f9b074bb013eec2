import { tokenFault, type CredentialKind } from "../judges/fuzz/credentials";
import { base64url, SigningKey } from "./signing-key";

type Part = Readonly<Record<string, unknown>>;

/** Signs claims as an issuer does. @param header on top of the issuer's own */
export type SignToken = (claims: Part, header: Part) => string;

export interface ForgeOptions {
  /** Since 1970. */
  readonly nowSeconds: number;
  /** Default: what is changed keeps the signature that it had. */
  readonly signToken?: SignToken;
}

/**
 * A good token, made bad in the way that its kind says. A token that cannot be read, such as one that is opaque to its
 * caller, is cut instead: it is no good token either.
 */
export function forgedToken(token: string, kind: CredentialKind, { nowSeconds, signToken }: ForgeOptions): string {
  const cut = token.slice(0, -12);
  const [header, claims, signature = ""] = partsOf(token);
  if (header === undefined || claims === undefined || kind === "cut") return cut;
  const unchanged = (newHeader: Part, newClaims: Part, last = signature) =>
    `${base64url(newHeader)}.${base64url(newClaims)}.${last}`;
  if (kind === "changed_claims") return unchanged(header, { ...claims, sub: "somebody-else" });
  if (kind === "no_algorithm") return unchanged({ ...header, alg: "none" }, claims);
  if (kind === "unsigned") return unchanged({ ...header, alg: "none" }, claims, "");
  // Not the last character: some of its bits may stand for nothing.
  if (kind === "changed_signature")
    return unchanged(header, claims, `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`);
  if (kind === "own_key_in_header") return signedByItself(header, claims);
  const fault = tokenFault(kind, nowSeconds);
  if (fault === undefined) return cut;
  const changed = { ...claims, ...fault.claims };
  return signToken === undefined
    ? unchanged({ ...header, ...fault.header }, changed)
    : signToken(changed, fault.header ?? {});
}

/** Its header brings the key that it is signed with, under the name of the issuer's. */
function signedByItself({ kid }: Part, claims: Part): string {
  const key = new SigningKey(String(kid));
  return key.token(claims, { jwk: key.jwk });
}

function partsOf(token: string): [header?: Part, claims?: Part, signature?: string] {
  const [header = "", claims = "", signature] = token.split(".");
  const read = (part: string): Part => JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Part;
  try {
    return [read(header), read(claims), signature];
  } catch {
    return [];
  }
}
